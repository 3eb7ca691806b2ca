"""Units that leave a task before it is done."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from loopline.db import Conn
from loopline.fulfilment import store
from loopline.fulfilment.model import (
    CancelledWork,
    CancelTask,
    RefusalReason,
    RefusedWork,
    RefuseTask,
    TaskLine,
    Withdrawal,
)
from loopline.fulfilment.service.moves import task_in_scope, write_moves
from loopline.fulfilment.withdrawals import Withdrawn, corrections, withdraw, withdrawn_units
from loopline.kernel.ids import SiteId, TaskId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope

NO_DAYS: Mapping[SiteId, date] = {}
"""Nobody is full."""


def refuse_tasks(
    conn: Conn,
    commands: Sequence[RefuseTask],
    *,
    scope: Scope,
    now: datetime,
    today: Mapping[SiteId, date] = NO_DAYS,
) -> list[RefusedWork | Refusal]:
    """Sites refuse tasks or lines of them, any time before they are packed; at the door, while they are.

    A task with nothing left is refused and gives its capacity back. Where it is refused for want of time, `today` of
    its site is full: it takes no more than it has then. Each outcome says what the refusal means for the stock; the
    caller releases the allocations first, then corrects.
    """
    return [
        outcome if isinstance(outcome, Refusal) else _refused_work(command, outcome)
        for command, outcome in zip(
            commands, _withdraw_all(conn, commands, scope=scope, now=now, today=today), strict=True
        )
    ]


def cancel_tasks(
    conn: Conn, commands: Sequence[CancelTask], *, scope: Scope, now: datetime
) -> list[CancelledWork | Refusal]:
    """Take back tasks or lines of them, any time before they are handed over.

    A task with nothing left is cancelled and gives its capacity back.
    """
    return [
        outcome if isinstance(outcome, Refusal) else _cancelled_work(outcome)
        for outcome in _withdraw_all(conn, commands, scope=scope, now=now)
    ]


def _withdraw_all(
    conn: Conn,
    commands: Sequence[RefuseTask] | Sequence[CancelTask],
    *,
    scope: Scope,
    now: datetime,
    today: Mapping[SiteId, date] = NO_DAYS,
) -> list[Withdrawn | Refusal]:
    if not commands:
        return []
    before = {
        task.task_id: task for task in store.lock_tasks(conn, [command.task_id for command in commands])
    }
    done = dict(store.read_withdrawals(conn, [command.command_id for command in commands]))
    lines = store.read_lines(conn, list(before))
    current = dict(before)
    changed_lines: dict[tuple[TaskId, object], TaskLine] = {}
    new: list[Withdrawal] = []
    outcomes: list[Withdrawn | Refusal] = []
    for command in commands:
        task = task_in_scope(current, command.task_id, scope=scope)
        outcome = (
            task
            if isinstance(task, Refusal)
            else withdraw(command, task, lines[task.task_id], done=done.get(command.command_id, ()), now=now)
        )
        outcomes.append(outcome)
        if isinstance(outcome, Withdrawn) and outcome.is_new:
            current[command.task_id] = outcome.task
            lines[command.task_id] = _replaced(lines[command.task_id], outcome.lines)
            changed_lines |= {(command.task_id, line.allocation_id): line for line in outcome.lines}
            done[command.command_id] = list(outcome.withdrawals)
            new.extend(outcome.withdrawals)
    if new:
        store.write_lines(conn, list(changed_lines.values()))
        store.copy_withdrawals(conn, new)
        busy = {current[one.task_id].site_id for one in new if one.reason is RefusalReason.NO_CAPACITY}
        full = sorted((site_id, today[site_id]) for site_id in busy if site_id in today)
        if full:
            # All days at once, in their order: one after the other they would be locked in another.
            store.open_days(conn, full)
            store.lock_capacity(conn, sorted({*full, *((one.site_id, one.day) for one in current.values())}))
        write_moves(conn, before, current)
        if full:
            store.fill_days(conn, full, now=now)
    return outcomes


def _replaced(lines: Sequence[TaskLine], changed: Sequence[TaskLine]) -> list[TaskLine]:
    by_id = {line.allocation_id: line for line in changed}
    return [by_id.get(line.allocation_id, line) for line in lines]


def _refused_work(command: RefuseTask, withdrawn: Withdrawn) -> RefusedWork:
    return RefusedWork(
        task_id=withdrawn.task.task_id,
        order_id=withdrawn.task.order_id,
        site_id=withdrawn.task.site_id,
        reason=command.reason,
        ends_task=withdrawn.ends_task,
        at=withdrawn.at,
        lines=withdrawn_units(withdrawn),
        corrections=corrections(withdrawn),
        is_repeat=not withdrawn.is_new,
    )


def _cancelled_work(withdrawn: Withdrawn) -> CancelledWork:
    return CancelledWork(
        task_id=withdrawn.task.task_id,
        order_id=withdrawn.task.order_id,
        site_id=withdrawn.task.site_id,
        ends_task=withdrawn.ends_task,
        at=withdrawn.at,
        lines=withdrawn_units(withdrawn),
        is_repeat=not withdrawn.is_new,
    )
