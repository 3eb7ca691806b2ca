"""Live rooms: shows that streamers plan, put on air and end; whoever watches may know what is on."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET, Meta, UnsetType

from loopline import org, touchpoints
from loopline.db import Conn
from loopline.kernel.ids import LiveRoomId, PartyId
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.org import Party, Permission, Role
from loopline.processes import touch
from loopline.touchpoints import LiveCounters, LiveRoom, LiveRoomMoved
from loopline.web.api.answers import AnyRequest, commanded, granted, read
from loopline.web.api.caller import Caller
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.refusals import NoSuchThing
from loopline.web.api.shapes import Batch, Outcomes, Page, Paging, decided, page_of, posted, told
from loopline.web.api.types import Code, Moment, Name
from loopline.web.qr import address_of, scan_path

_TAG = "live"
_SKUS_MAX = 200

IsLive = Annotated[
    bool | None,
    QueryParameter(name="is_live", description="Only those on air, or only those that are not."),
]


class LiveRoomAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A show to come: whose, when, and which SKUs are shown, in this order."""

    code: Code
    name: Name
    streamer_code: Code
    starts_at: Moment
    sku_codes: Annotated[list[Code], Meta(max_length=_SKUS_MAX)] = []


class LiveRoomTold(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A show as it stands. Orders name it by `touchpoint_code`; how it goes is for those who run it."""

    id: LiveRoomId
    code: str
    name: str
    streamer_code: str
    streamer_name: str
    starts_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    is_live: bool
    touchpoint_code: str
    url: str
    sku_codes: tuple[str, ...]
    scans: int | UnsetType = UNSET
    orders: int | UnsetType = UNSET


@posted("/live-rooms", tag=_TAG, name="add_live_rooms", gives=Outcomes[LiveRoomTold])
def add_live_rooms(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[LiveRoomAsk]]
) -> Response[bytes]:
    """Plan shows, each with the code that is scanned to come in. The same again is the one it was."""
    host = _host(caller)
    wanted = [
        touch.WantedLiveRoom(
            code=one.code,
            name=one.name,
            streamer_code=one.streamer_code,
            starts_at=one.starts_at,
            sku_codes=tuple(one.sku_codes),
        )
        for one in data.items
    ]

    def decide(conn: Conn, now: datetime) -> list[LiveRoomTold | Refusal]:
        rooms = touch.add_live_rooms(conn, wanted, host=host, now=now)
        shown = _told_all(conn, request, [one for one in rooms if isinstance(one, LiveRoom)], host=host)
        return [one if isinstance(one, Refusal) else shown[one.id] for one in rooms]

    return decided(request, caller, data, decide)


def _host(caller: Caller) -> touch.Host:
    """Who runs shows: a streamer the own ones, whoever else may in the whole branch."""
    scope = caller.scope(Permission.LIVE_WRITE)
    roles = {grant.role for grant in caller.person.roles} if caller.person else set[Role]()
    is_streamer = org.roles_with(Permission.LIVE_WRITE, sorted(roles)) == frozenset({Role.STREAMER})
    return touch.Host(scope=Scope() if is_streamer else scope, person_id=caller.person_id, actor=caller.actor)


def _told_all(
    conn: Conn, request: AnyRequest, rooms: Sequence[LiveRoom], *, host: touch.Host | None
) -> dict[LiveRoomId, LiveRoomTold]:
    """Tell shows, with how they go to whoever runs them."""
    streamers = org.parties_by_id(conn, {one.streamer_id for one in rooms})
    own = [one.id for one in rooms if host is not None and touch.runs(host, streamers[one.streamer_id])]
    counters = touchpoints.live_counters(conn, own) if own else {}
    return {one.id: _told(request, one, streamers, counters.get(one.id)) for one in rooms}


def _told(
    request: AnyRequest, one: LiveRoom, streamers: Mapping[PartyId, Party], counters: LiveCounters | None
) -> LiveRoomTold:
    streamer = streamers[one.streamer_id]
    return LiveRoomTold(
        id=one.id,
        code=one.code,
        name=one.name,
        streamer_code=streamer.code,
        streamer_name=streamer.name,
        starts_at=one.starts_at,
        started_at=one.started_at,
        ended_at=one.ended_at,
        is_live=one.is_live,
        touchpoint_code=one.touchpoint_code,
        url=address_of(request, scan_path(one.touchpoint_code)),
        sku_codes=one.sku_codes,
        scans=counters.scans if counters else UNSET,
        orders=counters.orders if counters else UNSET,
    )


@told("/live-rooms", tag=_TAG, name="list_live_rooms", open_to_all=True)
def list_live_rooms(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    is_live: IsLive = None,
) -> Page[LiveRoomTold]:
    """List shows, the newest first. Anybody may know what is on air; who runs a show also what is to come and was."""
    before = asked.after(UUID)
    host = _host(caller) if caller.may(Permission.LIVE_WRITE) else None
    wanted = is_live if host is not None else True

    def find(conn: Conn, _: datetime) -> Page[LiveRoomTold]:
        rooms = touchpoints.live_rooms_page(
            conn,
            is_live=wanted,
            before=LiveRoomId(before[0]) if before else None,
            limit=asked.at_most,
            behind=touch.streamers_of(conn, host) if host is not None else [],
        )
        shown = _told_all(conn, request, rooms, host=host)
        return page_of(rooms, asked, told=lambda one: shown[one.id], cursor=lambda one: encode_cursor(one.id))

    return read(request, find)


@told("/live-rooms/{code:str}", tag=_TAG, name="get_live_room", open_to_all=True)
def get_live_room(request: AnyRequest, caller: NamedDependency[Caller], code: FromPath[str]) -> LiveRoomTold:
    """Read a show; one that is only planned is read by those who run it alone."""
    host = _host(caller) if caller.may(Permission.LIVE_WRITE) else None

    def find(conn: Conn, _: datetime) -> LiveRoomTold:
        room = touchpoints.live_rooms_by_code(conn, [code]).get(code)
        if room is None or (room.started_at is None and not _runs(conn, host, room)):
            raise Refused(NoSuchThing(noun="live room", value=code[:64]))
        return _told_all(conn, request, [room], host=host)[room.id]

    return read(request, find)


def _runs(conn: Conn, host: touch.Host | None, room: LiveRoom) -> bool:
    return host is not None and touch.runs(
        host, org.parties_by_id(conn, [room.streamer_id])[room.streamer_id]
    )


Move = Callable[..., list[LiveRoomMoved | Refusal]]


@posted("/live-rooms/{code:str}/start", tag=_TAG, name="start_live_room", gives=LiveRoomTold)
def start_live_room(
    request: AnyRequest, caller: NamedDependency[Caller], code: FromPath[str]
) -> Response[Any]:
    """Go on air. A streamer starts the own shows, one at a time; one that is on air stays."""
    return _moved(request, caller, code, touch.start_live_rooms)


@posted("/live-rooms/{code:str}/end", tag=_TAG, name="end_live_room", gives=LiveRoomTold)
def end_live_room(request: AnyRequest, caller: NamedDependency[Caller], code: FromPath[str]) -> Response[Any]:
    """Go off the air. One that ended stays so."""
    return _moved(request, caller, code, touch.end_live_rooms)


def _moved(request: AnyRequest, caller: Caller, code: str, move: Move) -> Response[Any]:
    host = _host(caller)

    def work(conn: Conn, now: datetime) -> msgspec.Struct:
        (outcome,) = move(conn, [code], host=host, now=now)
        room = granted(outcome).room
        return _told_all(conn, request, [room], host=host)[room.id]

    return commanded(request, caller, None, work)


LIVE_HANDLERS = [add_live_rooms, list_live_rooms, get_live_room, start_live_room, end_live_room]
