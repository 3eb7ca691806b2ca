"""One function per SQL statement of `store.sql`."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch, fetch_one, fetch_values, statements, uuids
from loopline.fulfilment.model import Task
from loopline.fulfilment.rounds.model import BeginRound, Boxed, BoxedUnits, Missing, Round, RoundTask
from loopline.kernel.ids import PersonId, RoundId, SiteId, TaskId

SQL = statements(__file__)


class PickerOfTask(msgspec.Struct, frozen=True, kw_only=True):
    """Who picks a task in a round."""

    task_id: TaskId
    round_id: RoundId
    picker_id: PersonId


def insert_round(conn: Conn, begin: BeginRound, *, now: datetime) -> bool:
    """Begin a round; False where its id was known."""
    return bool(
        execute(
            conn,
            SQL["insert_round"],
            round_id=begin.round_id,
            site_id=begin.site_id,
            picker_id=begin.picker_id,
            now=now,
        )
    )


def insert_round_tasks(conn: Conn, round_id: RoundId, task_ids: Sequence[TaskId]) -> None:
    """Put tasks into boxes 1, 2, 3 … of a round."""
    execute(
        conn,
        SQL["insert_round_tasks"],
        round_id=round_id,
        task_ids=list(task_ids),
        boxes=list(range(1, len(task_ids) + 1)),
    )


def lock_round(conn: Conn, round_id: RoundId) -> Round | None:
    """Lock a round."""
    return fetch_one(conn, SQL["lock_round"], Round, round_id=round_id)


def read_round(conn: Conn, round_id: RoundId) -> Round | None:
    """Return a round."""
    return fetch_one(conn, SQL["read_round"], Round, round_id=round_id)


def change_picker(conn: Conn, round_id: RoundId, picker_id: PersonId, *, now: datetime) -> None:
    """Give a round to another picker."""
    execute(conn, SQL["change_picker"], round_id=round_id, picker_id=picker_id, now=now)


def read_round_tasks(conn: Conn, round_id: RoundId) -> list[RoundTask]:
    """Return the tasks in a round, by box."""
    return fetch(conn, SQL["read_round_tasks"], RoundTask, round_id=round_id)


def read_rounds_of_tasks(conn: Conn, task_ids: Collection[TaskId]) -> list[RoundTask]:
    """Return the rounds in which tasks are picked."""
    return fetch(conn, SQL["read_rounds_of_tasks"], RoundTask, task_ids=uuids(task_ids))


def read_pickers_of_tasks(conn: Conn, task_ids: Collection[TaskId]) -> list[PickerOfTask]:
    """Return who picks tasks in rounds."""
    return fetch(conn, SQL["read_pickers_of_tasks"], PickerOfTask, task_ids=uuids(task_ids))


def leave_round(conn: Conn, round_id: RoundId, task_ids: Sequence[TaskId], *, now: datetime) -> None:
    """Take tasks out of a round."""
    touched = execute(conn, SQL["leave_round"], round_id=round_id, task_ids=uuids(task_ids), now=now)
    assert touched == len(task_ids)


def rounds_under_way(conn: Conn, site_id: SiteId, *, packed_too: bool) -> list[Round]:
    """Return the rounds of a site with work left in them."""
    return fetch(conn, SQL["rounds_under_way"], Round, site_id=site_id, packed_too=packed_too)


def tasks_to_choose(conn: Conn, site_id: SiteId, *, limit: int) -> list[Task]:
    """Return the accepted tasks of a site that are in no round."""
    return fetch(conn, SQL["tasks_to_choose"], Task, site_id=site_id, limit=limit)


def write_boxed(conn: Conn, round_id: RoundId, boxed: Sequence[BoxedUnits], *, by: PersonId) -> None:
    """Keep what lies in boxes; each allocation at most once."""
    execute(
        conn,
        SQL["write_boxed"],
        round_id=round_id,
        allocation_ids=[one.allocation_id for one in boxed],
        units=[one.units for one in boxed],
        moments=[one.at for one in boxed],
        boxed_by=by,
    )


def read_boxed(conn: Conn, round_id: RoundId) -> list[Boxed]:
    """Return what lies in the boxes of a round."""
    return fetch(conn, SQL["read_boxed"], Boxed, round_id=round_id)


def read_known_shorts(conn: Conn, ids: Sequence[UUID]) -> set[UUID]:
    """Return which of these were said before."""
    return set(fetch_values(conn, SQL["read_known_shorts"], ids=uuids(ids)))


def insert_shorts(
    conn: Conn, round_id: RoundId, missing: Sequence[Missing], *, by: PersonId, now: datetime
) -> None:
    """Keep what was said to be missing."""
    execute(
        conn,
        SQL["insert_shorts"],
        round_id=round_id,
        ids=[one.id for one in missing],
        sku_ids=[one.sku_id for one in missing],
        units=[one.units for one in missing],
        reasons=[one.reason.value for one in missing],
        said_by=by,
        now=now,
    )
