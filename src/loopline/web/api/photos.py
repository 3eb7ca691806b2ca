"""Photos of goods before they are packed: what is asked of a task, photos kept, and why there is none."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from loopline import catalogue
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.photos import (
    Demand,
    KeepPhoto,
    PhotoCause,
    PhotoDone,
    WaivePhoto,
    WhyNoPhoto,
)
from loopline.kernel.ids import AllocationId, PhotoId, TaskId
from loopline.kernel.refusals import Refusal, Refused
from loopline.org import Permission
from loopline.processes import photos as process
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.refusals import IdNotOfItsTime, NoSuchThing
from loopline.web.api.shapes import Batch, Outcomes, decided, merged, posted, told
from loopline.web.api.types import Moment
from loopline.web.edge import edge_of
from loopline.web.photographs import remade

_TAG = "tasks"
_AT_ONCE_MAX = 10


class PhotoAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A photo of a line of a task; `id` is a UUIDv7 of yours: sent twice, it is kept once.

    `content` is a JPEG, PNG or WebP in base64, of 6 MB and 24 million pixels at most. It is made anew: small, upright,
    without the place it was taken at.
    """

    id: UUID
    task_id: UUID
    allocation_id: UUID
    taken_at: Moment
    content: Annotated[bytes, Meta(min_length=1)]

    def __repr__(self) -> str:
        return f"PhotoAsk(id={self.id}, {len(self.content)} bytes)"


class PhotosAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Up to ten photos, of 20 MB together as they are sent. Each has its own outcome."""

    items: Annotated[list[PhotoAsk], Meta(min_length=1, max_length=_AT_ONCE_MAX)]


class NoPhotoAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why there is no photo of a line of a task that was checked."""

    task_id: UUID
    allocation_id: UUID
    reason: WhyNoPhoto


class PhotoKeptTold(msgspec.Struct, frozen=True, kw_only=True):
    """A photo that is kept, or a line without one (`photo_id` null); `is_repeat`: as it was before."""

    task_id: TaskId
    allocation_id: AllocationId
    photo_id: PhotoId | None
    is_repeat: bool


class LinePhotosTold(msgspec.Struct, frozen=True, kw_only=True):
    """What photo is asked of a line, or needed before its goods leave, and why; those there are; why there is none."""

    allocation_id: AllocationId
    sku_code: str
    demand: Demand | None
    causes: tuple[PhotoCause, ...]
    photo_ids: tuple[PhotoId, ...]
    why_none: WhyNoPhoto | None


class PhotosTold(msgspec.Struct, frozen=True, kw_only=True):
    """The lines of a task of which photos are asked or kept."""

    items: list[LinePhotosTold]


@posted("/tasks/photos", tag=_TAG, name="keep_photos", gives=Outcomes[PhotoKeptTold])
def keep_photos(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[PhotosAsk]
) -> Response[bytes]:
    """Keep photos of goods while they are picked, checked or packed, or up to a week after they left."""
    scope = caller.scope(Permission.TASKS_WRITE)
    now = edge_of(request).clock()
    judged = [_keep(one, caller.actor, now) for one in data.items]

    def decide(conn: Conn, now: datetime) -> Sequence[PhotoKeptTold | Refusal]:
        outcomes = merged(judged, lambda free: process.keep_photos(conn, free, scope=scope, now=now))
        return [_told(one) for one in outcomes]

    return decided(request, caller, data, decide)


def _keep(one: PhotoAsk, actor: str, now: datetime) -> KeepPhoto | Refusal:
    if one.id.version != 7:
        return IdNotOfItsTime(id=one.id)
    picture = remade(one.content)
    if isinstance(picture, Refusal):
        return picture
    return KeepPhoto(
        id=PhotoId(one.id),
        task_id=TaskId(one.task_id),
        allocation_id=AllocationId(one.allocation_id),
        taken_at=min(one.taken_at, now),
        by=actor,
        picture=picture,
    )


@posted("/tasks/no-photos", tag=_TAG, name="waive_photos", gives=Outcomes[PhotoKeptTold])
def waive_photos(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[NoPhotoAsk]]
) -> Response[bytes]:
    """Say why goods leave without the photo that is asked of them, once they are checked."""
    scope = caller.scope(Permission.TASKS_WRITE)
    commands = [
        WaivePhoto(
            task_id=TaskId(one.task_id),
            allocation_id=AllocationId(one.allocation_id),
            reason=one.reason,
            by=caller.actor,
        )
        for one in data.items
    ]

    def decide(conn: Conn, now: datetime) -> Sequence[PhotoKeptTold | Refusal]:
        return [_told(one) for one in process.waive_photos(conn, commands, scope=scope, now=now)]

    return decided(request, caller, data, decide)


def _told(one: PhotoDone | Refusal) -> PhotoKeptTold | Refusal:
    if isinstance(one, Refusal):
        return one
    return PhotoKeptTold(
        task_id=one.task_id,
        allocation_id=one.allocation_id,
        photo_id=one.photo_id,
        is_repeat=one.is_repeat,
    )


@told("/tasks/{task_id:uuid}/photos", tag=_TAG, name="list_photos")
def list_photos(request: AnyRequest, caller: NamedDependency[Caller], task_id: FromPath[UUID]) -> PhotosTold:
    """Tell which photos a task of one of your sites needs, and which there are."""
    scope = caller.scope(Permission.TASKS_READ)

    def find(conn: Conn, _: datetime) -> PhotosTold:
        found = fulfilment.tasks_by_id(conn, [TaskId(task_id)])
        if not found or not scope.covers_site(found[0].site_id):
            raise Refused(NoSuchThing(noun="task", value=str(task_id)))
        rows = process.photos_of_tasks(conn, {found[0].task_id: found[0]})
        skus = catalogue.skus_by_id(conn, {one.line.sku_id for one in rows})
        return PhotosTold(
            items=[
                LinePhotosTold(
                    allocation_id=one.line.allocation_id,
                    sku_code=skus[one.line.sku_id].code,
                    demand=one.point.demand if one.point else None,
                    causes=one.point.causes if one.point else (),
                    photo_ids=tuple(photo.id for photo in one.photos),
                    why_none=one.point.waived_reason if one.point else None,
                )
                for one in rows
            ]
        )

    return read(request, find)


PHOTO_HANDLERS = [keep_photos, waive_photos, list_photos]
