"""The steps of work that was offered: taken, picked, checked, packed."""

from collections.abc import Callable, Sequence
from datetime import datetime

from loopline.db import Conn
from loopline.fulfilment import packing, rules, store
from loopline.fulfilment.codes import hash_of_code, is_code
from loopline.fulfilment.model import (
    Accepted,
    AcceptTask,
    CheckTask,
    PackTask,
    PickTask,
    RenewCode,
    Stepped,
    Task,
    TaskLine,
    TaskState,
)
from loopline.fulfilment.rules import Moved
from loopline.fulfilment.service.moves import advance
from loopline.kernel.ids import TaskId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope

Lines = dict[TaskId, list[TaskLine]]


def accept_tasks(
    conn: Conn, commands: Sequence[AcceptTask], *, scope: Scope, now: datetime
) -> list[Accepted | Refusal]:
    """Take offered tasks: what was held of the site's day is confirmed. Of two who try, one gets it."""
    outcomes = advance(
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
    outcomes = advance(conn, commands, lambda command, task: rules.pick(command, task, now=now), scope=scope)
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

    outcomes = advance(conn, commands, decide, scope=scope)
    return [_stepped(outcome, TaskState.CHECKED) for outcome in outcomes]


def pack_tasks(
    conn: Conn, commands: Sequence[PackTask], *, scope: Scope, now: datetime
) -> list[Stepped | Refusal]:
    """Pack checked tasks; parcels that wait to be collected get their codes."""
    codes = _Codes(conn)

    def decide(command: PackTask, task: Task) -> Task | Refusal:
        return codes.remember(rules.pack(command, task, taken_codes=codes.taken, now=now))

    outcomes = advance(conn, commands, decide, scope=scope, prepare=codes.look_up(commands))
    used = [
        (command.task_id, command.packed_in)
        for command, outcome in zip(commands, outcomes, strict=True)
        if isinstance(outcome, Moved) and not outcome.is_repeat and command.packed_in is not None
    ]
    packing.write_packed_in(conn, used, now=now)
    return [_stepped(outcome, TaskState.PACKED) for outcome in outcomes]


def renew_codes(conn: Conn, commands: Sequence[RenewCode], *, scope: Scope) -> list[Stepped | Refusal]:
    """Give waiting parcels other codes; the lost ones are void."""
    codes = _Codes(conn)

    def decide(command: RenewCode, task: Task) -> Task | Refusal:
        return codes.remember(rules.renew_code(command, task, taken_codes=codes.taken))

    outcomes = advance(conn, commands, decide, scope=scope, prepare=codes.look_up(commands))
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
