"""The livestream desk: a streamer goes live with a touch, sees what is sellable now, and what the show brings."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromQuery
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER

from loopline import org, touchpoints
from loopline.db import Conn
from loopline.kernel.refusals import Refusal
from loopline.org import Party, PartyKind, Permission
from loopline.processes.touch.live import (
    Host,
    WantedLiveRoom,
    add_live_rooms,
    end_live_rooms,
    start_live_rooms,
)
from loopline.touchpoints import LiveRoom, LiveRoomMoved
from loopline.web.api.answers import read, run
from loopline.web.edge import Visitor, WebRequest, language_of
from loopline.web.pages import page
from loopline.web.paths import safe_path
from loopline.web.problems import status_of
from loopline.web.store.desk import own_parties
from loopline.web.store.live_view import read_show, show_of
from loopline.web.store.refusals import NoShowPlanned

LIVE_DESK = "/live/desk"
ROOMS_SHOWN_MAX = 30
_CODE_LENGTH_KEPT = 40
_SHOWN_AGAIN = re.compile(r"-\d{10}$")


class StudioForm(msgspec.Struct, frozen=True, kw_only=True):
    """Which show, by its code; none means the one to start. `back` is where it was asked for."""

    code: str = ""
    back: str = LIVE_DESK


class Studio(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who deals with shows, and whose: the own ones of a streamer, those of the branch at HQ."""

    visitor: Visitor
    host: Host
    streamers: tuple[Party, ...]


def studio(request: WebRequest, visitor: NamedDependency[Visitor]) -> Studio:
    """Return whose shows somebody deals with. Raises Refused for whoever may not; runs in a thread."""
    scope = visitor.scope_of(Permission.LIVE_WRITE)
    return read(
        request,
        lambda conn, _now: studio_of(
            conn,
            visitor,
            Host(scope=scope, person_id=visitor.person.person_id, actor=str(visitor.person.person_id)),
        ),
    )


def studio_of(conn: Conn, visitor: Visitor, host: Host) -> Studio:
    """Gather the streamers somebody deals with: themself, where they are one, else those of the branch."""
    own = [party for party in own_parties(conn, visitor) if party.kind is PartyKind.STREAMER]
    if own:
        return Studio(visitor=visitor, host=host, streamers=tuple(own))
    scope = host.scope
    parties = org.branch_parties(conn) if scope.everything else org.branch_parties(conn, scope.org_units)
    return Studio(
        visitor=visitor,
        host=host,
        streamers=tuple(party for party in parties if party.kind is PartyKind.STREAMER),
    )


STUDIO = {"studio": Provide(studio, sync_to_thread=True)}


@get(LIVE_DESK, dependencies=STUDIO, sync_to_thread=True)
def show_live_desk(
    request: WebRequest, studio: NamedDependency[Studio], code: FromQuery[str] = ""
) -> Template:
    """Show the shows, the one on air or asked for with its counters."""
    return page(request, "live/desk.html", **_context(request, studio, code))


@get("/live/desk/now", dependencies=STUDIO, sync_to_thread=True)
def tell_live_desk(
    request: WebRequest, studio: NamedDependency[Studio], code: FromQuery[str] = ""
) -> Template:
    """Tell the counters as they stand; nothing where there is no show."""
    return page(request, "live/desk_now.html", **_context(request, studio, code))


def _context(request: WebRequest, studio: Studio, code: str) -> dict[str, Any]:
    language = language_of(request)

    def work(conn: Conn, now: datetime) -> dict[str, Any]:
        rooms = rooms_of(conn, studio)
        shown = next((room for room in rooms if room.code == code), None) or chosen(rooms)
        names = {party.id: party.name for party in studio.streamers}
        return {
            "visitor": studio.visitor,
            "now": now,
            "shown": show_of(read_show(conn, shown, now=now), names, language) if shown else None,
            "others": [
                {
                    "code": room.code,
                    "name": language.called(room.name),
                    "is_live": room.is_live,
                    "is_over": room.ended_at is not None,
                }
                for room in rooms
                if room is not shown
            ],
        }

    return read(request, work)


def rooms_of(conn: Conn, studio: Studio) -> list[LiveRoom]:
    """Return this studio's shows, those on air first, then the newest."""
    found = touchpoints.live_rooms_page(
        conn,
        is_live=None,
        before=None,
        limit=ROOMS_SHOWN_MAX,
        streamers=[party.id for party in studio.streamers],
    )
    return sorted(found, key=lambda room: not room.is_live)


def chosen(rooms: Sequence[LiveRoom]) -> LiveRoom | None:
    """Return the show to look at first: the one on air, else the next planned, else the last."""
    planned = [room for room in rooms if room.started_at is None]
    on_air = [room for room in rooms if room.is_live]
    return next(iter([*on_air, *planned, *rooms]), None)


# ---------------------------------------------------------------------------------------------------------- going live


@post("/live/desk/start", dependencies=STUDIO, sync_to_thread=True)
def go_live(
    request: WebRequest,
    studio: NamedDependency[Studio],
    data: Annotated[StudioForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Put a show on air: the one named, else the next planned; one that is over is given again under a new code."""
    outcome = run(request, lambda conn, now: start_show(conn, studio, data.code, now=now))
    if isinstance(outcome, Refusal):
        return _refused(request, studio, outcome)
    return _back(data, outcome.code)


def start_show(conn: Conn, studio: Studio, code: str, *, now: datetime) -> LiveRoom | Refusal:
    """Start a show, or give one that is over again. One that is on air stays as it is."""
    rooms = rooms_of(conn, studio)
    named = [room for room in rooms if room.code == code] if code else rooms
    room = chosen(named)
    if room is None:
        return NoShowPlanned()
    if room.ended_at is not None:
        again = _again(conn, room, studio, now=now)
        if isinstance(again, Refusal):
            return again
        room = again
    (moved,) = start_live_rooms(conn, [room.code], host=studio.host, now=now)
    return moved.room if isinstance(moved, LiveRoomMoved) else moved


def _again(conn: Conn, room: LiveRoom, studio: Studio, *, now: datetime) -> LiveRoom | Refusal:
    """Plan a show that is over once more, under a code that tells when."""
    streamer = next(party for party in studio.streamers if party.id == room.streamer_id)
    name = _SHOWN_AGAIN.sub("", room.code)[:_CODE_LENGTH_KEPT]
    wanted = WantedLiveRoom(
        code=f"{name}-{now:%m%d%H%M%S}",
        name=room.name,
        streamer_code=streamer.code,
        starts_at=now,
        sku_codes=room.sku_codes,
    )
    (added,) = add_live_rooms(conn, [wanted], host=studio.host, now=now)
    return added


@post("/live/desk/end", dependencies=STUDIO, sync_to_thread=True)
def go_off_air(
    request: WebRequest,
    studio: NamedDependency[Studio],
    data: Annotated[StudioForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Take a show off the air; ended twice, it ended once."""
    (outcome,) = run(request, lambda conn, now: end_live_rooms(conn, [data.code], host=studio.host, now=now))
    if isinstance(outcome, Refusal):
        return _refused(request, studio, outcome)
    return _back(data, outcome.room.code)


def _back(data: StudioForm, code: str) -> Redirect:
    back = safe_path(data.back)
    return Redirect(f"{LIVE_DESK}?code={code}" if back == LIVE_DESK else back, status_code=HTTP_303_SEE_OTHER)


def _refused(request: WebRequest, studio: Studio, refusal: Refusal) -> Template:
    said = language_of(request).refusal(refusal)
    return page(
        request,
        "live/desk.html",
        status=status_of(refusal),
        **(_context(request, studio, "") | {"refusal": said}),
    )


LIVE_PAGES = [show_live_desk, tell_live_desk, go_live, go_off_air]
