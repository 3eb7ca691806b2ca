"""Dispatch: sites answer the work put to them. Refused and lapsed work goes back to be sourced elsewhere."""

from collections.abc import Sequence
from datetime import datetime

from loopline import orders, stock
from loopline.db import Conn, log
from loopline.fulfilment import service as fulfilment
from loopline.fulfilment.events import TaskAccepted, TaskLapsed, TaskRefused
from loopline.fulfilment.model import (
    Accepted,
    AcceptTask,
    Correction,
    EndedTask,
    RefusalReason,
    RefusedWork,
    RefuseTask,
    TaskUnits,
)
from loopline.kernel.events import event
from loopline.kernel.ids import LineId, NodeId, OrderId, SkuId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.orders import LineChange
from loopline.processes.full_days import days_to_fill
from loopline.processes.outcomes import all_granted
from loopline.processes.shortfalls import shortfall_events
from loopline.stock import MovementReason

_MOVES_STOCK_BECAUSE = {
    RefusalReason.NOT_FOUND: MovementReason.NOT_FOUND,
    RefusalReason.DAMAGED: MovementReason.DAMAGE,
    RefusalReason.DISPLAY_WORN: MovementReason.DAMAGE,
    RefusalReason.COUNT_DIFFERS: MovementReason.COUNT,
}


def accept(
    conn: Conn, commands: Sequence[AcceptTask], *, scope: Scope, now: datetime
) -> list[Accepted | Refusal]:
    """Take tasks for sites; accepting twice is accepting once."""
    outcomes = fulfilment.accept_tasks(conn, commands, scope=scope, now=now)
    new = [one for one in outcomes if isinstance(one, Accepted) and not one.is_repeat]
    if new:
        orders.begin_work(conn, [one.order_id for one in new], now=now)
    log.append(
        conn,
        [
            event(
                TaskAccepted(task_id=one.task_id, order_id=one.order_id, site_id=one.site_id),
                subject=one.order_id,
                at=now,
                actor=str(one.by or "site"),
            )
            for one in new
        ],
    )
    return outcomes


def refuse(
    conn: Conn, commands: Sequence[RefuseTask], *, scope: Scope, now: datetime
) -> list[RefusedWork | Refusal]:
    """Give work back, whole or in part. The reason corrects the stock; the units wait for another site.

    A site that has no time gets no more that day (`processes.full_days`). The same command twice is done once.
    """
    today = days_to_fill(conn, commands, now=now)
    outcomes = fulfilment.refuse_tasks(conn, commands, scope=scope, now=now, today=today)
    new = [one for one in outcomes if isinstance(one, RefusedWork) and not one.is_repeat]
    released = _back_to_hold(conn, [(one.order_id, one.lines) for one in new], now=now)
    corrected = _correct_stock(conn, [correction for one in new for correction in one.corrections], now=now)
    _wake_up(conn, sum(one.ends_task and one.reason is not RefusalReason.NO_CAPACITY for one in new), now=now)
    log.append(
        conn,
        [
            *shortfall_events([*released, *corrected], now=now),
            *(
                event(
                    TaskRefused(
                        task_id=one.task_id,
                        order_id=one.order_id,
                        site_id=one.site_id,
                        reason=one.reason,
                        ends_task=one.ends_task,
                        lines=one.lines,
                    ),
                    subject=one.order_id,
                    at=now,
                )
                for one in new
            ),
        ],
    )
    return outcomes


def lapse(conn: Conn, *, now: datetime, limit: int) -> list[EndedTask]:
    """End offers that nobody took in time, at most `limit`, the oldest first; their units wait for another site."""
    lapsed = fulfilment.lapse_tasks(conn, now=now, limit=limit)
    released = _back_to_hold(conn, [(one.order_id, one.lines) for one in lapsed], now=now)
    _wake_up(conn, len(lapsed), now=now)
    log.append(
        conn,
        [
            *shortfall_events(released, now=now),
            *(
                event(
                    TaskLapsed(
                        task_id=one.task_id, order_id=one.order_id, site_id=one.site_id, lines=one.lines
                    ),
                    subject=one.order_id,
                    at=now,
                )
                for one in lapsed
            ),
        ],
    )
    return lapsed


def _wake_up(conn: Conn, tasks: int, *, now: datetime) -> None:
    """Look again after as many orders as tasks were given back: their sites have time for others now."""
    if tasks:
        orders.wake_up(conn, orders.WaitsFor.CAPACITY, now=now, limit=tasks)


def _back_to_hold(
    conn: Conn, works: Sequence[tuple[OrderId, Sequence[TaskUnits]]], *, now: datetime
) -> list[stock.AllocationReleased]:
    """Untie units from their leaves: promised still, to be sourced again."""
    releases = [
        stock.AllocationRelease(allocation_id=line.allocation_id, units=line.units, to_hold=True)
        for _, lines in works
        for line in lines
    ]
    released = all_granted(stock.release_allocations(conn, releases, now=now))
    moved: dict[tuple[OrderId, LineId], int] = {}
    for order_id, lines in works:
        for line in lines:
            moved[order_id, line.line_id] = moved.get((order_id, line.line_id), 0) + line.units
    changes = [
        LineChange(order_id=order_id, line_id=line_id, allocated=-units, held=units)
        for (order_id, line_id), units in moved.items()
    ]
    all_granted(orders.change_lines(conn, changes, now=now))
    return released


def _correct_stock(conn: Conn, corrections: Sequence[Correction], *, now: datetime) -> list[stock.Recorded]:
    """Write what a refusal says about the shelf."""
    # A shelf that was counted in this batch has the units of the last count, whatever else was said of it.
    counted = {(one.leaf_id, one.sku_id): one for one in corrections if one.counted_units is not None}
    corrections = [one for one in corrections if counted.get((one.leaf_id, one.sku_id), one) is one]
    on_hand = _on_hand(conn, set(counted))
    facts = [
        stock.Fact(
            id=fact_id,
            leaf_id=one.leaf_id,
            sku_id=one.sku_id,
            reason=_MOVES_STOCK_BECAUSE[one.reason],
            on_hand=one.on_hand
            if one.counted_units is None
            else one.counted_units - on_hand[one.leaf_id, one.sku_id],
            unsellable=one.unsellable,
            reference=one.allocation_id,
        )
        for one, fact_id in zip(corrections, uuid7s(now, len(corrections)), strict=True)
        if one.reason in _MOVES_STOCK_BECAUSE
    ]
    moving = [fact for fact in facts if fact.on_hand or fact.unsellable]
    return all_granted(stock.record_facts(conn, moving, now=now))


def _on_hand(conn: Conn, keys: set[tuple[NodeId, SkuId]]) -> dict[tuple[NodeId, SkuId], int]:
    if not keys:
        return {}
    leaf_ids, sku_ids = list({leaf_id for leaf_id, _ in keys}), list({sku_id for _, sku_id in keys})
    return {
        (row.leaf_id, row.sku_id): row.on_hand
        for row in stock.stock_at_leaves(conn, leaf_ids, sku_ids=sku_ids)
    }
