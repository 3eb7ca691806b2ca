"""How commands on tasks are carried out: lock, decide one by one, write what changed."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from loopline.db import Conn
from loopline.fulfilment import rules, store
from loopline.fulfilment.model import Task
from loopline.fulfilment.rules import Moved
from loopline.kernel.ids import TaskId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope


class _OnTask(Protocol):
    @property
    def task_id(self) -> TaskId: ...


Command = TypeVar("Command", bound=_OnTask)


def lock_tasks(conn: Conn, task_ids: Sequence[TaskId]) -> list[Task]:
    """Lock tasks by id and return them as they stand: nobody works on them until the transaction ends."""
    return store.lock_tasks(conn, task_ids) if task_ids else []


def advance(
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
        task = task_in_scope(current, command.task_id, scope=scope)
        outcomes.append(task if isinstance(task, Refusal) else kept(current, task, decide(command, task)))
    write_moves(conn, before, current)
    return outcomes


def task_in_scope(tasks: dict[TaskId, Task], task_id: TaskId, *, scope: Scope) -> Task | Refusal:
    """Return a locked task, if it is there and in scope."""
    task = tasks.get(task_id)
    if task is None:
        return rules.UnknownTask(task_id=task_id)
    return task if scope.covers_site(task.site_id) else NotInYourBranch(subject=str(task_id))


def kept(current: dict[TaskId, Task], before: Task, outcome: Task | Refusal) -> Moved | Refusal:
    """Keep what a command made of a task for the commands after it."""
    if isinstance(outcome, Refusal):
        return outcome
    current[outcome.task_id] = outcome
    return Moved(task=outcome, is_repeat=outcome is before)


def write_moves(conn: Conn, before: dict[TaskId, Task], after: dict[TaskId, Task]) -> None:
    """Write the tasks that are not what they were, and what that moves of their sites' days."""
    changed = [task for task_id, task in after.items() if task is not before[task_id]]
    if not changed:
        return
    store.write_tasks(conn, changed)
    moves = rules.capacity_moves((before[task.task_id], task) for task in changed)
    if moves:
        store.move_capacity(conn, moves)
