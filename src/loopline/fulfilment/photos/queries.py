"""Reads of photos, for screens and processes. Nothing here locks."""

from collections.abc import Collection
from datetime import datetime

from loopline.db import Conn
from loopline.fulfilment.photos import store
from loopline.fulfilment.photos.model import Photo, PhotoContent, PhotoPoint, PhotoRule, PhotosLately
from loopline.kernel.ids import PhotoId, SiteId, TaskId


def photo_rules(conn: Conn) -> list[PhotoRule]:
    """Return what asks for a photo, what holds everywhere first."""
    return store.photo_rules(conn)


def photos_asked(conn: Conn, task_ids: Collection[TaskId]) -> list[PhotoPoint]:
    """Return the photos that were asked of lines of tasks when they were checked."""
    return store.points_of_tasks(conn, task_ids) if task_ids else []


def tasks_lacking_photos(conn: Conn, task_ids: Collection[TaskId]) -> set[TaskId]:
    """Return the tasks that need a photo, and have neither one nor a reason why there is none."""
    return store.lacking_tasks(conn, task_ids) if task_ids else set()


def photos_of_tasks(conn: Conn, task_ids: Collection[TaskId]) -> list[Photo]:
    """Return the photos of tasks without their content, in the order in which they were taken."""
    return store.photos_of_tasks(conn, task_ids) if task_ids else []


def photo_content(conn: Conn, photo_id: PhotoId) -> PhotoContent | None:
    """Return what a photo shows, and of which task it is; whether that may be seen is for the caller to decide."""
    return store.photo_content(conn, photo_id)


def photos_lately(conn: Conn, site_ids: Collection[SiteId] | None, *, since: datetime) -> list[PhotosLately]:
    """Return of how many lines that left sites (None: all) since a moment a photo was wanted, and there is one."""
    return store.photos_lately(conn, site_ids, since=since)
