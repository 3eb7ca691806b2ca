"""Judge the lines of orders that something happened to, and move the sums by what changed. Never commits."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from uuid import UUID

import msgspec

from loopline.db import Conn
from loopline.insight.rights import store
from loopline.insight.rights.handed import handed_over, move_handed_over
from loopline.insight.rights.model import Facts, JudgedLine, ReturnFact, WorkFact
from loopline.insight.rights.rules import judge, moves
from loopline.kernel.events import Event
from loopline.kernel.ids import LineId, OrderId

_REVIEWS = frozenset({"review_written", "review_changed", "review_moderated"})
# What may change a mark. Of what was placed only facts are judged at once: what was asked for has not left yet.
RIGHTS_TYPES = _REVIEWS | {
    "order_placed",
    "lines_cancelled",
    "lines_reinstated",
    "parcel_handed_over",
    "parcel_not_collected",
    "task_refused",
    "task_lapsed",
    "task_cancelled",
    "promise_kept",
    "promise_missed",
    "payment_exception_opened",
    "return_opened",
}


class _Placed(msgspec.Struct, frozen=True):
    kind: str


class _OfOrder(msgspec.Struct, frozen=True):
    order_id: UUID | None


class _ReturnedLine(msgspec.Struct, frozen=True):
    matches: tuple[_OfOrder, ...]


class _Returned(msgspec.Struct, frozen=True):
    lines: tuple[_ReturnedLine, ...]


_decode_placed = msgspec.json.Decoder(_Placed).decode
_decode_of_order = msgspec.json.Decoder(_OfOrder).decode
_decode_returned = msgspec.json.Decoder(_Returned).decode


def apply_rights(conn: Conn, events: Sequence[Event]) -> None:
    """Judge the orders that these events are about as they stand now.

    Facts are read, not taken from the events: twice is once, and the last event read leaves what stands.
    """
    order_ids: set[UUID] = set()
    review_ids: set[UUID] = set()
    for event in events:
        if event.type in _REVIEWS:
            review_ids.add(event.subject)
        elif event.type == "return_opened":
            returned = _decode_returned(event.data)
            order_ids.update(one.order_id for line in returned.lines for one in line.matches if one.order_id)
        elif event.type == "order_placed":
            if _decode_placed(event.data).kind == "fact":
                order_ids.add(event.subject)
        else:
            about = _decode_of_order(event.data).order_id
            if about is not None:
                order_ids.add(about)
    if review_ids:
        order_ids.update(store.orders_of_reviews(conn, review_ids))
    if order_ids:
        judge_orders(conn, [OrderId(one) for one in sorted(order_ids)])


def judge_orders(conn: Conn, order_ids: Sequence[OrderId]) -> None:
    """Judge orders as they stand and move the sums by what changed."""
    before = {(one.order_id, one.line_id): one for one in store.lock_judged(conn, order_ids)}
    after = {(one.order_id, one.line_id): one for one in judged_now(conn, order_ids)}
    gone = [one for key, one in before.items() if key not in after]
    changed = [one for key, one in after.items() if before.get(key) != one]
    if not gone and not changed:
        return
    stood = [*gone, *(before[key] for one in changed if (key := (one.order_id, one.line_id)) in before)]
    moved = moves(stood, changed)
    if gone:
        store.forget_judged(conn, gone)
    if changed:
        store.write_judged(conn, changed)
    if moved.sums:
        store.move_sums(conn, moved.sums)
    if moved.causes:
        store.move_causes(conn, moved.causes)
    move_handed_over(conn, handed_over(stood, changed))


def judged_now(conn: Conn, order_ids: Collection[OrderId]) -> list[JudgedLine]:
    """Return the lines of orders that ended, judged by the facts as they stand; by (order, line). Locks nothing."""
    lines = store.lines_of_orders(conn, order_ids)
    if not lines:
        return []
    work: dict[LineId, list[WorkFact]] = defaultdict(list)
    for one in store.work_of_orders(conn, order_ids):
        work[one.line_id].append(one)
    returns: dict[LineId, list[ReturnFact]] = defaultdict(list)
    for one in store.returns_of_lines(conn, [line.line_id for line in lines]):
        returns[one.line_id].append(one)
    promises = {one.order_id: one for one in store.promises_of_orders(conn, order_ids)}
    zones, home = store.site_zones(conn), store.home_zone(conn)
    judged = [
        judge(
            Facts(
                line=line,
                work=tuple(work[line.line_id]),
                promise=promises.get(line.order_id),
                returns=tuple(returns[line.line_id]),
            ),
            zones,
            home_zone=home,
        )
        for line in lines
    ]
    return [one for one in judged if one is not None]
