"""Units that leave a task before it is done: refused by the site, or cancelled by us. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from loopline.fulfilment.model import (
    CancelTask,
    Correction,
    RefusalReason,
    RefuseTask,
    Task,
    TaskLine,
    TaskState,
    TaskUnits,
    Withdrawal,
    WithdrawalCause,
    WithdrawnUnits,
)
from loopline.fulfilment.rules import WrongState
from loopline.kernel.ids import AllocationId
from loopline.kernel.refusals import Refusal

_REFUSABLE = frozenset({TaskState.OFFERED, TaskState.ACCEPTED, TaskState.PICKING, TaskState.CHECKED})
_CANCELLABLE = _REFUSABLE | {TaskState.PACKED}


class UnknownLine(Refusal, frozen=True, kw_only=True):
    """Task {task_id} has no line {allocation_id}, or the command names it twice."""

    task_id: UUID
    allocation_id: UUID


class NotSoManyLeft(Refusal, frozen=True, kw_only=True):
    """Line {allocation_id} has {left} units left in its task, not {units}."""

    allocation_id: UUID
    units: int
    left: int


class CountMisplaced(Refusal, frozen=True, kw_only=True):
    """A count of zero or more comes with each line refused because the count differs, and with no other."""

    task_id: UUID


class CommandDiffers(Refusal, frozen=True, kw_only=True):
    """Command {command_id} was carried out with other content."""

    command_id: UUID


class Withdrawn(msgspec.Struct, frozen=True, kw_only=True):
    """A task after a command took units out of it: its changed lines, and what was taken.

    `is_new` is False where the command was carried out before; then nothing is to be written.
    """

    task: Task
    lines: tuple[TaskLine, ...]
    withdrawals: tuple[Withdrawal, ...]
    is_new: bool

    @property
    def at(self) -> datetime:
        """When the units were taken out."""
        return self.withdrawals[0].at

    @property
    def ends_task(self) -> bool:
        """Tell whether this command took the last units out."""
        return self.withdrawals[0].ends_task


def withdraw(
    command: RefuseTask | CancelTask,
    task: Task,
    lines: Sequence[TaskLine],
    *,
    done: Sequence[Withdrawal],
    now: datetime,
) -> Withdrawn | Refusal:
    """Take units out of a task; all of them where the command names no lines.

    `lines` are those of the task, `done` what this command took out before, if it was carried out before. A task
    from which the last units go is refused or cancelled, by whoever took them.
    """
    by_id = {line.allocation_id: line for line in lines}
    if done:
        return _same_again(command, task, by_id, done=done)
    cause = WithdrawalCause.REFUSED if isinstance(command, RefuseTask) else WithdrawalCause.CANCELLED
    may_be_packed = not command.keeps_packed if isinstance(command, CancelTask) else command.at_the_door
    if task.state not in (_CANCELLABLE if may_be_packed else _REFUSABLE):
        return WrongState(task_id=task.task_id, state=task.state)
    units = command.lines or tuple(
        WithdrawnUnits(allocation_id=line.allocation_id, units=line.left) for line in lines if line.left
    )
    refusal = _refuse_units(command, units, by_id)
    if refusal is not None:
        return refusal
    changed = {one.allocation_id: _less(by_id[one.allocation_id], one.units, cause=cause) for one in units}
    ends_task = not any(line.left for line in (by_id | changed).values())
    if ends_task:
        ended = TaskState.REFUSED if cause is WithdrawalCause.REFUSED else TaskState.CANCELLED
        task = replace(task, state=ended, ended_at=now)
    return Withdrawn(
        task=task,
        lines=tuple(changed.values()),
        withdrawals=tuple(_withdrawal(command, one, ends_task=ends_task, now=now) for one in units),
        is_new=True,
    )


def _refuse_units(
    command: RefuseTask | CancelTask, units: Sequence[WithdrawnUnits], by_id: Mapping[AllocationId, TaskLine]
) -> Refusal | None:
    is_counted = isinstance(command, RefuseTask) and command.reason is RefusalReason.COUNT_DIFFERS
    seen: set[AllocationId] = set()
    for one in units:
        if one.allocation_id not in by_id or one.allocation_id in seen:
            return UnknownLine(task_id=command.task_id, allocation_id=one.allocation_id)
        seen.add(one.allocation_id)
        left = by_id[one.allocation_id].left
        if not 0 < one.units <= left:
            return NotSoManyLeft(allocation_id=one.allocation_id, units=one.units, left=left)
        if is_counted != (one.counted_units is not None) or (one.counted_units or 0) < 0:
            return CountMisplaced(task_id=command.task_id)
    return None


def _same_again(
    command: RefuseTask | CancelTask,
    task: Task,
    by_id: Mapping[AllocationId, TaskLine],
    *,
    done: Sequence[Withdrawal],
) -> Withdrawn | Refusal:
    reason = command.reason if isinstance(command, RefuseTask) else None
    asked = {(one.allocation_id, one.units, one.counted_units) for one in command.lines}
    taken = {(one.allocation_id, one.units, one.counted_units) for one in done}
    if any(one.task_id != command.task_id or one.reason != reason for one in done) or (
        asked and asked != taken
    ):
        return CommandDiffers(command_id=command.command_id)
    lines = tuple(by_id[one.allocation_id] for one in done)
    return Withdrawn(task=task, lines=lines, withdrawals=tuple(done), is_new=False)


def _less(line: TaskLine, units: int, *, cause: WithdrawalCause) -> TaskLine:
    if cause is WithdrawalCause.REFUSED:
        return replace(line, refused_units=line.refused_units + units)
    return replace(line, cancelled_units=line.cancelled_units + units)


def _withdrawal(
    command: RefuseTask | CancelTask, units: WithdrawnUnits, *, ends_task: bool, now: datetime
) -> Withdrawal:
    is_refusal = isinstance(command, RefuseTask)
    return Withdrawal(
        command_id=command.command_id,
        allocation_id=units.allocation_id,
        task_id=command.task_id,
        cause=WithdrawalCause.REFUSED if is_refusal else WithdrawalCause.CANCELLED,
        reason=command.reason if is_refusal else None,
        units=units.units,
        counted_units=units.counted_units,
        withdrawn_by=command.by,
        at=now,
        ends_task=ends_task,
    )


def withdrawn_units(withdrawn: Withdrawn) -> tuple[TaskUnits, ...]:
    """Return what a command took out of a task."""
    return tuple(
        TaskUnits(
            allocation_id=line.allocation_id,
            line_id=line.line_id,
            leaf_id=line.leaf_id,
            sku_id=line.sku_id,
            units=withdrawal.units,
        )
        for line, withdrawal in zip(withdrawn.lines, withdrawn.withdrawals, strict=True)
    )


def corrections(withdrawn: Withdrawn) -> tuple[Correction, ...]:
    """Return what a refusal says about the stock, per allocation; nothing where it only says that people are busy."""
    pairs = zip(withdrawn.lines, withdrawn.withdrawals, strict=True)
    return tuple(one for line, withdrawal in pairs if (one := correction(line, withdrawal)) is not None)


def correction(line: TaskLine, withdrawal: Withdrawal) -> Correction | None:
    """Say by what a refusal corrects the stock.

    Not found: the units are not on hand; a later count may bring them back. Damaged, or worn by display: they are
    there, and cannot be sold. Count differs: on hand becomes what was counted. No capacity: the stock is right.
    The allocation is released first; then the correction makes the leaf's missing units a shortfall, where it does.
    """
    on_hand = unsellable = 0
    match withdrawal.reason:
        case RefusalReason.NOT_FOUND:
            on_hand = -withdrawal.units
        case RefusalReason.DAMAGED | RefusalReason.DISPLAY_WORN:
            unsellable = withdrawal.units
        case RefusalReason.COUNT_DIFFERS:
            pass
        case RefusalReason.NO_CAPACITY | None:
            return None
    return Correction(
        allocation_id=line.allocation_id,
        leaf_id=line.leaf_id,
        sku_id=line.sku_id,
        reason=withdrawal.reason,
        on_hand=on_hand,
        unsellable=unsellable,
        counted_units=withdrawal.counted_units,
    )
