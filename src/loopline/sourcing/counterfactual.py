"""Why not the nearer store: what would have to change for a site that was not chosen. Pure.

A wave decides all its orders together, so a site may be spared although the order would be cheaper from it. What its
goods or its time were worth to the others are the wave's prices: the duals of its stock and capacity constraints.
"""

from enum import StrEnum

import msgspec

from loopline.sourcing.model import EliminatedSite, Explanation, SitePrice, Verdict


class Change(StrEnum):
    """What would have made the site the choice, or would not have."""

    COST_LESS = "cost_less"  # its parcel would have to cost `minor` less
    PROMISE_LATER = (
        "promise_later"  # its goods come later than promised, which costs `minor`: promised later, it would
    )
    HAVE_GOODS = "have_goods"  # had it all the goods, the order would be `minor` cheaper
    GOODS_WOULD_SEND = "goods_would_send"  # had it the goods, what is missing could be sent
    GOODS_DO_NOT_HELP = "goods_do_not_help"  # even with all the goods it would be `minor` dearer
    HAVE_TIME = "have_time"  # had it time, the order would be `minor` cheaper
    TIME_WOULD_SEND = "time_would_send"  # had it time, what is missing could be sent
    TIME_DOES_NOT_HELP = "time_does_not_help"  # even with time it would be `minor` dearer
    ONE_MORE_UNIT = "one_more_unit"  # one more unit there would have saved all orders together `minor`
    ONE_MORE_PARCEL = "one_more_parcel"  # one more parcel there would have saved all orders together `minor`
    # The same where nobody knows how much: the order would be `minor` cheaper (0: it would be sent), others lose more.
    OTHERS_NEED_GOODS = "others_need_goods"
    OTHERS_NEED_TIME = "others_need_time"
    BE_EQUIPPED = "be_equipped"  # were it equipped to send them, the order would be `minor` cheaper
    EQUIPMENT_WOULD_SEND = "equipment_would_send"  # were it equipped, what is missing could be sent
    EQUIPMENT_DOES_NOT_HELP = "equipment_does_not_help"  # even so equipped it would be `minor` dearer
    BE_NAMED = "be_named"  # were it named, and had it the goods, the order would be `minor` cheaper
    NAMING_WOULD_SEND = (
        "naming_would_send"  # were it named, and had it the goods, what is missing could be sent
    )
    NAMING_DOES_NOT_HELP = "naming_does_not_help"  # even were it named it would be `minor` dearer
    LATER_NEED_LESS = (
        "later_need_less"  # its goods and time would have to be worth `minor` less to later orders
    )
    SHOW_LIFE = "show_life"  # it is dark; it is asked again as soon as somebody there does something
    LESS_OF_THE_DAY = (
        "less_of_the_day"  # its dealer has its share; when others have more of the day, it may again
    )
    ASK_AGAIN = "ask_again"  # it refused; it is asked again later
    OTHER_PROFILE = "other_profile"  # only another version of the profile would let it
    ANYTHING_LESS = "anything_less"  # it is as good: the least thing in its favour would do
    FEWER_POSSIBILITIES = "fewer_possibilities"  # nobody looked: there were too many


class Counterfactual(msgspec.Struct, frozen=True, kw_only=True):
    """What would have to change for a site; `minor` 0 or more, in the currency of the decision."""

    change: Change
    minor: int = 0


_ALONE = {
    Verdict.EXCLUDED: Change.ASK_AGAIN,
    Verdict.DARK: Change.SHOW_LIFE,
    Verdict.SHARE_FULL: Change.LESS_OF_THE_DAY,
    Verdict.OWED: Change.OTHER_PROFILE,
    Verdict.FORBIDDEN: Change.OTHER_PROFILE,
    Verdict.FALLBACK: Change.OTHER_PROFILE,
    Verdict.TIED: Change.ANYTHING_LESS,
    Verdict.NOT_WEIGHED: Change.FEWER_POSSIBILITIES,
}
_NEEDED = {
    Verdict.GOODS_NEEDED: (Change.ONE_MORE_UNIT, Change.OTHERS_NEED_GOODS),
    Verdict.TIME_NEEDED: (Change.ONE_MORE_PARCEL, Change.OTHERS_NEED_TIME),
}
_LACKING = {
    Verdict.NO_GOODS: (Change.GOODS_WOULD_SEND, Change.HAVE_GOODS, Change.GOODS_DO_NOT_HELP),
    Verdict.MORE_PARCELS: (Change.GOODS_WOULD_SEND, Change.HAVE_GOODS, Change.GOODS_DO_NOT_HELP),
    Verdict.NO_CAPACITY: (Change.TIME_WOULD_SEND, Change.HAVE_TIME, Change.TIME_DOES_NOT_HELP),
    Verdict.NOT_EQUIPPED: (
        Change.EQUIPMENT_WOULD_SEND,
        Change.BE_EQUIPPED,
        Change.EQUIPMENT_DOES_NOT_HELP,
    ),
    Verdict.NOT_NAMED: (Change.NAMING_WOULD_SEND, Change.BE_NAMED, Change.NAMING_DOES_NOT_HELP),
}


def what_would_change(
    explained: Explanation, site: EliminatedSite, price: SitePrice | None
) -> Counterfactual:
    """Say what would have made an eliminated site the choice; `price`: the wave's, where it is still kept."""
    cheaper_by = explained.cost_minor - site.price_minor
    if site.verdict in _ALONE:
        return Counterfactual(change=_ALONE[site.verdict])
    if site.verdict in _LACKING:
        would_send, helps, does_not = _LACKING[site.verdict]
        if any(one.units > 0 for one in explained.unfilled):
            # An order that was left costs nothing: no price of a site says anything beside that.
            return Counterfactual(change=would_send)
        return Counterfactual(change=helps if cheaper_by > 0 else does_not, minor=abs(cheaper_by))
    if site.verdict in _NEEDED:
        return _of_needed(site, price, cheaper_by=max(0, cheaper_by))
    if site.verdict is Verdict.KEPT:
        return Counterfactual(change=Change.LATER_NEED_LESS, minor=max(0, -cheaper_by))
    return _of_dearer(explained, site)


def _of_needed(site: EliminatedSite, price: SitePrice | None, *, cheaper_by: int) -> Counterfactual:
    """Say what one more piece, or parcel, would have been worth; where nobody knows that any more, no more than why."""
    one_more, others_need = _NEEDED[site.verdict]
    worth = None
    if price is not None:
        worth = price.unit_minor if site.verdict is Verdict.GOODS_NEEDED else price.parcel_minor
    if worth is None:
        return Counterfactual(change=others_need, minor=cheaper_by)
    return Counterfactual(change=one_more, minor=worth)


def _of_dearer(explained: Explanation, site: EliminatedSite) -> Counterfactual:
    """Say that a later promise would do, where it would, else how much less its parcel would have to cost."""
    late_minor = sum(parcel.cost.lateness_minor for parcel in explained.chosen)
    if site.late_minor and site.price_minor - site.late_minor < explained.cost_minor - late_minor:
        return Counterfactual(change=Change.PROMISE_LATER, minor=site.late_minor)
    return Counterfactual(change=Change.COST_LESS, minor=max(0, site.price_minor - explained.cost_minor))
