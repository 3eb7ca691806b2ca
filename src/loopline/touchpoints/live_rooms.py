"""Live rooms: planned, put on air, ended. One show of a streamer is on air at a time."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from loopline.db import Conn, execute, fetch, fetch_rows, fetch_values, integers, statements, uuids
from loopline.kernel.ids import LiveRoomId, OrderId, PartyId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.touchpoints.model import LiveCounters, LiveRoom, LiveRoomAdded, LiveRoomMoved, NewLiveRoom
from loopline.touchpoints.refusals import (
    LiveRoomCodeTaken,
    LiveRoomHasEnded,
    LiveRoomNotStarted,
    LiveRoomUnknown,
    StreamerOnAir,
)
from loopline.touchpoints.store import storable

SQL = statements(__file__)


def add_live_rooms(
    conn: Conn, rooms: Sequence[NewLiveRoom], *, now: datetime
) -> list[LiveRoomAdded | Refusal]:
    """Plan shows. The same again is the one it was; other content under its code is refused.

    Takes the lock of the live rooms. The caller gives each new one its touchpoint.
    """
    execute(conn, SQL["lock_live_rooms"])
    standing = live_rooms_by_code(conn, [room.code for room in rooms])
    seen: dict[str, tuple[NewLiveRoom, LiveRoomId]] = {}
    outcomes: list[LiveRoomAdded | Refusal] = []
    for room, made in zip(rooms, uuid7s(now, len(rooms)), strict=True):
        stands = standing.get(room.code)
        twin = seen.get(room.code)
        if stands is not None:
            outcomes.append(_again(room, stands.id, is_same=_is_same(room, stands)))
        elif twin is not None:
            outcomes.append(_again(room, twin[1], is_same=twin[0] == room))
        else:
            seen[room.code] = (room, LiveRoomId(made))
            outcomes.append(LiveRoomAdded(live_room_id=LiveRoomId(made), code=room.code, is_new=True))
    _insert(conn, list(seen.values()), now=now)
    return outcomes


def _is_same(room: NewLiveRoom, stands: LiveRoom) -> bool:
    return (room.name, room.streamer_id, room.starts_at, tuple(code for _, code in room.skus)) == (
        stands.name,
        stands.streamer_id,
        stands.starts_at,
        stands.sku_codes,
    )


def _again(room: NewLiveRoom, live_room_id: LiveRoomId, *, is_same: bool) -> LiveRoomAdded | Refusal:
    if is_same:
        return LiveRoomAdded(live_room_id=live_room_id, code=room.code, is_new=False)
    return LiveRoomCodeTaken(live_room_code=room.code)


def _insert(conn: Conn, new: Sequence[tuple[NewLiveRoom, LiveRoomId]], *, now: datetime) -> None:
    if not new:
        return
    execute(
        conn,
        SQL["insert_live_rooms"],
        ids=uuids(made for _, made in new),
        codes=[room.code for room, _ in new],
        names=[room.name for room, _ in new],
        streamer_ids=uuids(room.streamer_id for room, _ in new),
        unit_ids=uuids(room.unit_id for room, _ in new),
        starts_at=[room.starts_at for room, _ in new],
        now=now,
    )
    # A SKU named twice is shown once, where it was named first.
    shown = [
        (made, position, sku_id, code)
        for room, made in new
        for position, (sku_id, code) in enumerate(dict(room.skus).items(), start=1)
    ]
    execute(
        conn,
        SQL["insert_live_room_skus"],
        live_room_ids=uuids(made for made, _, _, _ in shown),
        positions=integers(position for _, position, _, _ in shown),
        sku_ids=uuids(sku_id for _, _, sku_id, _ in shown),
        sku_codes=[code for _, _, _, code in shown],
    )


def start_live_rooms(conn: Conn, codes: Sequence[str], *, now: datetime) -> list[LiveRoomMoved | Refusal]:
    """Put shows on air; one that is stays. Takes the lock of the live rooms."""
    execute(conn, SQL["lock_live_rooms"])
    rooms = live_rooms_by_code(conn, codes)
    on_air = _on_air(conn, {room.streamer_id for room in rooms.values()})
    starting: dict[str, LiveRoom] = {}
    outcomes: list[LiveRoomMoved | Refusal] = []
    for code in codes:
        room = rooms.get(code)
        if room is None:
            outcomes.append(LiveRoomUnknown(live_room_code=code))
        elif room.ended_at is not None:
            outcomes.append(LiveRoomHasEnded(live_room_code=code, ended_at=room.ended_at))
        elif room.started_at is not None or code in starting:
            outcomes.append(LiveRoomMoved(room=room, is_repeat=True))
        elif room.streamer_id in on_air:
            outcomes.append(StreamerOnAir(live_room_code=code, other_code=on_air[room.streamer_id]))
        else:
            starting[code] = room
            on_air[room.streamer_id] = code
            outcomes.append(LiveRoomMoved(room=room, is_repeat=False))
    execute(conn, SQL["start_live_rooms"], ids=uuids(room.id for room in starting.values()), now=now)
    return _as_they_are(conn, outcomes)


def end_live_rooms(conn: Conn, codes: Sequence[str], *, now: datetime) -> list[LiveRoomMoved | Refusal]:
    """Take shows off the air; one that ended stays so. Takes the lock of the live rooms."""
    execute(conn, SQL["lock_live_rooms"])
    rooms = live_rooms_by_code(conn, codes)
    ending: dict[str, LiveRoom] = {}
    outcomes: list[LiveRoomMoved | Refusal] = []
    for code in codes:
        room = rooms.get(code)
        if room is None:
            outcomes.append(LiveRoomUnknown(live_room_code=code))
        elif room.started_at is None:
            outcomes.append(LiveRoomNotStarted(live_room_code=code))
        else:
            outcomes.append(LiveRoomMoved(room=room, is_repeat=room.ended_at is not None or code in ending))
            if room.ended_at is None:
                ending[code] = room
    execute(conn, SQL["end_live_rooms"], ids=uuids(room.id for room in ending.values()), now=now)
    return _as_they_are(conn, outcomes)


def _on_air(conn: Conn, streamer_ids: Iterable[PartyId]) -> dict[PartyId, str]:
    rows = fetch_rows(conn, SQL["rooms_on_air_of"], streamer_ids=uuids(streamer_ids))
    return dict(rows)


def _as_they_are(conn: Conn, outcomes: Sequence[LiveRoomMoved | Refusal]) -> list[LiveRoomMoved | Refusal]:
    """The outcomes with the rooms as they stand after all of them."""
    after = live_rooms_by_code(conn, [one.room.code for one in outcomes if isinstance(one, LiveRoomMoved)])
    return [
        LiveRoomMoved(room=after[one.room.code], is_repeat=one.is_repeat)
        if isinstance(one, LiveRoomMoved)
        else one
        for one in outcomes
    ]


def live_rooms_by_code(conn: Conn, codes: Iterable[str]) -> dict[str, LiveRoom]:
    """Return shows by their codes; unknown codes are left out. Locks nothing."""
    found = fetch(conn, SQL["live_rooms_by_code"], LiveRoom, codes=storable(codes))
    return {room.code: room for room in found}


def live_room_codes(conn: Conn, live_room_ids: Iterable[LiveRoomId]) -> dict[LiveRoomId, str]:
    """Return the codes of shows by their ids; unknown ids are left out. Locks nothing."""
    return dict(fetch_rows(conn, SQL["live_room_codes"], live_room_ids=uuids(live_room_ids)))


def live_rooms_page(  # noqa: PLR0913 - what a list is asked by
    conn: Conn,
    *,
    is_live: bool | None,
    before: LiveRoomId | None,
    limit: int,
    streamers: Sequence[PartyId] | None = None,
    behind: Sequence[PartyId] | None = None,
) -> list[LiveRoom]:
    """Return a page of shows, the newest first: those on air, those that are not, or all (None). Locks nothing.

    `streamers` keeps it to theirs; `behind` keeps what is not on air to theirs.
    """
    return fetch(
        conn,
        SQL["live_rooms_page"],
        LiveRoom,
        is_live=is_live,
        before=before,
        limit=limit,
        streamer_ids=None if streamers is None else uuids(streamers),
        behind_ids=None if behind is None else uuids(behind),
    )


def live_counters(conn: Conn, live_room_ids: Iterable[LiveRoomId]) -> dict[LiveRoomId, LiveCounters]:
    """Return how shows go: scans and orders so far. Locks nothing."""
    found = fetch(conn, SQL["live_counters"], LiveCounters, ids=uuids(live_room_ids))
    return {one.live_room_id: one for one in found}


def orders_of_live_room(conn: Conn, live_room_id: LiveRoomId) -> list[OrderId]:
    """Return the orders that a show was named for or credited with, all of them. Locks nothing."""
    return fetch_values(conn, SQL["orders_of_live_room"], id=live_room_id)
