"""Parcels that leave the site: with a carrier, or with their customer."""

from collections.abc import Sequence
from datetime import datetime

from loopline.db import Conn
from loopline.fulfilment import rules, store
from loopline.fulfilment.codes import hash_of_code
from loopline.fulfilment.model import (
    CollectParcel,
    HandedOver,
    HandOverTask,
    Task,
    Waybill,
    left_in,
)
from loopline.fulfilment.photos import tasks_lacking_photos
from loopline.fulfilment.rules import Moved
from loopline.fulfilment.service.moves import advance, kept, write_moves
from loopline.kernel.ids import TaskId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope


def hand_over_tasks(
    conn: Conn, commands: Sequence[HandOverTask], *, scope: Scope, now: datetime
) -> list[HandedOver | Refusal]:
    """Give packed parcels to the carrier; what lacks a photo that it needs stays."""
    lacking: set[TaskId] = set()

    def prepare(tasks: dict[TaskId, Task]) -> None:
        lacking.update(tasks_lacking_photos(conn, tasks))

    def decide(command: HandOverTask, task: Task) -> Task | Refusal:
        return rules.hand_over(command, task, now=now, lacks_photo=task.task_id in lacking)

    outcomes = advance(conn, commands, decide, scope=scope, prepare=prepare)
    gone = _handed_over(conn, outcomes)
    _keep_waybills(conn, commands, gone)
    return gone


def _keep_waybills(
    conn: Conn, commands: Sequence[HandOverTask], gone: Sequence[HandedOver | Refusal]
) -> None:
    """Keep by which numbers the carrier knows what it took over, for its bills."""
    waybills = [
        Waybill(
            task_id=parcel.task_id,
            order_id=parcel.order_id,
            site_id=parcel.site_id,
            tracking_number=command.tracking_number,
            handed_over_at=parcel.at,
        )
        for command, parcel in zip(commands, gone, strict=True)
        if isinstance(parcel, HandedOver) and command.tracking_number and not parcel.is_repeat
    ]
    if waybills:
        store.insert_waybills(conn, waybills)


def lock_tasks_of_codes(conn: Conn, commands: Sequence[CollectParcel], *, scope: Scope) -> list[Task | None]:
    """Lock the tasks whose parcels have these codes, by id, and return them in the order asked; None: not in scope."""
    codes = [
        (command.site_id, hash_of_code(command.site_id, command.code))
        for command in commands
        if scope.covers_site(command.site_id)
    ]
    found = {
        (task.site_id, task.code_hash): task for task in store.lock_tasks_by_code(conn, sorted(set(codes)))
    }
    return [found.get((command.site_id, hash_of_code(command.site_id, command.code))) for command in commands]


def collect_parcels(
    conn: Conn, commands: Sequence[CollectParcel], *, scope: Scope, now: datetime
) -> list[HandedOver | Refusal]:
    """Give waiting parcels to those who show their codes, however these are typed."""
    codes = [(command.site_id, hash_of_code(command.site_id, command.code)) for command in commands]
    before = {task.task_id: task for task in store.lock_tasks_by_code(conn, sorted(set(codes)))}
    by_code = {(task.site_id, task.code_hash): task.task_id for task in before.values()}
    lacking = tasks_lacking_photos(conn, before)
    current = dict(before)
    outcomes: list[Moved | Refusal] = []
    for command, code in zip(commands, codes, strict=True):
        task_id = by_code.get(code)
        if not scope.covers_site(command.site_id):
            outcomes.append(NotInYourBranch(subject=str(command.site_id)))
        elif task_id is None:
            outcomes.append(rules.UnknownCode(site_id=command.site_id))
        else:
            given = rules.collect(command, current[task_id], now=now, lacks_photo=task_id in lacking)
            outcomes.append(kept(current, current[task_id], given))
    write_moves(conn, before, current)
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
