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
    HAVE_GOODS = "have_goods"  # had it all the goods, the order would be `minor` cheaper
    GOODS_DO_NOT_HELP = "goods_do_not_help"  # even with all the goods it would be `minor` dearer
    HAVE_TIME = "have_time"  # had it time, the order would be `minor` cheaper
    TIME_DOES_NOT_HELP = "time_does_not_help"  # even with time it would be `minor` dearer
    ONE_MORE_UNIT = "one_more_unit"  # one more unit there would have saved all orders together `minor`
    ONE_MORE_PARCEL = "one_more_parcel"  # one more parcel there would have saved all orders together `minor`
    BE_EQUIPPED = "be_equipped"  # were it equipped to send them, the order would be `minor` cheaper
    EQUIPMENT_DOES_NOT_HELP = "equipment_does_not_help"  # even so equipped it would be `minor` dearer
    LATER_NEED_LESS = (
        "later_need_less"  # its goods and time would have to be worth `minor` less to later orders
    )
    ASK_AGAIN = "ask_again"  # it refused; it is asked again later
    OTHER_PROFILE = "other_profile"  # only another version of the profile would let it
    NOTHING = "nothing"  # it is as good: the order of the list decided, or nobody looked


class Counterfactual(msgspec.Struct, frozen=True, kw_only=True):
    """What would have to change for a site; `minor` 0 or more, in the currency of the decision."""

    change: Change
    minor: int = 0


_BY_RULE = {
    Verdict.EXCLUDED: Change.ASK_AGAIN,
    Verdict.FORBIDDEN: Change.OTHER_PROFILE,
    Verdict.FALLBACK: Change.OTHER_PROFILE,
}
_DEARER = {Verdict.DEARER: Change.COST_LESS, Verdict.KEPT: Change.LATER_NEED_LESS}
_LACKING = {
    Verdict.NO_GOODS: (Change.HAVE_GOODS, Change.GOODS_DO_NOT_HELP),
    Verdict.MORE_PARCELS: (Change.HAVE_GOODS, Change.GOODS_DO_NOT_HELP),
    Verdict.NO_CAPACITY: (Change.HAVE_TIME, Change.TIME_DOES_NOT_HELP),
    Verdict.NOT_EQUIPPED: (Change.BE_EQUIPPED, Change.EQUIPMENT_DOES_NOT_HELP),
}


def what_would_change(
    explained: Explanation, site: EliminatedSite, price: SitePrice | None
) -> Counterfactual:
    """Say what would have made an eliminated site the choice; `price`: the wave's, where it is still kept."""
    cheaper_by = explained.cost_minor - site.price_minor
    if site.verdict in _BY_RULE:
        return Counterfactual(change=_BY_RULE[site.verdict])
    if site.verdict in _LACKING:
        helps, does_not = _LACKING[site.verdict]
        return Counterfactual(change=helps if cheaper_by > 0 else does_not, minor=abs(cheaper_by))
    if site.verdict in _DEARER:
        return Counterfactual(change=_DEARER[site.verdict], minor=max(0, -cheaper_by))
    if site.verdict is Verdict.GOODS_NEEDED:
        worth = price.unit_minor if price else None
        return Counterfactual(change=Change.ONE_MORE_UNIT, minor=cheaper_by if worth is None else worth)
    if site.verdict is Verdict.TIME_NEEDED:
        worth = price.parcel_minor if price else None
        return Counterfactual(change=Change.ONE_MORE_PARCEL, minor=cheaper_by if worth is None else worth)
    return Counterfactual(change=Change.NOTHING)
