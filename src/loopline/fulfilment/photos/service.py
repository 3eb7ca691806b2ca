"""Commands of photos: rules are set, photos kept, waived and forgotten. All of them lock tasks by id, if anything."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from loopline.db import Conn
from loopline.fulfilment import store as tasks_store
from loopline.fulfilment.model import Task
from loopline.fulfilment.photos import rules, store
from loopline.fulfilment.photos.model import KeepPhoto, PhotoDone, PhotoPoint, SetPhotoRule, WaivePhoto
from loopline.fulfilment.rules import UnknownTask, WrongState
from loopline.kernel.ids import AllocationId, OrderId, TaskId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope

KEPT_DAYS = 180
"""How long what a photo shows is kept: as long as buyers and carriers argue about a parcel."""

Line = tuple[TaskId, AllocationId]


def set_photo_rules(
    conn: Conn, wanted: Sequence[SetPhotoRule], *, by: str, now: datetime
) -> list[SetPhotoRule | Refusal]:
    """Say what causes ask for; of two words for one the later holds. Tasks that are checked keep what was asked."""
    outcomes = [rules.refusal_of_rule(one) or one for one in wanted]
    latest = {(one.cause, one.category): one for one in outcomes if isinstance(one, SetPhotoRule)}
    kept = [one for one in latest.values() if one.demand is not None]
    dropped = [one for one in latest.values() if one.demand is None]
    if dropped:
        store.drop_photo_rules(conn, dropped)
    if kept:
        store.set_photo_rules(conn, kept, by=by, now=now)
    return outcomes


def ask_photos(conn: Conn, points: Sequence[PhotoPoint]) -> None:
    """Keep which photos are asked of tasks; what was asked before stands. The caller has locked the tasks."""
    if points:
        store.insert_points(conn, points)


def keep_photos(
    conn: Conn, commands: Sequence[KeepPhoto], *, scope: Scope, now: datetime
) -> list[PhotoDone | Refusal]:
    """Keep photos of lines of tasks; the same again is kept once. Locks the tasks."""
    tasks = _locked(conn, commands)
    lines = tasks_store.read_lines(conn, list(tasks)) if tasks else {}
    sent = {
        one.id: (one.task_id, one.allocation_id, one.sent_hash)
        for one in store.sent_hashes(conn, {one.id for one in commands})
    }
    counts = Counter((one.task_id, one.allocation_id) for one in store.photos_of_tasks(conn, tasks))
    fresh: list[KeepPhoto] = []
    outcomes: list[PhotoDone | Refusal] = []
    for command in commands:
        task = _judged(command, tasks, scope)
        place = (command.task_id, command.allocation_id)
        content = (*place, command.picture.sent_hash)
        if isinstance(task, Refusal):
            outcomes.append(task)
        elif command.id in sent:
            outcomes.append(
                _done(command, task, is_repeat=True)
                if sent[command.id] == content
                else rules.PhotoDiffers(photo_id=command.id)
            )
        elif refusal := rules.refusal_of_photo(
            task, lines.get(task.task_id, []), place[1], count=counts[place], now=now
        ):
            outcomes.append(refusal)
        else:
            counts[place] += 1
            sent[command.id] = content
            fresh.append(command)
            outcomes.append(_done(command, task, is_repeat=False))
    if fresh:
        store.insert_photos(conn, fresh, now=now)
    return outcomes


def waive_photos(
    conn: Conn, commands: Sequence[WaivePhoto], *, scope: Scope, now: datetime
) -> list[PhotoDone | Refusal]:
    """Keep why there is no photo that was asked for; the same reason again is a repeat. Locks the tasks."""
    tasks = _locked(conn, commands)
    points = {(one.task_id, one.allocation_id): one for one in store.points_of_tasks(conn, tasks)}
    said: dict[Line, WaivePhoto] = {}
    outcomes: list[PhotoDone | Refusal] = []
    for command in commands:
        task = _judged(command, tasks, scope)
        place = (command.task_id, command.allocation_id)
        if isinstance(task, Refusal):
            outcomes.append(task)
        elif place not in points:
            outcomes.append(rules.NoPhotoAsked(task_id=place[0], allocation_id=place[1]))
        elif points[place].waived_reason is command.reason and place not in said:
            outcomes.append(_done(command, task, is_repeat=True))
        elif task.state not in rules.WAIVED:
            outcomes.append(WrongState(task_id=task.task_id, state=task.state))
        else:
            said[place] = command
            outcomes.append(_done(command, task, is_repeat=False))
    if said:
        store.waive_points(conn, list(said.values()), now=now)
    return outcomes


def _locked(conn: Conn, commands: Sequence[KeepPhoto | WaivePhoto]) -> dict[TaskId, Task]:
    task_ids = [one.task_id for one in commands]
    return {task.task_id: task for task in tasks_store.lock_tasks(conn, task_ids)} if task_ids else {}


def _judged(command: KeepPhoto | WaivePhoto, tasks: dict[TaskId, Task], scope: Scope) -> Task | Refusal:
    """Return the task of a command: one of another branch is as none."""
    task = tasks.get(command.task_id)
    if task is None or not scope.covers_site(task.site_id):
        return UnknownTask(task_id=command.task_id)
    return task


def _done(command: KeepPhoto | WaivePhoto, task: Task, *, is_repeat: bool) -> PhotoDone:
    return PhotoDone(
        task_id=task.task_id,
        order_id=task.order_id,
        site_id=task.site_id,
        allocation_id=command.allocation_id,
        photo_id=command.id if isinstance(command, KeepPhoto) else None,
        is_repeat=is_repeat,
    )


def forget_photos(conn: Conn, *, now: datetime, limit: int) -> int:
    """Let go of what photos show once it was kept for its time; return how many."""
    return store.forget_old(conn, before=now - timedelta(days=KEPT_DAYS), now=now, limit=limit)


def forget_photos_of_orders(conn: Conn, order_ids: Collection[OrderId], *, now: datetime) -> int:
    """Let go of what photos of orders show, because their customers are forgotten; return how many."""
    return store.forget_of_orders(conn, order_ids, now=now) if order_ids else 0
