"""What time ends."""

from collections.abc import Callable, Sequence
from datetime import datetime

from loopline.db import Conn
from loopline.fulfilment import rules, store
from loopline.fulfilment.model import (
    EndedTask,
    Task,
    left_in,
)
from loopline.fulfilment.service.moves import write_moves


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
    write_moves(conn, before, after)
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
