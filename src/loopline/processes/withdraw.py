"""Withdraw: units leave the tasks of their sites and are held again, to be sourced anew."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from loopline import orders, stock
from loopline.db import Conn
from loopline.fulfilment import service as fulfilment
from loopline.fulfilment.events import TaskCancelled
from loopline.fulfilment.model import CancelledWork, CancelTask, WithdrawnUnits
from loopline.kernel.events import Event, event
from loopline.kernel.ids import LineId, OrderId, TaskId, uuid7s
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import LineChange
from loopline.processes.outcomes import all_granted
from loopline.processes.shortfalls import shortfall_events


class HeldAgain(msgspec.Struct, frozen=True, kw_only=True):
    """How many units left their tasks and are held again, and what is to be told of it."""

    units: int
    told: Sequence[Event]


def hold_again(
    conn: Conn, withdrawn: Mapping[TaskId, tuple[WithdrawnUnits, ...]], *, now: datetime
) -> HeldAgain:
    """Take units out of tasks that are not packed, and hold them for their orders again. No units of a task: all.

    A task that was packed, handed over or ended meanwhile stays as it is: its goods are in hand, or gone. Locks tasks,
    days, goods, then orders.
    """
    commands = [
        CancelTask(command_id=command_id, task_id=task_id, lines=lines, keeps_packed=True)
        for (task_id, lines), command_id in zip(withdrawn.items(), uuid7s(now, len(withdrawn)), strict=True)
    ]
    outcomes = fulfilment.cancel_tasks(conn, commands, scope=WHOLE_BRAND, now=now)
    cancelled = [one for one in outcomes if isinstance(one, CancelledWork) and not one.is_repeat]
    releases = [
        stock.AllocationRelease(allocation_id=line.allocation_id, units=line.units, to_hold=True)
        for work in cancelled
        for line in work.lines
    ]
    released = all_granted(stock.release_allocations(conn, releases, now=now))
    moved: dict[tuple[OrderId, LineId], int] = {}
    for work in cancelled:
        for line in work.lines:
            moved[work.order_id, line.line_id] = moved.get((work.order_id, line.line_id), 0) + line.units
    changes = [
        LineChange(order_id=order_id, line_id=line_id, allocated=-units, held=units)
        for (order_id, line_id), units in moved.items()
    ]
    all_granted(orders.change_lines(conn, changes, now=now))
    told = [*(_told(work, now) for work in cancelled), *shortfall_events(released, now=now)]
    return HeldAgain(units=sum(moved.values()), told=told)


def _told(work: CancelledWork, now: datetime) -> Event:
    body = TaskCancelled(
        task_id=work.task_id,
        order_id=work.order_id,
        site_id=work.site_id,
        ends_task=work.ends_task,
        lines=work.lines,
    )
    return event(body, subject=work.order_id, at=now)
