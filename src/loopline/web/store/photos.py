"""Photos of goods on the phone: taken while they are picked, kept on it until the server has them, or waived."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, RawBody
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER
from msgspec import Meta

from loopline.db import Conn
from loopline.fulfilment import photos
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import TaskState
from loopline.fulfilment.photos import KeepPhoto, PhotoContent, PhotoDone, WaivePhoto, WhyNoPhoto
from loopline.fulfilment.rules import UnknownTask
from loopline.kernel.ids import AllocationId, PhotoId, TaskId
from loopline.kernel.refusals import Refusal, Refused
from loopline.org import Permission
from loopline.processes import photos as process
from loopline.web.api.answers import answered, granted, read, run
from loopline.web.api.reading import decode
from loopline.web.api.refusals import IdNotOfItsTime, NoSuchThing
from loopline.web.edge import NotSignedIn, WebRequest, edge_of
from loopline.web.languages import Language, marked
from loopline.web.pages import form_token
from loopline.web.photo_words import WHY_NONE_WORDS
from loopline.web.photographs import remade, shown
from loopline.web.store.count.place import actor_of
from loopline.web.store.desk import DESK, Desk
from loopline.web.store.moving.place import Form
from loopline.web.store.refusals import SayWhyNoPhoto
from loopline.web.store.scripts import Scripts

_SCRIPTS = Scripts("/store/photos", "photos")
_WORDS = {
    "not_kept": marked("This device could not keep the photo. Make room and take it again."),
    "unreadable": marked("This photo cannot be read. Take it again with the camera."),
    "waiting": marked("{count} photos wait for the network. They are sent by themselves."),
    "one_waiting": marked("One photo waits for the network. It is sent by itself."),
    "signed_out": marked("Sign in again to send the photos that wait here."),
    "refused": marked("A photo was not taken in: {reason}"),
    "discard": marked("Throw it away"),
    "kept": marked("on this phone"),
    "sent": marked("sent"),
}
_TAKING = frozenset({TaskState.PICKING, TaskState.CHECKED, TaskState.PACKED})
_WAIVING = frozenset({TaskState.CHECKED, TaskState.PACKED})


class PhotoToken(msgspec.Struct, frozen=True, kw_only=True):
    """What commands carry in `x-csrftoken`, and the server's clock."""

    token: str
    now: datetime


class PhotoSent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A photo of a line of a task as a phone took it; `id` is a UUIDv7 that it made. `content` is in base64.

    `person`: who took it; while another is signed in on the phone it is not taken in, and waits.
    """

    id: UUID
    person: UUID | None = None
    task_id: UUID
    key: UUID
    at: Annotated[datetime, Meta(tz=True)]
    content: Annotated[bytes, Meta(min_length=1)]


class PhotoTaken(msgspec.Struct, frozen=True, kw_only=True):
    """A photo that is kept now, or was before."""

    id: UUID
    path: str


@get("/store/photos/token", dependencies=DESK, sync_to_thread=True)
def tell_photo_token(request: WebRequest, desk: NamedDependency[Desk]) -> Response[bytes]:
    """Tell what commands carry: a phone may send long after the page was opened."""
    desk.visitor.scope_of(Permission.TASKS_WRITE)
    return answered(PhotoToken(token=form_token(request), now=edge_of(request).clock()))


@post("/store/photos", dependencies=DESK, status_code=200, sync_to_thread=True)
def take_photo(request: WebRequest, desk: NamedDependency[Desk], body: RawBody) -> Response[bytes]:
    """Keep a photo that a phone took; sent twice, it is kept once."""
    scope = desk.visitor.scope_of(Permission.TASKS_WRITE)
    asked: PhotoSent = decode(body, PhotoSent)
    if asked.id.version != 7:
        raise Refused(IdNotOfItsTime(id=asked.id))
    if asked.person not in {None, desk.person_id}:
        raise NotSignedIn
    picture = remade(asked.content)
    if isinstance(picture, Refusal):
        raise Refused(picture)

    def work(conn: Conn, now: datetime) -> PhotoDone:
        command = KeepPhoto(
            id=PhotoId(asked.id),
            task_id=TaskId(asked.task_id),
            allocation_id=AllocationId(asked.key),
            taken_at=min(asked.at, now),  # a phone's clock may be ahead
            by=actor_of(desk.visitor),
            picture=picture,
        )
        return granted(process.keep_photos(conn, [command], scope=scope, now=now)[0])

    done = run(request, work)
    return answered(PhotoTaken(id=asked.id, path=f"/store/tasks/{done.task_id}/photos/{asked.id}"))


@get("/store/tasks/{task_id:uuid}/photos/{photo_id:uuid}", dependencies=DESK, sync_to_thread=True)
def show_photo(
    request: WebRequest, desk: NamedDependency[Desk], task_id: FromPath[UUID], photo_id: FromPath[UUID]
) -> Response[bytes]:
    """Show a photo of a task of the own sites."""

    def find(conn: Conn, _: datetime) -> PhotoContent:
        found = fulfilment.tasks_by_id(conn, [TaskId(task_id)])
        is_own = bool(found) and desk.scope.covers_site(found[0].site_id)
        content = photos.photo_content(conn, PhotoId(photo_id)) if is_own else None
        if content is None or content.task_id != task_id:
            raise Refused(NoSuchThing(noun="photo", value=str(photo_id)))
        return content

    return photo_answer(read(request, find))


def photo_answer(found: PhotoContent) -> Response[bytes]:
    """Answer with what a photo shows; no browser keeps it."""
    return shown(found.content, found.media_type)


@post("/store/tasks/{task_id:uuid}/no-photo", dependencies=DESK, sync_to_thread=True)
def waive_photo(
    request: WebRequest, desk: NamedDependency[Desk], task_id: FromPath[UUID], data: Form
) -> Response[Any]:
    """Say why goods leave without the photo they need."""
    scope = desk.visitor.scope_of(Permission.TASKS_WRITE)
    found = read(request, lambda conn, _: fulfilment.tasks_by_id(conn, [TaskId(task_id)]))
    if not found or not scope.covers_site(found[0].site_id):
        raise Refused(UnknownTask(task_id=task_id))
    try:
        command = WaivePhoto(
            task_id=TaskId(task_id),
            allocation_id=AllocationId(UUID(str(data.get("key", "")))),
            reason=WhyNoPhoto(str(data.get("reason", ""))),
            by=actor_of(desk.visitor),
        )
    except ValueError:
        raise Refused(SayWhyNoPhoto()) from None
    run(request, lambda conn, now: granted(process.waive_photos(conn, [command], scope=scope, now=now)[0]))
    return Redirect(f"/store/tasks/{task_id}", status_code=HTTP_303_SEE_OTHER)


@get("/store/photos/code/{mark:str}/{name:str}", sync_to_thread=False)
def show_photo_script(mark: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """Give a script of photos."""
    return _SCRIPTS.give(mark, name)


def photo_scripts() -> list[str]:
    """Return where a page loads what takes and sends photos from."""
    return _SCRIPTS.addresses()


def outbox_of(desk: Desk, language: Language) -> dict[str, Any]:
    """What a page needs that sends what waits on the phone."""
    return {
        "scripts": _SCRIPTS.addresses(),
        "person": str(desk.person_id),
        "words": {name: language.say(sentence) for name, sentence in _WORDS.items()},
    }


def taking_of(state: TaskState, language: Language) -> dict[str, Any]:
    """Whether photos of a task are taken now, and may be waived; and the reasons to choose from."""
    return {
        "may_take": state in _TAKING,
        "may_waive": state in _WAIVING,
        "reasons": [(one.value, language.say(word)) for one, word in WHY_NONE_WORDS.items()],
    }


PHOTO_PAGES = [tell_photo_token, take_photo, show_photo, waive_photo, show_photo_script]
