"""Trace an entry: from any number in the books back to the order it comes from, and to the scan that began it.

Everything is read in one snapshot, a set at a time, six reads at most. Whoever keeps the books of some
companies sees what stands in these: postings, other entries, shares and orders of others are left out.
"""

import enum
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

import msgspec

from loopline import touchpoints
from loopline.closing import queries as closing
from loopline.closing.model import Books
from loopline.closing.rules.months import month_of_entry
from loopline.db import Conn
from loopline.kernel.ids import EntityId, EntryId, OrderId, PartyId
from loopline.kernel.scope import Scope
from loopline.ledger.model import MADE_BY_CLOSES, EntryKind
from loopline.ledger.tracing import Relation, TracedEntry, sales_of_parts, traced_entry
from loopline.orders.queries import SoldLine, sold_lines
from loopline.org import lists as org_lists
from loopline.org.lists import NameInBooks
from loopline.payouts import queries as payouts
from loopline.payouts.model import PayoutId
from loopline.returns import queries as returns
from loopline.sharing.explaining import ExplainedShare, ReleasedAsk, shares_released, shares_with_rules
from loopline.touchpoints import OrderTrace

RELEASED_SHOWN = 50
_ABOUT_ORDERS = frozenset({EntryKind.SALE, EntryKind.SUPPLY, EntryKind.PROMOTION, EntryKind.PAYMENT})

_MAY_BE_OF_RETURN = frozenset(
    {EntryKind.REFUND, EntryKind.ADJUSTMENT, EntryKind.BLIND_RETURN, EntryKind.PAID_FOR_ANOTHER}
)
_HAS_NO_SHARES = frozenset({EntryKind.PAYMENT, EntryKind.REFUND})
_PAYOUTS = frozenset({EntryKind.PAYOUT, EntryKind.PAYOUT_PAID, EntryKind.PAYOUT_RETURNED})


class Behind(enum.StrEnum):
    """What an entry was made for."""

    ORDER = "order"
    RETURN = "return"
    PAYOUT = "payout"
    RECLAIM = "reclaim"
    PARTY = "party"
    CLOSE = "close"
    DIFFERENCE = "difference"
    DISPUTE = "dispute"
    SHIFT = "shift"
    NOTHING = "nothing"
    """Nothing with a page of its own: the kind and the key of the entry say what it is."""


_BEHIND_KIND: Mapping[EntryKind, Behind] = {
    **dict.fromkeys(_ABOUT_ORDERS, Behind.ORDER),
    EntryKind.REVERSAL: Behind.RETURN,
    EntryKind.SHARE_CLAW_BACK: Behind.RETURN,
    EntryKind.BLIND_RETURN: Behind.RETURN,
    EntryKind.SHARE_RELEASE: Behind.PARTY,
    EntryKind.BONUS: Behind.PARTY,
    **dict.fromkeys(_PAYOUTS, Behind.PAYOUT),
    EntryKind.RECLAIM: Behind.RECLAIM,
    EntryKind.RECLAIM_CAME: Behind.RECLAIM,
    EntryKind.RECLAIM_FAILED: Behind.RECLAIM,
    **dict.fromkeys(MADE_BY_CLOSES, Behind.CLOSE),
    EntryKind.DRAWER: Behind.SHIFT,
}
_BEHIND_KEY = {"difference": Behind.DIFFERENCE, "dispute": Behind.DISPUTE}


class MonthInBooks(msgspec.Struct, frozen=True, kw_only=True):
    """The month an entry belongs to in one company's books."""

    books: Books
    month: date
    is_closed: bool


class Released(msgspec.Struct, frozen=True, kw_only=True):
    """A share that became due, and the entry by which its goods were sold."""

    share: ExplainedShare
    sale_entry_id: EntryId | None


class EntryStory(msgspec.Struct, frozen=True, kw_only=True):
    """An entry and where it comes from. Moments are told in `zone`, the brand's own.

    `hidden_postings` stand in books of others than those who ask. `lines` are those of the order behind, `shares` those
    of the entry's parts; `trace` is what touched the order before it was placed. `released`: the first of what became
    due, of an entry that makes shares due. `payout_number`: of an entry about a payout.
    """

    entry: TracedEntry
    hidden_postings: int
    zone: str
    names: Mapping[UUID, NameInBooks]
    months: tuple[MonthInBooks, ...]
    behind: Behind
    lines: tuple[SoldLine, ...]
    shares: tuple[ExplainedShare, ...]
    trace: OrderTrace | None
    released: tuple[Released, ...]
    payout_number: int | None

    @property
    def order_number(self) -> str:
        """The short number of the order behind; empty where there is none."""
        return self.lines[0].order_number if self.lines else ""

    def code_of(self, id_: UUID | None) -> str:
        """The code of a company or a party; its id where nobody knows it any more."""
        named = self.names.get(id_) if id_ is not None else None
        return named.code if named is not None else str(id_ or "")


def trace_entry(conn: Conn, entry_id: EntryId, *, scope: Scope) -> EntryStory | None:
    """Return an entry and where it comes from; None where there is none in the books of companies in scope."""
    whole = traced_entry(conn, entry_id)
    if whole is None:
        return None
    order_id, is_of_return = _origin(conn, whole)
    lines = tuple(sold_lines(conn, [order_id])) if order_id is not None else ()
    shares = _shares(conn, whole, lines)
    trace = touchpoints.traces_of_orders(conn, [order_id]).get(order_id) if order_id is not None else None
    names = org_lists.names_in_books(
        conn, entity_ids=_companies(whole, lines), party_ids=_parties(whole, shares, trace)
    )
    mine = {
        one.id
        for one in names.values()
        if not one.is_party and (scope.everything or one.unit_id in scope.org_units)
    }
    seen = tuple(one for one in whole.postings if one.entity_id in mine)
    if not seen:
        return None
    entry = msgspec.structs.replace(
        whole, postings=seen, others=tuple(one for one in whole.others if mine.intersection(one.entity_ids))
    )
    lines = tuple(one for one in lines if one.seller_entity_id in mine)
    zone = next(iter(names.values())).zone
    released = _released(conn, entry)
    return EntryStory(
        entry=entry,
        hidden_postings=len(whole.postings) - len(seen),
        zone=zone,
        names=names,
        months=_months(conn, entry, zone),
        behind=_behind(entry, is_of_return=is_of_return, has_order=bool(lines)),
        lines=lines,
        shares=tuple(one for one in shares if one.entity_id in mine),
        trace=trace if any(one.order_seller_id in mine for one in lines) else None,
        released=released,
        payout_number=_payout_number(conn, entry),
    )


def _origin(conn: Conn, entry: TracedEntry) -> tuple[OrderId | None, bool]:
    """The order behind: the entry's own subject, that of another entry about the same part, or of the return it is for.

    Says besides whether the subject was found to be a return.
    """
    if entry.kind in _ABOUT_ORDERS:
        return OrderId(entry.subject), False
    taken_back = sorted(entry.others, key=lambda one: one.relation is not Relation.TAKES_BACK)
    of_part = next((OrderId(one.subject) for one in taken_back if one.kind in _ABOUT_ORDERS), None)
    if of_part is not None or entry.kind not in _MAY_BE_OF_RETURN:
        return of_part, False
    found = returns.orders_of_return(conn, entry.subject)
    if found:
        return found[0], True
    return (OrderId(entry.subject), False) if entry.kind is EntryKind.REFUND else (None, False)


def _behind(entry: TracedEntry, *, is_of_return: bool, has_order: bool) -> Behind:
    if is_of_return:
        return Behind.RETURN
    if entry.kind is EntryKind.REFUND:
        return Behind.ORDER if has_order else Behind.RETURN
    by_key = _BEHIND_KEY.get(entry.key.partition(":")[0])
    if by_key is not None and entry.kind in {EntryKind.ADJUSTMENT, EntryKind.FEE}:
        return by_key
    return _BEHIND_KIND.get(entry.kind, Behind.NOTHING)


def _shares(conn: Conn, entry: TracedEntry, lines: Sequence[SoldLine]) -> list[ExplainedShare]:
    part_ids = {one.part_id for one in entry.postings}
    if not lines or entry.kind in _HAS_NO_SHARES:
        return []
    found = shares_with_rules(conn, [line.line_id for line in lines])
    return [one for one in found if one.part_id in part_ids]


def _companies(entry: TracedEntry, lines: Iterable[SoldLine]) -> set[EntityId]:
    return (
        {one.entity_id for one in entry.postings}
        | {company for one in entry.others for company in one.entity_ids}
        | {line.seller_entity_id for line in lines}
        | {line.order_seller_id for line in lines}
    )


def _parties(entry: TracedEntry, shares: Iterable[ExplainedShare], trace: OrderTrace | None) -> set[PartyId]:
    return (
        {one.party_id for one in entry.postings if one.party_id is not None}
        | {one.party_id for one in shares}
        | ({one.party_id for one in trace.credits} if trace is not None else set())
    )


def _months(conn: Conn, entry: TracedEntry, zone: str) -> tuple[MonthInBooks, ...]:
    kept = sorted({Books(entity_id=one.entity_id, currency=one.currency) for one in entry.postings})
    closed = closing.cuts(conn, {books.entity_id for books in kept})
    found: list[MonthInBooks] = []
    for books in kept:
        of_books = closed.get(books, [])
        month = month_of_entry(
            entry.at,
            cut=entry.cut,
            is_estimate=entry.kind in MADE_BY_CLOSES,
            closed=of_books,
            zone_name=zone,
        )
        is_closed = any(one.month == month for one in of_books)
        found.append(MonthInBooks(books=books, month=month, is_closed=is_closed))
    return tuple(found)


def _released(conn: Conn, entry: TracedEntry) -> tuple[Released, ...]:
    """What an entry made due, by its key: whose, of which seller, on which day."""
    if entry.kind is not EntryKind.SHARE_RELEASE:
        return ()
    *_, entity_id, party_id, currency, due_on = entry.key.split(":")
    shares = shares_released(
        conn,
        ReleasedAsk(
            party_id=PartyId(UUID(party_id)),
            entity_id=EntityId(UUID(entity_id)),
            currency=currency,
            due_on=date.fromisoformat(due_on),
            at_most=RELEASED_SHOWN,
        ),
    )
    sales = sales_of_parts(conn, {one.part_id for one in shares})
    return tuple(Released(share=one, sale_entry_id=sales.get(one.part_id)) for one in shares)


def _payout_number(conn: Conn, entry: TracedEntry) -> int | None:
    if entry.kind not in _PAYOUTS:
        return None
    found = payouts.payouts_by_ids(conn, [PayoutId(entry.subject)])
    return next((one.number for one in found.values()), None)
