"""One function per SQL statement of `store.sql`."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch, fetch_one, fetch_values, statements, uuids
from loopline.fulfilment.packing import TASK_AGE_MAX
from loopline.fulfilment.photos.model import (
    KeepPhoto,
    Photo,
    PhotoContent,
    PhotoPoint,
    PhotoRule,
    PhotosLately,
    SetPhotoRule,
    WaivePhoto,
)
from loopline.kernel.ids import AllocationId, OrderId, PhotoId, SiteId, TaskId, first_id_of

SQL = statements(__file__)


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What was sent under an id."""

    id: PhotoId
    task_id: TaskId
    allocation_id: AllocationId
    sent_hash: bytes


def photo_rules(conn: Conn) -> list[PhotoRule]:
    """Return what asks for a photo, what holds everywhere first."""
    return fetch(conn, SQL["photo_rules"], PhotoRule)


def set_photo_rules(conn: Conn, rules: Sequence[SetPhotoRule], *, by: str, now: datetime) -> None:
    """Say what causes ask for."""
    execute(
        conn,
        SQL["set_photo_rules"],
        causes=[one.cause.value for one in rules],
        categories=[one.category for one in rules],
        demands=[one.demand.value for one in rules if one.demand is not None],
        from_minors=[one.from_minor for one in rules],
        by=by,
        now=now,
    )


def drop_photo_rules(conn: Conn, rules: Sequence[SetPhotoRule]) -> None:
    """Forget what was said of categories."""
    execute(
        conn,
        SQL["drop_photo_rules"],
        causes=[one.cause.value for one in rules],
        categories=[one.category for one in rules],
    )


def insert_points(conn: Conn, points: Sequence[PhotoPoint]) -> None:
    """Keep which photos are asked of lines."""
    execute(
        conn,
        SQL["insert_points"],
        task_ids=[one.task_id for one in points],
        allocation_ids=[one.allocation_id for one in points],
        causes=[" ".join(one.causes) for one in points],
        demands=[one.demand.value for one in points],
    )


def points_of_tasks(conn: Conn, task_ids: Collection[TaskId]) -> list[PhotoPoint]:
    """Return the photos that were asked of lines of tasks."""
    return fetch(conn, SQL["points_of_tasks"], PhotoPoint, task_ids=uuids(task_ids))


def lacking_tasks(conn: Conn, task_ids: Collection[TaskId]) -> set[TaskId]:
    """Return the tasks that lack a photo they need."""
    return set(fetch_values(conn, SQL["lacking_tasks"], task_ids=uuids(task_ids)))


def waive_points(conn: Conn, commands: Sequence[WaivePhoto], *, now: datetime) -> None:
    """Keep why there is no photo of lines."""
    execute(
        conn,
        SQL["waive_points"],
        task_ids=[one.task_id for one in commands],
        allocation_ids=[one.allocation_id for one in commands],
        reasons=[one.reason.value for one in commands],
        waived_by=[one.by for one in commands],
        now=now,
    )


def insert_photos(conn: Conn, photos: Sequence[KeepPhoto], *, now: datetime) -> None:
    """Keep photos of lines."""
    execute(
        conn,
        SQL["insert_photos"],
        ids=[one.id for one in photos],
        task_ids=[one.task_id for one in photos],
        allocation_ids=[one.allocation_id for one in photos],
        taken_at=[one.taken_at for one in photos],
        taken_by=[one.by for one in photos],
        media_types=[one.picture.media_type for one in photos],
        widths=[one.picture.width for one in photos],
        heights=[one.picture.height for one in photos],
        sent_hashes=[one.picture.sent_hash for one in photos],
        contents=[one.picture.content for one in photos],
        now=now,
    )


def sent_hashes(conn: Conn, ids: Collection[UUID]) -> list[Sent]:
    """Return what was sent under ids; an id that is new is left out."""
    return fetch(conn, SQL["sent_hashes"], Sent, ids=uuids(ids))


def photos_of_tasks(conn: Conn, task_ids: Collection[TaskId]) -> list[Photo]:
    """Return the photos of tasks without their content, in the order in which they were taken."""
    return fetch(conn, SQL["photos_of_tasks"], Photo, task_ids=uuids(task_ids))


def photo_content(conn: Conn, photo_id: PhotoId) -> PhotoContent | None:
    """Return what a photo shows; None for no photo, and for one that was forgotten."""
    return fetch_one(conn, SQL["photo_content"], PhotoContent, id=photo_id)


def forget_old(conn: Conn, *, before: datetime, now: datetime, limit: int) -> int:
    """Let go of what photos show that were kept before a moment; return how many."""
    return execute(conn, SQL["forget_old"], before=before, now=now, limit=limit)


def forget_of_orders(conn: Conn, order_ids: Collection[OrderId], *, now: datetime) -> int:
    """Let go of what photos of orders show; return how many."""
    return execute(conn, SQL["forget_of_orders"], order_ids=uuids(order_ids), now=now)


def photos_lately(conn: Conn, site_ids: Collection[SiteId] | None, *, since: datetime) -> list[PhotosLately]:
    """Return of how many lines that left sites (None: all) since a moment a photo was wanted, and there is one."""
    sites = None if site_ids is None else uuids(site_ids)
    return fetch(
        conn,
        SQL["photos_lately"],
        PhotosLately,
        sites=sites,
        since=since,
        first_task=first_id_of(since - TASK_AGE_MAX),
    )
