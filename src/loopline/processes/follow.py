"""What stages do because of an event: the followers of the corridor, applied in the order of the log, exactly once."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from loopline import orders
from loopline.customers.model import Moment
from loopline.customers.moments import record_moments
from loopline.db import Conn, log
from loopline.db.followers import Follower
from loopline.fulfilment.events import ParcelHandedOver
from loopline.kernel.events import Event, read
from loopline.kernel.ids import MemberId, OrderId
from loopline.ledger import queries as ledger
from loopline.orders import BRINGING_FEES, DraftKind, LineKind, OrderPlaced
from loopline.processes.settle import SoldPart, settle_parts
from loopline.returns.events import ReturnOpened

_PLACED = OrderPlaced.type_name()
_HANDED_OVER = ParcelHandedOver.type_name()
_RETURNED = ReturnOpened.type_name()
SETTLED_BY = frozenset({_PLACED, _HANDED_OVER})


class _Mention(msgspec.Struct, frozen=True, kw_only=True):
    """What an event says of a member; the rest of it is not decoded."""

    member_id: MemberId | None = None
    placed_at: datetime | None = None


_decode_mention = msgspec.json.Decoder(_Mention).decode


def settle_what_left(conn: Conn, events: Sequence[Event]) -> None:
    """Settle what was sold at a till, what needs no shelf, and what parcels took."""
    parts = [part for told in events for part in _parts(told)] + _charges_that_left(conn, events)
    if parts:
        settle_parts(conn, parts, now=max(told.at for told in events))


def settle_orders(conn: Conn, order_ids: Sequence[OrderId]) -> None:
    """Settle what orders have handed over so far, for whoever cannot wait for the follower; it will find it done."""
    settle_what_left(conn, log.read_subjects(conn, order_ids, types=SETTLED_BY))


def _parts(told: Event) -> list[SoldPart]:
    if told.type == _PLACED:
        return _parts_of_placed(read(told, OrderPlaced))
    parcel = read(told, ParcelHandedOver)
    return [
        SoldPart(
            source_id=parcel.task_id,
            part_id=line.allocation_id,
            order_id=parcel.order_id,
            line_id=line.line_id,
            units=line.units,
            units_before=line.units_before,
            shipping_site_id=parcel.site_id,
            at=told.at,
        )
        for line in parcel.lines
    ]


def _charges_that_left(conn: Conn, events: Sequence[Event]) -> list[SoldPart]:
    """What bringing is charged for orders whose first parcel left now; charged once, whatever leaves later.

    Each is a source of its own: other charges of its order were settled when that was placed.
    """
    left = {OrderId(told.subject): told.at for told in reversed(events) if told.type == _HANDED_OVER}
    lines = orders.lines_by_orders(conn, list(left)) if left else []
    named = [line for line in lines if line.code in BRINGING_FEES and line.kind is LineKind.CHARGE]
    if not named:
        return []
    asked = {
        head.id
        for head in orders.orders_by_ids(conn, list({line.order_id for line in named}))
        if head.kind is DraftKind.ASK
    }
    earned = {entry.part_id for entry in ledger.entries_of_parts(conn, [line.line_id for line in named])}
    return [
        SoldPart(
            source_id=line.line_id,
            part_id=line.line_id,
            order_id=line.order_id,
            line_id=line.line_id,
            units=line.units - line.cancelled,
            units_before=0,
            shipping_site_id=None,
            at=left[line.order_id],
        )
        for line in named
        if line.order_id in asked and line.line_id not in earned and line.units > line.cancelled
    ]


def _parts_of_placed(placed: OrderPlaced) -> list[SoldPart]:
    """Everything of a fact has gone; of an ask, what is no goods and is not earned by bringing them."""
    return [
        SoldPart(
            source_id=placed.order_id,
            part_id=line.line_id,
            order_id=placed.order_id,
            line_id=line.line_id,
            units=line.units,
            units_before=0,
            shipping_site_id=None,
            at=placed.placed_at,
        )
        for line in placed.lines
        if placed.kind is DraftKind.FACT or (line.kind is not LineKind.GOODS and not line.is_for_bringing)
    ]


def remember_for_members(conn: Conn, events: Sequence[Event]) -> None:
    """Write what members did and had done into their timelines."""
    moments = [
        Moment(member_id=said.member_id, at=said.placed_at or told.at, kind=told.type, subject=told.subject)
        for told in events
        if (said := _decode_mention(told.data)).member_id is not None
    ]
    record_moments(conn, moments)


FOLLOWERS: tuple[Follower, ...] = (
    Follower(name="settle", types=SETTLED_BY, apply=settle_what_left),
    Follower(name="timelines", types=frozenset({_PLACED, _RETURNED}), apply=remember_for_members),
)
