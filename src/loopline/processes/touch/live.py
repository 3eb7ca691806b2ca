"""Live rooms: a streamer plans a show, goes on air, and ends it."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from loopline import catalogue, org, touchpoints
from loopline.db import Conn, log
from loopline.kernel.events import event
from loopline.kernel.ids import PartyId, PersonId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.org import Party, PartyKind
from loopline.processes.outcomes import all_granted
from loopline.processes.quotas import end_quotas_of_shows
from loopline.processes.touch.making import PartyUnknown, ProductUnknown
from loopline.touchpoints import (
    LABEL_CHARACTERS_MAX,
    LiveRoom,
    LiveRoomEnded,
    LiveRoomMoved,
    LiveRoomStarted,
    LiveRoomUnknown,
    NewLiveRoom,
    NewTouchpoint,
    Parties,
    Target,
    TouchpointKind,
)


class WantedLiveRoom(msgspec.Struct, frozen=True, kw_only=True):
    """A show as somebody asks for it: whose, when, and what is shown, by their codes."""

    code: str
    name: str
    streamer_code: str
    starts_at: datetime
    sku_codes: tuple[str, ...] = ()


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """Who deals with live rooms: HQ in its branch, a streamer with the own ones wherever they hang."""

    scope: Scope
    person_id: PersonId | None = None
    actor: str = "system"


def add_live_rooms(
    conn: Conn, wanted: Sequence[WantedLiveRoom], *, host: Host, now: datetime
) -> list[LiveRoom | Refusal]:
    """Plan shows, each with the code that is scanned to come in. The same again is the one it was."""
    streamers = org.parties_by_code(conn, {one.streamer_code for one in wanted})
    skus = catalogue.skus_by_code(conn, {code for one in wanted for code in one.sku_codes})
    named: list[NewLiveRoom | Refusal] = []
    for one in wanted:
        streamer = streamers.get(one.streamer_code)
        missing = next((code for code in one.sku_codes if code not in skus), None)
        if streamer is None or streamer.kind is not PartyKind.STREAMER:
            named.append(PartyUnknown(value=one.streamer_code, field="streamer_code"))
        elif not runs(host, streamer):
            named.append(NotInYourBranch(subject=one.code))
        elif missing is not None:
            named.append(ProductUnknown(what="SKU", value=missing, field="sku_codes"))
        else:
            named.append(
                NewLiveRoom(
                    code=one.code,
                    name=one.name,
                    streamer_id=streamer.id,
                    unit_id=streamer.unit_id,
                    starts_at=one.starts_at,
                    skus=tuple({skus[code].id: skus[code].code for code in one.sku_codes}.items()),
                )
            )
    new = [one for one in named if isinstance(one, NewLiveRoom)]
    added = touchpoints.add_live_rooms(conn, new, now=now)
    made = [
        (room, one.live_room_id)
        for room, one in zip(new, added, strict=True)
        if isinstance(one, touchpoints.LiveRoomAdded) and one.is_new
    ]
    codes = [
        NewTouchpoint(
            kind=TouchpointKind.LIVE_ROOM,
            label=room.name[:LABEL_CHARACTERS_MAX] if room.name.isprintable() else room.code,
            target=Target(live_room_id=room_id, live_room_code=room.code, unit_id=room.unit_id),
            parties=Parties(streamer_id=room.streamer_id),
        )
        for room, room_id in made
    ]
    all_granted(touchpoints.add_touchpoints(conn, codes, now=now))
    rooms = touchpoints.live_rooms_by_code(conn, [room.code for room in new])
    outcomes = iter(added)
    return [
        rooms[outcome.code] if isinstance(outcome, touchpoints.LiveRoomAdded) else outcome
        for one in named
        for outcome in (next(outcomes) if isinstance(one, NewLiveRoom) else one,)
    ]


def runs(host: Host, streamer: Party) -> bool:
    """Tell whether somebody runs the shows of a streamer: the own ones, or those of the branch."""
    is_streamer = host.person_id is not None and streamer.person_id == host.person_id
    return is_streamer or host.scope.everything or streamer.unit_id in host.scope.org_units


def streamers_of(conn: Conn, host: Host) -> list[PartyId] | None:
    """Return whose shows somebody runs; None for everybody's."""
    if host.scope.everything:
        return None
    return [one.id for one in org.branch_parties(conn) if one.kind is PartyKind.STREAMER and runs(host, one)]


def start_live_rooms(
    conn: Conn, codes: Sequence[str], *, host: Host, now: datetime
) -> list[LiveRoomMoved | Refusal]:
    """Go on air: one's own shows, or those of one's branch; others are as none. One that is on air stays."""
    inside, outside = _split(conn, codes, host)
    moved = touchpoints.start_live_rooms(conn, inside, now=now)
    log.append(
        conn,
        [
            event(
                LiveRoomStarted(
                    live_room_id=one.room.id, code=one.room.code, streamer_id=one.room.streamer_id
                ),
                subject=one.room.id,
                at=now,
                actor=host.actor,
            )
            for one in moved
            if isinstance(one, LiveRoomMoved) and not one.is_repeat
        ],
    )
    return _in_order(codes, moved, outside)


def end_live_rooms(
    conn: Conn, codes: Sequence[str], *, host: Host, now: datetime
) -> list[LiveRoomMoved | Refusal]:
    """Go off the air; what is left of what was set aside for the show is anybody's again. One that ended stays so.

    The event says how it went. Locks the live rooms, then stock.
    """
    inside, outside = _split(conn, codes, host)
    moved = touchpoints.end_live_rooms(conn, inside, now=now)
    ended = [one.room for one in moved if isinstance(one, LiveRoomMoved) and not one.is_repeat]
    counters = touchpoints.live_counters(conn, [room.id for room in ended])
    given_back = end_quotas_of_shows(conn, [room.code for room in ended], now=now, actor=host.actor)
    log.append(
        conn,
        [
            *given_back,
            *(
                event(
                    LiveRoomEnded(
                        live_room_id=room.id,
                        code=room.code,
                        streamer_id=room.streamer_id,
                        scans=counters[room.id].scans,
                        orders=counters[room.id].orders,
                    ),
                    subject=room.id,
                    at=now,
                    actor=host.actor,
                )
                for room in ended
            ),
        ],
    )
    return _in_order(codes, moved, outside)


def _split(conn: Conn, codes: Sequence[str], host: Host) -> tuple[list[str], set[str]]:
    """The codes one may move, and those of others; unknown ones are told of by the room."""
    rooms = touchpoints.live_rooms_by_code(conn, codes)
    parties = org.branch_parties(conn) if rooms else []
    own = {party.id for party in parties if runs(host, party)}
    outside = {code for code, room in rooms.items() if room.streamer_id not in own}
    return [code for code in codes if code not in outside], outside


def _in_order(
    codes: Sequence[str], moved: Sequence[LiveRoomMoved | Refusal], outside: set[str]
) -> list[LiveRoomMoved | Refusal]:
    rest = iter(moved)
    return [LiveRoomUnknown(live_room_code=code) if code in outside else next(rest) for code in codes]
