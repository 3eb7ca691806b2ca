"""No-show: a parcel that nobody came for in time goes back to the shelf, and what was paid for it to who paid."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from loopline import orders, stock
from loopline.db import Conn, log
from loopline.fulfilment import service as fulfilment
from loopline.fulfilment.events import ParcelNotCollected
from loopline.fulfilment.model import EndedTask
from loopline.kernel.events import Event, event
from loopline.kernel.ids import LineId, OrderId, uuid7s
from loopline.orders import CancelledLine, Line, LineChange, Order, OrderStage
from loopline.processes.cancel import CalledOff, cancelled_minor, refunds_of
from loopline.processes.coupons.standing import come_back, is_let_off
from loopline.processes.outcomes import all_granted
from loopline.processes.refund import refund
from loopline.processes.shortfalls import shortfall_events
from loopline.processes.turn import take_turn


def end_waiting(conn: Conn, *, now: datetime, limit: int) -> int:
    """End the wait for customers who did not come, at most `limit` parcels, the longest due first; returns how many.

    Their units can be sold again and count as cancelled. Takes the turn, then locks tasks, goods and orders.
    """
    take_turn(conn)
    ended = fulfilment.end_waiting(conn, now=now, limit=limit)
    if not ended:
        return 0
    released = stock.release_allocations(
        conn,
        [
            stock.AllocationRelease(allocation_id=units.allocation_id, units=units.units, to_hold=False)
            for task in ended
            for units in task.lines
        ],
        now=now,
    )
    order_ids = list(dict.fromkeys(task.order_id for task in ended))
    before = {line.line_id: line for line in orders.lines_by_orders(conn, order_ids)}
    gone = _gone(ended)
    changes = [
        LineChange(order_id=before[line_id].order_id, line_id=line_id, allocated=-units, cancelled=units)
        for line_id, units in sorted(gone.items())
    ]
    all_granted(orders.change_lines(conn, changes, now=now))
    heads = {head.id: head for head in orders.orders_by_ids(conn, order_ids)}
    called_off = _called_off(heads, before, gone, now=now)
    owed = [one for one in refunds_of(conn, called_off, now=now) if one.amount_minor]
    refund(conn, owed, now=now)
    let_off = {before[line_id].order_id for line_id in gone if is_let_off(before[line_id])}
    coupons = come_back(conn, let_off, now=now)
    log.append(
        conn,
        [
            *(_not_collected(task, now=now) for task in ended),
            *(_cancelled(heads[order_id], before, gone, now=now) for order_id in order_ids),
            *shortfall_events(all_granted(released), now=now),
            *coupons,
        ],
    )
    return len(ended)


def _gone(ended: Sequence[EndedTask]) -> dict[LineId, int]:
    gone: dict[LineId, int] = {}
    for task in ended:
        for units in task.lines:
            gone[units.line_id] = gone.get(units.line_id, 0) + units.units
    return gone


def _called_off(
    heads: Mapping[OrderId, Order],
    before: Mapping[LineId, Line],
    gone: Mapping[LineId, int],
    *,
    now: datetime,
) -> list[CalledOff]:
    called_off: list[CalledOff] = []
    for head, made in zip(heads.values(), uuid7s(now, len(heads)), strict=True):
        lines = [line for line in before.values() if line.order_id == head.id]
        earlier = sum(cancelled_minor(line, units=line.cancelled) for line in lines)
        later = sum(cancelled_minor(line, units=line.cancelled + gone.get(line.line_id, 0)) for line in lines)
        called_off.append(CalledOff(id=made, order=head, before_minor=earlier, amount_minor=later - earlier))
    return called_off


def _not_collected(task: EndedTask, *, now: datetime) -> Event:
    body = ParcelNotCollected(
        task_id=task.task_id, order_id=task.order_id, site_id=task.site_id, lines=task.lines
    )
    return event(body, subject=task.order_id, at=now)


def _cancelled(
    head: Order, before: Mapping[LineId, Line], gone: Mapping[LineId, int], *, now: datetime
) -> Event:
    lines = [line for line in before.values() if line.order_id == head.id and line.line_id in gone]
    body = orders.LinesCancelled(
        order_id=head.id,
        channel=head.channel,
        site_id=head.site_id,
        currency=head.currency,
        whole=head.stage is OrderStage.CANCELLED,
        lines=tuple(
            CancelledLine(
                line_id=line.line_id,
                kind=line.kind,
                sku_id=line.sku_id,
                units=gone[line.line_id],
                amount_minor=cancelled_minor(line, units=line.cancelled + gone[line.line_id])
                - cancelled_minor(line, units=line.cancelled),
            )
            for line in lines
        ),
    )
    return event(body, subject=head.id, at=now)
