"""Commands on rounds. Locks: tasks in order of id, then the round."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace
from psycopg.errors import SerializationFailure

from loopline.db import Conn
from loopline.fulfilment import store as task_store
from loopline.fulfilment.model import Task, TaskState
from loopline.fulfilment.rounds import rules, store
from loopline.fulfilment.rounds.model import (
    BeginRound,
    BoxedUnits,
    Missing,
    Picker,
    Round,
    TasksPutBack,
    UnitsMissing,
)
from loopline.fulfilment.service.moves import write_moves
from loopline.kernel.ids import AllocationId, PersonId, RoundId, TaskId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope

_CAN_GO_SHORT = frozenset({TaskState.ACCEPTED, TaskState.PICKING})


def begin_round(conn: Conn, begin: BeginRound, *, scope: Scope, now: datetime) -> Round | Refusal:
    """Begin a round with those of its tasks that are accepted and in no round, in the order given; refused for none.

    The same round again is begun once. Locks the tasks: of two who begin with one task, one has it.
    """
    locked = {task.task_id: task for task in task_store.lock_tasks(conn, begin.task_ids)}
    known = store.read_round(conn, begin.round_id)
    if known is not None:
        return known if known.picker_id == begin.picker_id else _unknown(begin.round_id)
    in_round = {one.task_id for one in store.read_rounds_of_tasks(conn, list(locked))}
    free = [
        task_id
        for task_id in dict.fromkeys(begin.task_ids)
        if task_id not in in_round and _is_free(locked.get(task_id), begin, scope)
    ]
    if not free:
        return rules.NothingToPick()
    if not store.insert_round(conn, begin, now=now):
        raise SerializationFailure("a rival began a round of the same id with other tasks")
    store.insert_round_tasks(conn, begin.round_id, free)
    return Round(round_id=begin.round_id, site_id=begin.site_id, picker_id=begin.picker_id, begun_at=now)


def _is_free(task: Task | None, begin: BeginRound, scope: Scope) -> bool:
    return (
        task is not None
        and task.site_id == begin.site_id
        and task.state is TaskState.ACCEPTED
        and scope.covers_site(task.site_id)
    )


def take_over(
    conn: Conn, round_id: RoundId, *, picker: Picker, now: datetime
) -> tuple[Round, PersonId] | Refusal:
    """Give a round to whoever goes on with it; returns it with who had it before. Locks the round."""
    found = store.lock_round(conn, round_id)
    if found is None or not picker.scope.covers_site(found.site_id):
        return _unknown(round_id)
    if found.picker_id == picker.person_id:
        return found, picker.person_id
    store.change_picker(conn, round_id, picker.person_id, now=now)
    return replace(found, picker_id=picker.person_id, taken_over_at=now), found.picker_id


def note_boxed(
    conn: Conn,
    round_id: RoundId,
    boxed: Sequence[BoxedUnits],
    *,
    picker: Picker,
    now: datetime,
) -> Round | Refusal:
    """Keep what lies in boxes, each as it was seen last. What is not of the round, or more than was asked, is cut.

    A moment that has not come yet counts as now: a phone's clock may be wrong. Locks the round.
    """
    found = _mine(store.lock_round(conn, round_id), round_id, picker)
    if isinstance(found, Refusal):
        return found
    asked = {
        line.allocation_id: line.units
        for lines in task_store.read_lines(conn, _task_ids(conn, round_id)).values()
        for line in lines
    }
    latest: dict[AllocationId, BoxedUnits] = {}
    for one in sorted(boxed, key=lambda one: one.at):
        if one.allocation_id in asked:
            latest[one.allocation_id] = replace(
                one, units=min(one.units, asked[one.allocation_id]), at=min(one.at, now)
            )
    if latest:
        store.write_boxed(conn, round_id, list(latest.values()), by=picker.person_id)
    return found


def note_missing(
    conn: Conn, round_id: RoundId, missing: Sequence[Missing], *, picker: Picker, now: datetime
) -> list[UnitsMissing] | Refusal:
    """Say what cannot be brought; returns which tasks go short of it, to be refused in this transaction.

    What was said before is said once. Locks the tasks of the round, then the round.
    """
    task_ids = _task_ids(conn, round_id)
    tasks = task_store.lock_tasks(conn, task_ids)
    found = _mine(store.lock_round(conn, round_id), round_id, picker)
    if isinstance(found, Refusal):
        return found
    known = store.read_known_shorts(conn, [one.id for one in missing])
    new = [one for one in {one.id: one for one in missing}.values() if one.id not in known]
    if not new:
        return []
    store.insert_shorts(conn, round_id, new, by=picker.person_id, now=now)
    boxes = {one.task_id: one.box for one in store.read_round_tasks(conn, round_id)}
    open_boxes = {task.task_id: boxes[task.task_id] for task in tasks if task.state in _CAN_GO_SHORT}
    lines = [line for of_task in task_store.read_lines(conn, task_ids).values() for line in of_task]
    short: list[UnitsMissing] = []
    for one in new:  # each takes what the one before it left
        gone = rules.goes_short(one, lines, open_boxes)
        units = {of_line.allocation_id: of_line.units for of_line in gone}
        lines = [
            replace(line, refused_units=line.refused_units + units.get(line.allocation_id, 0))
            for line in lines
        ]
        short += gone
    return short


def not_theirs(conn: Conn, tasks: Mapping[TaskId, PersonId | None]) -> dict[TaskId, Refusal]:
    """Return which tasks are picked in a round of another person than who is at them. The caller locked them."""
    return {
        one.task_id: rules.InAnothersRound(task_id=one.task_id, round_id=one.round_id)
        for one in (store.read_pickers_of_tasks(conn, list(tasks)) if tasks else ())
        if tasks[one.task_id] != one.picker_id
    }


def put_back(conn: Conn, round_id: RoundId, *, picker: Picker, now: datetime) -> TasksPutBack | Refusal:
    """Give up what is not checked of a round: its tasks are accepted again, in no round, for anybody to pick.

    Locks the tasks of the round, then the round.
    """
    tasks = task_store.lock_tasks(conn, _task_ids(conn, round_id))
    found = _mine(store.lock_round(conn, round_id), round_id, picker)
    if isinstance(found, Refusal):
        return found
    back = {task.task_id: task for task in tasks if task.state in _CAN_GO_SHORT}
    if back:
        store.leave_round(conn, round_id, sorted(back), now=now)
        after = {
            task_id: replace(task, state=TaskState.ACCEPTED, picked_at=None) for task_id, task in back.items()
        }
        write_moves(conn, back, after)
    return TasksPutBack(round_id=round_id, site_id=found.site_id, task_ids=tuple(sorted(back)))


def _task_ids(conn: Conn, round_id: RoundId) -> list[TaskId]:
    return [one.task_id for one in store.read_round_tasks(conn, round_id)]


def _mine(found: Round | None, round_id: RoundId, picker: Picker) -> Round | Refusal:
    if found is None or not picker.scope.covers_site(found.site_id):
        return _unknown(round_id)
    if found.picker_id != picker.person_id:
        return rules.RoundIsAnothers(round_id=round_id, picker_id=found.picker_id)
    return found


def _unknown(round_id: RoundId) -> Refusal:
    return rules.RoundUnknown(round_id=round_id)
