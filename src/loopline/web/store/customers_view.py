"""My customers written down: the lists of today, each customer once in each, with why."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from loopline.catalogue import Sku
from loopline.kernel.ids import MemberId, PartyId
from loopline.org import Party
from loopline.processes.own_customers import CustomerNow, WhoseCustomers, WhyCall, WhyWaits
from loopline.search import ProductFound
from loopline.web.languages import Language, marked

SHOWN_MOST = 30
_CALL_WORDS: dict[WhyCall, str] = {
    WhyCall.FIRST_WEEK: marked("Bought for the first time a week ago: ask how they like it"),
    WhyCall.LONG_AWAY: marked("Not seen for two months"),
}
_WAIT_WORDS: dict[WhyWaits, str] = {
    WhyWaits.LATE: marked("An order is late"),
    WhyWaits.RETURN: marked("A return is under way"),
    WhyWaits.REVIEW: marked("Wrote a review that nobody answered"),
}
_LAST_WORDS: dict[str, str] = {
    "order_placed": marked("Bought something"),
    "return_opened": marked("Brought something back"),
    "review_written": marked("Wrote a review"),
    "touchpoint_scanned": marked("Scanned a code"),
    "member_bound": marked("Became somebody's customer"),
}


class CustomersSeen(msgspec.Struct, frozen=True, kw_only=True):
    """Whose customers are seen, whose cards are handed out, and the guides of the store; `is_store`: all of its."""

    ask: WhoseCustomers
    hands_out: Party | None
    guides: Mapping[PartyId, Party]
    is_store: bool


class CustomerRow(msgspec.Struct, frozen=True, kw_only=True):
    """A customer in a list. `why`: the reason they are in it; `last`: what happened last."""

    member_id: MemberId
    name: str
    why: str
    last: str
    guide: str
    bought: str


class Customers(msgspec.Struct, frozen=True, kw_only=True):
    """The lists of today, and how many of each are not shown. `silent`: who never agreed to be called."""

    call: list[CustomerRow]
    waits: list[CustomerRow]
    came: list[CustomerRow]
    more_call: int
    more_waits: int
    more_came: int
    count: str
    silent: str
    resting: str
    is_store: bool

    @property
    def member_ids(self) -> list[MemberId]:
        """Everybody who is shown, once."""
        rows = (*self.call, *self.waits, *self.came)
        return sorted({row.member_id for row in rows})

    def named(self, names: Mapping[MemberId, str]) -> "Customers":
        """Write in what customers are called."""

        def with_names(rows: Sequence[CustomerRow]) -> list[CustomerRow]:
            return [replace(row, name=names[row.member_id]) for row in rows]

        return replace(
            self, call=with_names(self.call), waits=with_names(self.waits), came=with_names(self.came)
        )


def customers_shown(
    found: Sequence[CustomerNow], seen: CustomersSeen, language: Language, *, zone: str
) -> Customers:
    """Sort customers into the lists of today; a phone gets no more of each than somebody can look over."""

    def row(one: CustomerNow, why: str) -> CustomerRow:
        return _row(one, why, seen, language, zone=zone)

    call = [row(one, language.say(_CALL_WORDS[one.call])) for one in found if one.call is not None]
    waits = [
        row(one, " · ".join(language.say(_WAIT_WORDS[why]) for why in one.waits))
        for one in found
        if one.waits
    ]
    came = [row(one, "") for one in found if one.came_lately]
    silent = sum(not one.own.may_be_called for one in found)
    resting = sum(one.own.rests_until is not None for one in found)
    return Customers(
        call=call[:SHOWN_MOST],
        waits=waits[:SHOWN_MOST],
        came=came[:SHOWN_MOST],
        more_call=max(0, len(call) - SHOWN_MOST),
        more_waits=max(0, len(waits) - SHOWN_MOST),
        more_came=max(0, len(came) - SHOWN_MOST),
        count=language.count(len(found)),
        silent=language.count(silent) if silent else "",
        resting=language.count(resting) if resting else "",
        is_store=seen.is_store,
    )


def _row(one: CustomerNow, why: str, seen: CustomersSeen, language: Language, *, zone: str) -> CustomerRow:
    own = one.own
    last = ""
    if own.last_at is not None:
        word = language.say(_LAST_WORDS[own.last_kind]) if own.last_kind in _LAST_WORDS else ""
        last = " · ".join(said for said in (word, language.clock_of_day(own.last_at, zone)) if said)
    guide = seen.guides.get(own.guide_id) if own.guide_id is not None and seen.is_store else None
    buying = one.buying
    return CustomerRow(
        member_id=own.member_id,
        name="",
        why=why,
        last=last,
        guide=language.called(guide.name) if guide else "",
        bought=language.say("orders: {count}", count=language.count(buying.orders)) if buying else "",
    )


class ProductChoice(msgspec.Struct, frozen=True, kw_only=True):
    """Goods whose card may be sent."""

    code: str
    name: str
    about: str


def product_choices(
    found: Sequence[ProductFound], skus: Sequence[Sku], language: Language
) -> list[ProductChoice]:
    """Write down the goods to choose from; what is no longer sold is left out."""
    kinds = {
        product.product_id: [one for one in skus if one.product_id == product.product_id] for product in found
    }
    return [
        ProductChoice(
            code=one.code,
            name=language.called(one.name),
            about=language.called(kinds[one.product_id][0].category or ""),
        )
        for one in found
        if any(sku.is_active for sku in kinds[one.product_id])
    ]
