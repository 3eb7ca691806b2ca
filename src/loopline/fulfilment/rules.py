"""How tasks move, and what they take of a site's capacity. Pure.

A rule returns the task as it is afterwards; the same object where the command was carried out before (the same command
twice gives the same answer); or the refusal.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from loopline.fulfilment.codes import hash_of_code, is_code
from loopline.fulfilment.model import (
    AcceptTask,
    Capacity,
    CapacityMove,
    CheckTask,
    CollectParcel,
    HandOverTask,
    OfferTask,
    PackTask,
    PickTask,
    RenewCode,
    Task,
    TaskKind,
    TaskLine,
    TaskState,
)
from loopline.kernel.ids import SiteId, TaskId
from loopline.kernel.refusals import Refusal

# ------------------------------------------------------------------------------------------------------------ capacity

_HOLDING = frozenset({TaskState.OFFERED})
_CONFIRMED = frozenset(
    {
        TaskState.ACCEPTED,
        TaskState.PICKING,
        TaskState.CHECKED,
        TaskState.PACKED,
        TaskState.HANDED_OVER,
        TaskState.NOT_COLLECTED,  # the work was done
    }
)


def capacity_moves(pairs: Iterable[tuple[Task | None, Task]]) -> list[CapacityMove]:
    """Return what tasks that went from one state to another change, in order of (site, day); None is not yet offered.

    Capacity is conserved because it is nothing but this difference, wherever tasks go.
    """
    moves: dict[tuple[SiteId, date], list[int]] = {}
    for before, after in pairs:
        held = (after.state in _HOLDING) - (before is not None and before.state in _HOLDING)
        confirmed = (after.state in _CONFIRMED) - (before is not None and before.state in _CONFIRMED)
        if held or confirmed:
            sums = moves.setdefault((after.site_id, after.day), [0, 0])
            sums[0] += held
            sums[1] += confirmed
    return [
        CapacityMove(site_id=site_id, day=day, held=held, confirmed=confirmed)
        for (site_id, day), (held, confirmed) in sorted(moves.items())
        if held or confirmed
    ]


# ------------------------------------------------------------------------------------------------------------ refusals


class UnknownTask(Refusal, frozen=True, kw_only=True):
    """There is no task {task_id}."""

    task_id: UUID


class WrongState(Refusal, frozen=True, kw_only=True):
    """Task {task_id} is {state}; that cannot be done to it now."""

    task_id: UUID
    state: TaskState


class NothingOffered(Refusal, frozen=True, kw_only=True):
    """Task {task_id} names no units, or one allocation twice."""

    task_id: UUID


class DeadlineIsPast(Refusal, frozen=True, kw_only=True):
    """Task {task_id} had to be accepted before {deadline}."""

    task_id: UUID
    deadline: datetime


class SiteTakesNoTasks(Refusal, frozen=True, kw_only=True):
    """Nobody said how many tasks site {site_id} takes on {day}."""

    site_id: UUID
    day: date


class SiteIsFull(Refusal, frozen=True, kw_only=True):
    """Site {site_id} takes no more than {tasks_limit} tasks on {day}."""

    site_id: UUID
    day: date
    tasks_limit: int


class TaskDiffers(Refusal, frozen=True, kw_only=True):
    """Task {task_id} is known with other content."""

    task_id: UUID


class TakenByOther(Refusal, frozen=True, kw_only=True):
    """Somebody else took task {task_id} first."""

    task_id: UUID


class CountIsNotTheTask(Refusal, frozen=True, kw_only=True):
    """What was counted is not what is left in task {task_id}: refuse what is missing first."""

    task_id: UUID


class NeedsCode(Refusal, frozen=True, kw_only=True):
    """The parcel of task {task_id} is for a customer to collect: with a code of eight characters, before a deadline."""

    task_id: UUID


class NeedsNoCode(Refusal, frozen=True, kw_only=True):
    """The parcel of task {task_id} is not one that a customer collects."""

    task_id: UUID


class CodeIsTaken(Refusal, frozen=True, kw_only=True):
    """The code for task {task_id} belongs to another parcel of the site: make another."""

    task_id: UUID


class HasOtherCode(Refusal, frozen=True, kw_only=True):
    """The parcel of task {task_id} was packed with another code: renew it instead."""

    task_id: UUID


class PhotoIsMissing(Refusal, frozen=True, kw_only=True):
    """The goods of task {task_id} need a photo before they leave, or the reason why there is none."""

    task_id: UUID


class UnknownCode(Refusal, frozen=True, kw_only=True):
    """No parcel waits at this site for that code."""

    site_id: UUID


# -------------------------------------------------------------------------------------------------------------- offers


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """A task after a command. `is_repeat`: the command was carried out before, now it changed nothing."""

    task: Task
    is_repeat: bool


class OfferPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What to write of a batch of offers: the outcomes in their order, and the new tasks with their lines."""

    outcomes: list[Moved | Refusal]
    tasks: list[Task]
    lines: list[TaskLine]


def plan_offers(
    offers: Sequence[OfferTask],
    *,
    known: Mapping[TaskId, tuple[Task, Sequence[TaskLine]]],
    capacity: Sequence[Capacity],
    now: datetime,
) -> OfferPlan:
    """Decide offers in their order against what is left of the sites' days; all of a task or nothing.

    `known` has the tasks of these ids that exist; `capacity` the days named, without those of sites that take nothing.
    """
    left = {(one.site_id, one.day): one.left for one in capacity}
    limit = {(one.site_id, one.day): one.tasks_limit for one in capacity}
    seen = dict(known)
    plan = OfferPlan(outcomes=[], tasks=[], lines=[])
    for offer in offers:
        place = (offer.site_id, offer.day)
        refusal = _refuse_offer(offer, seen=seen, now=now)
        if offer.task_id in seen:
            plan.outcomes.append(refusal or Moved(task=seen[offer.task_id][0], is_repeat=True))
            continue
        if refusal is None and place not in left:
            refusal = SiteTakesNoTasks(site_id=offer.site_id, day=offer.day)
        if refusal is None and left[place] <= 0:
            refusal = SiteIsFull(site_id=offer.site_id, day=offer.day, tasks_limit=limit[place])
        if refusal is not None:
            plan.outcomes.append(refusal)
            continue
        left[place] -= 1
        task, lines = _offered_task(offer, now=now), _offered_lines(offer)
        seen[offer.task_id] = (task, lines)
        plan.outcomes.append(Moved(task=task, is_repeat=False))
        plan.tasks.append(task)
        plan.lines.extend(lines)
    return plan


def _refuse_offer(
    offer: OfferTask, *, seen: Mapping[TaskId, tuple[Task, Sequence[TaskLine]]], now: datetime
) -> Refusal | None:
    if offer.task_id in seen:
        return None if _is_same(offer, *seen[offer.task_id]) else TaskDiffers(task_id=offer.task_id)
    if (
        not offer.lines
        or min(line.units for line in offer.lines) <= 0
        or len({line.allocation_id for line in offer.lines}) < len(offer.lines)
    ):
        return NothingOffered(task_id=offer.task_id)
    if offer.deadline <= now:
        return DeadlineIsPast(task_id=offer.task_id, deadline=offer.deadline)
    return None


def _is_same(offer: OfferTask, task: Task, lines: Sequence[TaskLine]) -> bool:
    """Tell whether an offer says what the task said when it was offered."""
    return (offer.order_id, offer.site_id, offer.kind, offer.day, offer.temperature_class) == (
        task.order_id,
        task.site_id,
        task.kind,
        task.day,
        task.temperature_class,
    ) and {
        (line.allocation_id, line.line_id, line.leaf_id, line.sku_id, line.units) for line in offer.lines
    } == {(line.allocation_id, line.line_id, line.leaf_id, line.sku_id, line.units) for line in lines}


def _offered_task(offer: OfferTask, *, now: datetime) -> Task:
    return Task(
        task_id=offer.task_id,
        order_id=offer.order_id,
        site_id=offer.site_id,
        kind=offer.kind,
        day=offer.day,
        state=TaskState.OFFERED,
        offered_at=now,
        deadline=offer.deadline,
        temperature_class=offer.temperature_class,
    )


def _offered_lines(offer: OfferTask) -> list[TaskLine]:
    return [
        TaskLine(
            task_id=offer.task_id,
            allocation_id=line.allocation_id,
            line_id=line.line_id,
            leaf_id=line.leaf_id,
            sku_id=line.sku_id,
            units=line.units,
        )
        for line in offer.lines
    ]


# --------------------------------------------------------------------------------------------------------------- steps

_WORK = (TaskState.ACCEPTED, TaskState.PICKING, TaskState.CHECKED, TaskState.PACKED, TaskState.HANDED_OVER)


def is_past(task: Task, step: TaskState) -> bool:
    """Tell whether a task that goes its way has done a step (or stands there)."""
    return task.state in _WORK and _WORK.index(task.state) >= _WORK.index(step)


def accept(command: AcceptTask, task: Task, *, now: datetime) -> Task | Refusal:
    """Offered → accepted, before the deadline (excluded). The first wins; who has it already has it still."""
    if is_past(task, TaskState.ACCEPTED):
        return task if task.accepted_by == command.by else TakenByOther(task_id=task.task_id)
    if task.state is not TaskState.OFFERED:
        return WrongState(task_id=task.task_id, state=task.state)
    if now >= task.deadline:
        # Lapsed in all but name, whether or not the job that says so has come round.
        return DeadlineIsPast(task_id=task.task_id, deadline=task.deadline)
    return replace(task, state=TaskState.ACCEPTED, accepted_by=command.by, accepted_at=now)


def pick(_command: PickTask, task: Task, *, now: datetime) -> Task | Refusal:
    """Accepted → picking."""
    if is_past(task, TaskState.PICKING):
        return task
    if task.state is not TaskState.ACCEPTED:
        return WrongState(task_id=task.task_id, state=task.state)
    return replace(task, state=TaskState.PICKING, picked_at=now)


def check(command: CheckTask, task: Task, lines: Sequence[TaskLine], *, now: datetime) -> Task | Refusal:
    """Picking → checked, where the count, if there is one, is what is left in the task."""
    if is_past(task, TaskState.CHECKED):
        return task
    if task.state is not TaskState.PICKING:
        return WrongState(task_id=task.task_id, state=task.state)
    if command.counted is not None:
        counted = sorted((line.allocation_id, line.units) for line in command.counted if line.units)
        if counted != sorted((line.allocation_id, line.left) for line in lines if line.left):
            return CountIsNotTheTask(task_id=task.task_id)
    return replace(task, state=TaskState.CHECKED, checked_at=now)


def pack(
    command: PackTask, task: Task, *, taken_codes: frozenset[tuple[SiteId, bytes]], now: datetime
) -> Task | Refusal:
    """Checked → packed; a parcel to be collected gets its code and its deadline."""
    if is_past(task, TaskState.PACKED):
        is_same = command.code is None or task.code_hash == hash_of_code(task.site_id, command.code)
        return task if is_same else HasOtherCode(task_id=task.task_id)
    if task.state is not TaskState.CHECKED:
        return WrongState(task_id=task.task_id, state=task.state)
    packed = replace(task, state=TaskState.PACKED, packed_at=now)
    if task.kind is TaskKind.DELIVER:
        return packed if command.code is None else NeedsNoCode(task_id=task.task_id)
    if command.code is None or command.collect_by is None or command.collect_by <= now:
        return NeedsCode(task_id=task.task_id)
    return _with_code(replace(packed, collect_by=command.collect_by), command.code, taken_codes=taken_codes)


def renew_code(
    command: RenewCode, task: Task, *, taken_codes: frozenset[tuple[SiteId, bytes]]
) -> Task | Refusal:
    """Packed stays packed, with another code."""
    if task.kind is not TaskKind.COLLECT:
        return NeedsNoCode(task_id=task.task_id)
    if task.state is not TaskState.PACKED:
        return WrongState(task_id=task.task_id, state=task.state)
    if is_code(command.code) and task.code_hash == hash_of_code(task.site_id, command.code):
        return task
    return _with_code(task, command.code, taken_codes=taken_codes)


def _with_code(task: Task, code: str, *, taken_codes: frozenset[tuple[SiteId, bytes]]) -> Task | Refusal:
    if not is_code(code):
        return NeedsCode(task_id=task.task_id)
    code_hash = hash_of_code(task.site_id, code)
    if (task.site_id, code_hash) in taken_codes:
        return CodeIsTaken(task_id=task.task_id)
    return replace(task, code_hash=code_hash)


def hand_over(
    _command: HandOverTask, task: Task, *, now: datetime, lacks_photo: bool = False
) -> Task | Refusal:
    """Packed → handed over to the carrier; what a customer collects goes by its code alone."""
    if task.kind is TaskKind.COLLECT:
        return NeedsCode(task_id=task.task_id)
    return _leave(task, now=now, lacks_photo=lacks_photo)


def collect(
    _command: CollectParcel, task: Task, *, now: datetime, lacks_photo: bool = False
) -> Task | Refusal:
    """Packed → handed over to the customer. While the parcel is still there it is given, even past its deadline."""
    return _leave(task, now=now, lacks_photo=lacks_photo)


def _leave(task: Task, *, now: datetime, lacks_photo: bool) -> Task | Refusal:
    if task.state is TaskState.HANDED_OVER:
        return task
    if task.state is not TaskState.PACKED:
        return WrongState(task_id=task.task_id, state=task.state)
    if lacks_photo:
        return PhotoIsMissing(task_id=task.task_id)
    return replace(task, state=TaskState.HANDED_OVER, ended_at=now)


def lapse(task: Task, *, now: datetime) -> Task:
    """Offered → lapsed. The caller found it offered and due."""
    assert task.state is TaskState.OFFERED
    assert task.deadline <= now
    return replace(task, state=TaskState.LAPSED, ended_at=now)


def give_up_waiting(task: Task, *, now: datetime) -> Task:
    """Packed → not collected. The caller found it waiting and due."""
    assert task.state is TaskState.PACKED
    assert task.collect_by is not None
    assert task.collect_by <= now
    return replace(task, state=TaskState.NOT_COLLECTED, ended_at=now)
