"""Photos of what comes back, as a counter's form sends them, and as pages show them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline.db import Conn
from loopline.kernel.ids import LineId, OrderId, PhotoId, ReturnId
from loopline.kernel.pictures import Picture
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.processes.outcomes import all_granted
from loopline.processes.photos_back import LineLookedAt, keep_photos, lines_lacking_photos, photo_seen
from loopline.returns import photos
from loopline.returns import queries as returns
from loopline.returns.photos import About, PhotoDemand, PhotoRule, Waiver, WhyNone
from loopline.web.api.answers import read, run
from loopline.web.api.refusals import NoSuchThing
from loopline.web.edge import WebRequest
from loopline.web.languages import Language, marked
from loopline.web.photos_back import new_photos, pictures_of, returned_photo_answer
from loopline.web.store.count.place import actor_of
from loopline.web.store.desk import Desk
from loopline.web.store.moving.place import Form
from loopline.web.store.refusals import PhotoBackWanted
from loopline.web.store.returns.place import GRADE_WORDS, REASON_WORDS, RETURNING, RETURNS, id_in, scope_of

WHY_NONE_WORDS: Mapping[WhyNone, str] = {
    WhyNone.NO_CAMERA: marked("No camera that works"),
    WhyNone.CUSTOMER_WAITS: marked("The customer is waiting"),
    WhyNone.NOTHING_TO_SHOW: marked("There is nothing to see"),
}
_WHY_NONE = {one.value: one for one in WhyNone}


class Pictured(msgspec.Struct, frozen=True, kw_only=True):
    """Of which order a form's photos are, and which lines it has."""

    order_id: OrderId
    lines: frozenset[LineId]


def pictures_sent(
    data: Mapping[str, Any], *, of: ReturnId | None = None
) -> dict[LineId, list[Picture]] | Refusal:
    """Read the photos that came with a form, by line, made anew; `of`: in an announcement's form."""
    prefix = "photo " if of is None else f"photo {of} "
    found: dict[LineId, list[Picture]] = {}
    for name, value in data.items():
        line_id = id_in(name.removeprefix(prefix)) if name.startswith(prefix) else None
        if line_id is None:
            continue
        pictures = pictures_of(value)
        if isinstance(pictures, Refusal):
            return pictures
        found[LineId(line_id)] = pictures
    return found


def keep_sent(  # noqa: PLR0913 - whose form, and of what
    request: WebRequest,
    desk: Desk,
    data: Mapping[str, Any],
    return_id: ReturnId,
    find: Callable[[Conn, datetime], Pictured | None],
    *,
    of: ReturnId | None = None,
) -> Refusal | None:
    """Keep the photos that came with a form, whatever becomes of the rest of it; return why one cannot be kept."""
    sent = pictures_sent(data, of=of)
    if isinstance(sent, Refusal):
        return sent
    if not any(sent.values()):
        return None
    scope, by = scope_of(desk.visitor), actor_of(desk.visitor)

    def work(conn: Conn, now: datetime) -> Refusal | None:
        meant = find(conn, now)
        new = [
            photo
            for line_id, pictures in sent.items()
            if meant is not None and line_id in meant.lines
            for photo in new_photos(
                pictures, return_id=return_id, order_id=meant.order_id, line_id=line_id, by=by
            )
        ]
        outcomes = keep_photos(conn, new, scope=scope, now=now)
        return next((one for one in outcomes if isinstance(one, Refusal)), None)

    return run(request, work)


def refuse_lacking(  # noqa: PLR0913 - what is looked at, and what was said
    conn: Conn,
    data: Mapping[str, Any],
    return_id: ReturnId,
    looked_at: Sequence[tuple[str, LineLookedAt]],
    *,
    by: str,
    now: datetime,
    of: ReturnId | None = None,
) -> Refusal | None:
    """Keep why there are no photos, as a form says it, and return why goods cannot be taken back without one.

    `looked_at`: lines with the codes of their goods.
    """
    prefix = "no_photo " if of is None else f"no_photo {of} "
    waivers = [
        Waiver(return_id=return_id, line_id=one.line_id, reason=reason)
        for _, one in looked_at
        if (reason := _WHY_NONE.get(str(data.get(f"{prefix}{one.line_id}", "")))) is not None
    ]
    lacking = lines_lacking_photos(
        conn, return_id, [one for _, one in looked_at], waived=[one.line_id for one in waivers]
    )
    for code, one in looked_at:
        if one.line_id in lacking:
            return PhotoBackWanted(sku=code)
    photos.waive_photos(conn, waivers, by=by, now=now)
    return None


def wishes(rules: Sequence[PhotoRule], language: Language) -> dict[str, Any]:
    """Say of which goods a photo is wanted, and of which one is needed; and the reasons why there is none."""
    return {
        "asked": _named(rules, PhotoDemand.ASKED, language),
        "required": _named(rules, PhotoDemand.REQUIRED, language),
        "why_none": [(one.value, language.say(word)) for one, word in WHY_NONE_WORDS.items()],
    }


def _named(rules: Sequence[PhotoRule], demand: PhotoDemand, language: Language) -> str:
    words: dict[tuple[About, str], str] = {
        **{(About.GRADE, one.value): word for one, word in GRADE_WORDS.items()},
        **{(About.REASON, one.value): word for one, word in REASON_WORDS.items()},
    }
    said = dict.fromkeys(language.say(words[one.about, one.value]) for one in rules if one.demand is demand)
    return " · ".join(said)


@get("/store/returns/photos/{photo_id:uuid}", dependencies=RETURNING, sync_to_thread=True)
def show_returned_photo(
    request: WebRequest, returning: NamedDependency[Desk], photo_id: FromPath[UUID]
) -> Response[bytes]:
    """Show a photo of what comes back: of any order, as every order may come back here; without one, of this branch."""
    mine = scope_of(returning.visitor)

    def find(conn: Conn, _: datetime) -> photos.PhotoContent:
        found = photo_seen(conn, PhotoId(photo_id), scope=WHOLE_BRAND)
        if found is not None and found.order_id is None:
            found = photo_seen(conn, PhotoId(photo_id), scope=mine)
        if found is None:
            raise Refused(NoSuchThing(noun="photo", value=str(photo_id)))
        return found

    return returned_photo_answer(read(request, find))


@post("/store/returns/done/{return_id:uuid}/photo", dependencies=RETURNING, sync_to_thread=True)
def add_returned_photo(
    request: WebRequest, returning: NamedDependency[Desk], return_id: FromPath[UUID], data: Form
) -> Redirect:
    """Add photos to a return that was taken in at one's own sites, with a receipt or without."""
    scope, by = scope_of(returning.visitor), actor_of(returning.visitor)
    pictures = pictures_of(data.get("photo"))
    if isinstance(pictures, Refusal):
        raise Refused(pictures)

    def work(conn: Conn, now: datetime) -> None:
        head = _taken_in(conn, ReturnId(return_id), scope)
        new = new_photos(pictures, return_id=head.id, order_id=head.order_id, line_id=None, by=by)
        all_granted(keep_photos(conn, new, scope=scope, now=now))

    run(request, work)
    return Redirect(f"{RETURNS}/done/{return_id}#photos", status_code=HTTP_303_SEE_OTHER)


def _taken_in(conn: Conn, return_id: ReturnId, scope: Scope) -> returns.Return:
    found = returns.returns_by_id(conn, [return_id])
    if not found or not scope.covers_site(found[0].site_id):
        raise Refused(NoSuchThing(noun="return", value=str(return_id)))
    return found[0]
