"""Read reviews: what they come to, by the model and themes in force, and which site is told of a bad one.

Follows the log, so that a bad review is on its store's page within a second of being written; what stands is read again
by a round when another model or list of themes is in force.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from loopline import reviews
from loopline.db import Conn
from loopline.db.followers import Follower
from loopline.fulfilment.model import Task, TaskLine, TaskState
from loopline.fulfilment.queries import lines_of_tasks, tasks_of_orders
from loopline.kernel.events import Event
from loopline.kernel.ids import OrderId, ReviewId, TaskId
from loopline.reviews import (
    AlertEnd,
    Reader,
    Reading,
    Review,
    ReviewChanged,
    ReviewWritten,
    Sending,
    alerted_site,
)

_WRITTEN = ReviewWritten.type_name()
_CHANGED = ReviewChanged.type_name()


def read_again(conn: Conn, review_ids: Collection[ReviewId], *, reader: Reader, now: datetime) -> int:
    """Read reviews as they stand and keep what they come to; tell sites of bad ones, each once. Returns how many.

    A site that was told of one that is no longer bad need not look. Locks readings by review, then bad
    reviews by id, then alerts.
    """
    found = list(reviews.reviews_by_id(conn, review_ids).values())
    readings = reviews.read_reviews(found, reader=reader, sendings=_sendings(conn, found))
    kept = reviews.write_readings(conn, readings, now=now)
    _tell_sites(
        conn,
        [(one, came) for one, came in zip(found, readings, strict=True) if one.id in kept],
        reader=reader,
        now=now,
    )
    return len(readings)


def _tell_sites(conn: Conn, read: Sequence[tuple[Review, Reading]], *, reader: Reader, now: datetime) -> None:
    wanted = [
        (one.id, site_id)
        for one, came in read
        if (site_id := alerted_site(one, came, reader.themes)) is not None
    ]
    reviews.raise_alerts(conn, wanted, now=now)
    better = [one.id for one, came in read if not came.is_bad]
    reviews.end_alerts(conn, better, ended_as=AlertEnd.BETTER, by=None, now=now)


def _sendings(conn: Conn, found: Sequence[Review]) -> dict[ReviewId, Sending]:
    """Who sent what each review is about: the parcel with its line, else the order's first."""
    tasks = [
        one
        for one in tasks_of_orders(conn, list({one.order_id for one in found}))
        if one.state is TaskState.HANDED_OVER
    ]
    if not tasks:
        return {}
    lines = lines_of_tasks(conn, [one.task_id for one in tasks])
    by_order: dict[OrderId, list[Task]] = {}
    for one in tasks:
        by_order.setdefault(one.order_id, []).append(one)
    return {
        one.id: Sending(site_id=task.site_id, packer_id=task.accepted_by)
        for one in found
        if (task := _task_of(one, by_order.get(one.order_id, []), lines)) is not None
    }


def _task_of(
    review: Review, tasks: Sequence[Task], lines: Mapping[TaskId, Sequence[TaskLine]]
) -> Task | None:
    for task in tasks:
        if any(line.line_id == review.line_id and line.left for line in lines.get(task.task_id, ())):
            return task
    return tasks[0] if tasks else None


def read_what_stands(conn: Conn, *, now: datetime, limit: int) -> int:
    """Read again what was read with another model or list of themes than is in force; returns how many it read."""
    reader = reviews.reader_in_force(conn)
    return read_again(conn, reviews.to_read_again(conn, reader, limit=limit), reader=reader, now=now)


def read_new(conn: Conn, events: Sequence[Event]) -> None:
    """Read what was written or changed."""
    wanted = {ReviewId(told.subject) for told in events}
    now = max(told.at for told in events)
    read_again(conn, wanted, reader=reviews.reader_in_force(conn), now=now)


FOLLOWERS: tuple[Follower, ...] = (
    Follower(name="read_reviews", types=frozenset({_WRITTEN, _CHANGED}), apply=read_new),
)
