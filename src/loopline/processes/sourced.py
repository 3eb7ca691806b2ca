"""What a wave's decisions came to, as it is told: chosen sites, work that was offered, what waits for goods."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from loopline import orders
from loopline.fulfilment.events import OfferedWork, TasksOffered
from loopline.fulfilment.model import TaskKind
from loopline.kernel.events import Event, event
from loopline.kernel.ids import AllocationId, OrderId, TaskId
from loopline.orders import WaitsFor
from loopline.processes.wave import WaveDesk
from loopline.sourcing.events import OrderSourced
from loopline.sourcing.model import Decision, Parcel, Unfilled, UnfilledReason

WAITS_FOR = {
    UnfilledReason.NO_CAPACITY: WaitsFor.CAPACITY,
    UnfilledReason.EXCLUDED: WaitsFor.SITE,
    UnfilledReason.LIMITS: WaitsFor.LIMITS,
    UnfilledReason.LEFT_OVER: WaitsFor.LIMITS,
    UnfilledReason.NOT_EQUIPPED: WaitsFor.EQUIPMENT,
    UnfilledReason.TOGETHER: WaitsFor.TOGETHER,
}


class PlannedWork(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel with the ids its task and allocations will have; allocations in the order of the parcel's lines.

    `deadline`: by the time its own site has to answer.
    """

    parcel: Parcel
    task_id: TaskId
    allocation_ids: tuple[AllocationId, ...]
    deadline: datetime


def told_of(
    decisions: Sequence[Decision],
    works: Sequence[PlannedWork],
    *,
    refused: set[OrderId],
    desk: WaveDesk,
    now: datetime,
) -> list[Event]:
    """Return what is to be told of decisions that were applied, but for the `refused` orders, whose goods were gone."""
    by_order: dict[OrderId, list[PlannedWork]] = {}
    for work in works:
        by_order.setdefault(work.parcel.order_id, []).append(work)
    told: list[Event] = []
    for decision in decisions:
        order_id = decision.order_id
        if order_id in refused:
            continue
        of_order = by_order.get(order_id, [])
        if not of_order and all(_waits_on(one, order_id, desk) for one in decision.unfilled):
            continue
        told.append(event(_sourced(decision, of_order, desk), subject=order_id, at=now))
        if of_order:
            told.append(event(_offered(order_id, of_order, desk), subject=order_id, at=now))
        missing = [one for one in decision.unfilled if one.reason not in WAITS_FOR]
        if missing:
            lines = tuple(orders.LineUnitsMoved(line_id=one.line_id, units=one.units) for one in missing)
            told.append(event(orders.LinesParked(order_id=order_id, lines=lines), subject=order_id, at=now))
    return told


def _waits_on(one: Unfilled, order_id: OrderId, desk: WaveDesk) -> bool:
    """Whether a need goes on waiting for what its order waits for already: nothing to tell anybody."""
    waits_for = WAITS_FOR.get(one.reason)
    return waits_for is not None and desk.orders[order_id].source_waits_for is waits_for


def _sourced(decision: Decision, works: Sequence[PlannedWork], desk: WaveDesk) -> OrderSourced:
    return OrderSourced(
        order_id=decision.order_id,
        wave_id=desk.wave_ids[decision.order_id],
        site_ids=tuple(work.parcel.site_id for work in works),
        units=sum(line.units for work in works for line in work.parcel.lines),
        cost_minor=decision.cost_minor,
        currency=desk.currency,
        unfilled=tuple(
            OrderSourced.Unfilled(line_id=one.line_id, units=one.units, reason=one.reason)
            for one in decision.unfilled
        ),
    )


def _offered(order_id: OrderId, works: Sequence[PlannedWork], desk: WaveDesk) -> TasksOffered:
    return TasksOffered(
        order_id=order_id,
        tasks=tuple(
            OfferedWork(
                task_id=work.task_id,
                site_id=work.parcel.site_id,
                kind=TaskKind.COLLECT if desk.is_collected(order_id) else TaskKind.DELIVER,
                deadline=work.deadline,
                units=sum(line.units for line in work.parcel.lines),
            )
            for work in works
        ),
    )
