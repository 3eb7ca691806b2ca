"""Reads of rounds, for screens and processes. Nothing here locks."""

from collections.abc import Collection, Mapping
from datetime import datetime

from loopline.db import Conn
from loopline.fulfilment.model import Task
from loopline.fulfilment.rounds import rules, store
from loopline.fulfilment.rounds.model import Boxed, Round, RoundTask
from loopline.kernel.ids import AllocationId, OrderId, RoundId, SiteId, TaskId

TO_CHOOSE_MAX = 1_000
TASKS_MAX = 20


def round_by_id(conn: Conn, round_id: RoundId) -> Round | None:
    """Return a round."""
    return store.read_round(conn, round_id)


def tasks_of_round(conn: Conn, round_id: RoundId) -> list[RoundTask]:
    """Return the tasks in a round, by box; what was put back is left out."""
    return store.read_round_tasks(conn, round_id)


def rounds_of_tasks(conn: Conn, task_ids: Collection[TaskId]) -> dict[TaskId, RoundTask]:
    """Return the rounds in which tasks are picked; a task in none is left out."""
    return {one.task_id: one for one in store.read_rounds_of_tasks(conn, task_ids)}


def boxed_in_round(conn: Conn, round_id: RoundId) -> dict[AllocationId, Boxed]:
    """Return what lies in the boxes of a round."""
    return {one.allocation_id: one for one in store.read_boxed(conn, round_id)}


def rounds_under_way(conn: Conn, site_id: SiteId, *, packed_too: bool = True) -> list[Round]:
    """Return the rounds of a site of which something is still to be picked or packed, or to be sent, the latest first.

    Not `packed_too`: without those that only wait for the carrier.
    """
    return store.rounds_under_way(conn, site_id, packed_too=packed_too)


def tasks_to_choose(conn: Conn, site_id: SiteId) -> list[Task]:
    """Return the accepted tasks of a site that are in no round, at most a thousand, the earliest deadline first."""
    return store.tasks_to_choose(conn, site_id, limit=TO_CHOOSE_MAX)


def choose_tasks(tasks: Collection[Task], *, due: Mapping[OrderId, datetime], at_most: int) -> list[Task]:
    """Return the tasks for one round, the most urgent first: see `rules.by_urgency`."""
    return rules.by_urgency(tasks, due=due, at_most=min(at_most, TASKS_MAX)) if tasks else []
