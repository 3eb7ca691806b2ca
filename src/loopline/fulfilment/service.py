"""Commands of fulfilment. All take many items and return one outcome per item, in their order.

A command lost on its way and sent again gives the same answer, marked `is_repeat`, and changes nothing. Locks: tasks in
order of id, then the sites' days in order of (site, day); offering locks days only.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from loopline.db import Conn
from loopline.fulfilment import rules, store
from loopline.fulfilment.codes import hash_of_code, is_code
from loopline.fulfilment.model import (
    Accepted,
    AcceptTask,
    CancelledWork,
    CancelTask,
    CheckTask,
    CollectParcel,
    DayLimit,
    EndedTask,
    HandedOver,
    HandOverTask,
    Offered,
    OfferTask,
    PackTask,
    PickTask,
    RefusedWork,
    RefuseTask,
    RenewCode,
    SiteLimit,
    Stepped,
    Task,
    TaskLine,
    TaskState,
    Withdrawal,
    left_in,
)
from loopline.fulfilment.rules import Moved
from loopline.fulfilment.withdrawals import Withdrawn, corrections, withdraw, withdrawn_units
from loopline.kernel.ids import TaskId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope


class LimitIsNegative(Refusal, frozen=True, kw_only=True):
    """A site cannot take less than no tasks."""

    site_id: str


class _OnTask(Protocol):
    @property
    def task_id(self) -> TaskId: ...


Command = TypeVar("Command", bound=_OnTask)
Lines = dict[TaskId, list[TaskLine]]

# ------------------------------------------------------------------------------------------------------------ capacity


def set_site_limits(conn: Conn, limits: Sequence[SiteLimit], *, now: datetime) -> list[SiteLimit | Refusal]:
    """Set how many tasks sites take on ordinary days. Of two for one site the later holds. Work offered stays."""
    outcomes: list[SiteLimit | Refusal] = [
        limit if limit.tasks_per_day >= 0 else LimitIsNegative(site_id=str(limit.site_id)) for limit in limits
    ]
    latest = {limit.site_id: limit for limit in outcomes if isinstance(limit, SiteLimit)}
    if latest:
        store.put_site_limits(conn, list(latest.values()), now=now)
    return outcomes


def set_day_limits(conn: Conn, limits: Sequence[DayLimit]) -> list[DayLimit | Refusal]:
    """Set how many tasks sites take on single days. Of two for one day the later holds. Work offered stays."""
    outcomes: list[DayLimit | Refusal] = [
        LimitIsNegative(site_id=str(limit.site_id))
        if limit.tasks_limit is not None and limit.tasks_limit < 0
        else limit
        for limit in limits
    ]
    latest = {(limit.site_id, limit.day): limit for limit in outcomes if isinstance(limit, DayLimit)}
    if latest:
        store.put_day_limits(conn, list(latest.values()))
    return outcomes


# --------------------------------------------------------------------------------------------------------------- offer


def offer_tasks(conn: Conn, offers: Sequence[OfferTask], *, now: datetime) -> list[Offered | Refusal]:
    """Put work to sites, in the order given, each holding one of the site's tasks for its day.

    A full site refuses that task and no other. The same task offered again is offered once.
    """
    if not offers:
        return []
    places = sorted({(offer.site_id, offer.day) for offer in offers})
    store.open_days(conn, places)
    capacity = store.lock_capacity(conn, places)
    known = {task.task_id: task for task in store.read_tasks(conn, [offer.task_id for offer in offers])}
    lines = store.read_lines(conn, list(known)) if known else {}
    plan = rules.plan_offers(
        offers,
        known={task_id: (task, lines[task_id]) for task_id, task in known.items()},
        capacity=capacity,
        now=now,
    )
    if plan.tasks:
        store.copy_tasks(conn, plan.tasks)
        store.copy_lines(conn, plan.lines)
        store.move_capacity(conn, rules.capacity_moves((None, task) for task in plan.tasks))
    return [outcome if isinstance(outcome, Refusal) else _offered(outcome) for outcome in plan.outcomes]


def _offered(moved: Moved) -> Offered:
    task = moved.task
    return Offered(
        task_id=task.task_id,
        order_id=task.order_id,
        site_id=task.site_id,
        at=task.offered_at,
        deadline=task.deadline,
        is_repeat=moved.is_repeat,
    )


# --------------------------------------------------------------------------------------------------------------- steps


def accept_tasks(
    conn: Conn, commands: Sequence[AcceptTask], *, scope: Scope, now: datetime
) -> list[Accepted | Refusal]:
    """Take offered tasks: what was held of the site's day is confirmed. Of two who try, one gets it."""
    outcomes = _advance(
        conn, commands, lambda command, task: rules.accept(command, task, now=now), scope=scope
    )
    return [outcome if isinstance(outcome, Refusal) else _accepted(outcome) for outcome in outcomes]


def _accepted(moved: Moved) -> Accepted:
    task = moved.task
    assert task.accepted_at is not None
    return Accepted(
        task_id=task.task_id,
        order_id=task.order_id,
        site_id=task.site_id,
        by=task.accepted_by,
        at=task.accepted_at,
        is_repeat=moved.is_repeat,
    )


def pick_tasks(
    conn: Conn, commands: Sequence[PickTask], *, scope: Scope, now: datetime
) -> list[Stepped | Refusal]:
    """Start to pick accepted tasks."""
    outcomes = _advance(conn, commands, lambda command, task: rules.pick(command, task, now=now), scope=scope)
    return [_stepped(outcome, TaskState.PICKING) for outcome in outcomes]


def check_tasks(
    conn: Conn, commands: Sequence[CheckTask], *, scope: Scope, now: datetime
) -> list[Stepped | Refusal]:
    """Everything is picked and looked at; a count that is not what is left in the task is refused."""
    counted = [command.task_id for command in commands if command.counted is not None]
    lines: Lines = {}

    def decide(command: CheckTask, task: Task) -> Task | Refusal:
        if counted and not lines:
            lines.update(store.read_lines(conn, counted))  # after the tasks were locked; once for all
        return rules.check(command, task, lines.get(task.task_id, []), now=now)

    outcomes = _advance(conn, commands, decide, scope=scope)
    return [_stepped(outcome, TaskState.CHECKED) for outcome in outcomes]


def pack_tasks(
    conn: Conn, commands: Sequence[PackTask], *, scope: Scope, now: datetime
) -> list[Stepped | Refusal]:
    """Pack checked tasks; parcels that wait to be collected get their codes."""
    codes = _Codes(conn)

    def decide(command: PackTask, task: Task) -> Task | Refusal:
        return codes.remember(rules.pack(command, task, taken_codes=codes.taken, now=now))

    outcomes = _advance(conn, commands, decide, scope=scope, prepare=codes.look_up(commands))
    return [_stepped(outcome, TaskState.PACKED) for outcome in outcomes]


def renew_codes(conn: Conn, commands: Sequence[RenewCode], *, scope: Scope) -> list[Stepped | Refusal]:
    """Give waiting parcels other codes; the lost ones are void."""
    codes = _Codes(conn)

    def decide(command: RenewCode, task: Task) -> Task | Refusal:
        return codes.remember(rules.renew_code(command, task, taken_codes=codes.taken))

    outcomes = _advance(conn, commands, decide, scope=scope, prepare=codes.look_up(commands))
    return [_stepped(outcome, TaskState.PACKED) for outcome in outcomes]


class _Codes:
    """The codes that parcels have, as far as a batch of commands can meet them."""

    def __init__(self, conn: Conn) -> None:
        self._conn = conn
        self.taken: frozenset[store.Code] = frozenset()

    def look_up(
        self, commands: Sequence[PackTask] | Sequence[RenewCode]
    ) -> Callable[[dict[TaskId, Task]], None]:
        def prepare(tasks: dict[TaskId, Task]) -> None:
            wanted = [
                (tasks[command.task_id].site_id, hash_of_code(tasks[command.task_id].site_id, command.code))
                for command in commands
                if command.code is not None and command.task_id in tasks and is_code(command.code)
            ]
            if wanted:
                self.taken = store.read_taken_codes(self._conn, wanted)

        return prepare

    def remember(self, outcome: Task | Refusal) -> Task | Refusal:
        if isinstance(outcome, Task) and outcome.code_hash is not None:
            self.taken |= {(outcome.site_id, outcome.code_hash)}
        return outcome


def _stepped(outcome: Moved | Refusal, state: TaskState) -> Stepped | Refusal:
    if isinstance(outcome, Refusal):
        return outcome
    task = outcome.task
    times = {
        TaskState.PICKING: task.picked_at,
        TaskState.CHECKED: task.checked_at,
        TaskState.PACKED: task.packed_at,
    }
    at = times[state]
    assert at is not None
    return Stepped(
        task_id=task.task_id,
        order_id=task.order_id,
        site_id=task.site_id,
        state=state,
        at=at,
        is_repeat=outcome.is_repeat,
    )


def hand_over_tasks(
    conn: Conn, commands: Sequence[HandOverTask], *, scope: Scope, now: datetime
) -> list[HandedOver | Refusal]:
    """Give packed parcels to the carrier."""
    outcomes = _advance(
        conn, commands, lambda command, task: rules.hand_over(command, task, now=now), scope=scope
    )
    return _handed_over(conn, outcomes)


def collect_parcels(
    conn: Conn, commands: Sequence[CollectParcel], *, scope: Scope, now: datetime
) -> list[HandedOver | Refusal]:
    """Give waiting parcels to those who show their codes, however these are typed."""
    codes = [(command.site_id, hash_of_code(command.site_id, command.code)) for command in commands]
    before = {task.task_id: task for task in store.lock_tasks_by_code(conn, sorted(set(codes)))}
    by_code = {(task.site_id, task.code_hash): task.task_id for task in before.values()}
    current = dict(before)
    outcomes: list[Moved | Refusal] = []
    for command, code in zip(commands, codes, strict=True):
        task_id = by_code.get(code)
        if not scope.covers_site(command.site_id):
            outcomes.append(NotInYourBranch(subject=str(command.site_id)))
        elif task_id is None:
            outcomes.append(rules.UnknownCode(site_id=command.site_id))
        else:
            outcomes.append(
                _keep(current, current[task_id], rules.collect(command, current[task_id], now=now))
            )
    _write(conn, before, current)
    return _handed_over(conn, outcomes)


def _handed_over(conn: Conn, outcomes: Sequence[Moved | Refusal]) -> list[HandedOver | Refusal]:
    gone = {outcome.task.task_id for outcome in outcomes if isinstance(outcome, Moved)}
    lines = store.read_lines(conn, sorted(gone)) if gone else {}
    return [
        outcome
        if isinstance(outcome, Refusal)
        else HandedOver(
            task_id=outcome.task.task_id,
            order_id=outcome.task.order_id,
            site_id=outcome.task.site_id,
            kind=outcome.task.kind,
            at=outcome.task.ended_at or outcome.task.offered_at,
            lines=left_in(lines[outcome.task.task_id]),
            is_repeat=outcome.is_repeat,
        )
        for outcome in outcomes
    ]


def _advance(
    conn: Conn,
    commands: Sequence[Command],
    decide: Callable[[Command, Task], Task | Refusal],
    *,
    scope: Scope,
    prepare: Callable[[dict[TaskId, Task]], None] | None = None,
) -> list[Moved | Refusal]:
    """Lock the tasks, decide command by command on what the one before left, write what changed.

    `prepare` may read what the decisions need once the tasks are locked.
    """
    if not commands:
        return []
    before = {
        task.task_id: task for task in store.lock_tasks(conn, [command.task_id for command in commands])
    }
    if prepare is not None:
        prepare(before)
    current = dict(before)
    outcomes: list[Moved | Refusal] = []
    for command in commands:
        task = _in_scope(current, command.task_id, scope=scope)
        outcomes.append(task if isinstance(task, Refusal) else _keep(current, task, decide(command, task)))
    _write(conn, before, current)
    return outcomes


def _in_scope(tasks: dict[TaskId, Task], task_id: TaskId, *, scope: Scope) -> Task | Refusal:
    task = tasks.get(task_id)
    if task is None:
        return rules.UnknownTask(task_id=task_id)
    return task if scope.covers_site(task.site_id) else NotInYourBranch(subject=str(task_id))


def _keep(current: dict[TaskId, Task], before: Task, outcome: Task | Refusal) -> Moved | Refusal:
    if isinstance(outcome, Refusal):
        return outcome
    current[outcome.task_id] = outcome
    return Moved(task=outcome, is_repeat=outcome is before)


def _write(conn: Conn, before: dict[TaskId, Task], after: dict[TaskId, Task]) -> None:
    changed = [task for task_id, task in after.items() if task is not before[task_id]]
    if not changed:
        return
    store.write_tasks(conn, changed)
    moves = rules.capacity_moves((before[task.task_id], task) for task in changed)
    if moves:
        store.move_capacity(conn, moves)


# --------------------------------------------------------------------------------------------------------- withdrawals


def refuse_tasks(
    conn: Conn, commands: Sequence[RefuseTask], *, scope: Scope, now: datetime
) -> list[RefusedWork | Refusal]:
    """Sites refuse tasks or lines of them, any time before they are packed.

    A task with nothing left is refused and gives its capacity back. Each outcome says what the refusal means for the
    stock; the caller releases the allocations first, then corrects.
    """
    return [
        outcome if isinstance(outcome, Refusal) else _refused_work(command, outcome)
        for command, outcome in zip(
            commands, _withdraw_all(conn, commands, scope=scope, now=now), strict=True
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
    conn: Conn, commands: Sequence[RefuseTask] | Sequence[CancelTask], *, scope: Scope, now: datetime
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
        task = _in_scope(current, command.task_id, scope=scope)
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
        _write(conn, before, current)
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


# ---------------------------------------------------------------------------------------------------------------- time


def lapse_tasks(conn: Conn, *, now: datetime, limit: int = 200) -> list[EndedTask]:
    """End offered tasks that nobody took in time, at most `limit`, the longest due first; capacity is given back.

    A task that somebody is accepting at this moment is passed over: either it is taken, or it is found next time.
    """
    return _end(
        conn, store.lock_due_offers(conn, now=now, limit=limit), lambda task: rules.lapse(task, now=now)
    )


def end_waiting(conn: Conn, *, now: datetime, limit: int = 200) -> list[EndedTask]:
    """End the wait for customers who did not come, at most `limit`, the longest due first. The work stays confirmed."""
    due = store.lock_due_waiting(conn, now=now, limit=limit)
    return _end(conn, due, lambda task: rules.give_up_waiting(task, now=now))


def _end(conn: Conn, due: Sequence[Task], end: Callable[[Task], Task]) -> list[EndedTask]:
    if not due:
        return []
    before = {task.task_id: task for task in due}
    after = {task.task_id: end(task) for task in due}
    _write(conn, before, after)
    lines = store.read_lines(conn, list(after))
    return [
        EndedTask(
            task_id=task.task_id,
            order_id=task.order_id,
            site_id=task.site_id,
            state=task.state,
            at=task.ended_at or task.deadline,
            lines=left_in(lines[task.task_id]),
        )
        for task in after.values()
    ]
