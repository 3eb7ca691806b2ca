"""Announced returns: what customers say they will send or bring back. Nothing is undone before the goods are here.

An announcement has the id and the number that its return will have. It keeps its units from being announced twice; it
ends when the goods are received, as a return of what really came, or when the customer keeps them after all.

Locks: who announces for an order does so alone; announcements by id, before anything else of their returns.
"""

import enum
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b

import msgspec

from loopline.db import Conn, copy_rows, execute, fetch, fetch_rows, fetch_values, statements, uuids
from loopline.kernel.ids import LineId, MemberId, OrderId, ReturnId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.returns.model import Reason, ReturnIsEmpty, ReturnNumberTakenByOtherContent, ReturnWindowEnded

SQL = statements(__file__)

_HASH_BYTES = 16


class HowEnded(enum.StrEnum):
    """What became of an announcement."""

    RECEIVED = "received"
    WITHDRAWN = "withdrawn"


class AnnouncedLine(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a line of an order that are to come back."""

    line_id: LineId
    code: str
    sku_id: SkuId | None
    units: int
    reason: Reason = Reason.OTHER


class NewAnnouncement(msgspec.Struct, frozen=True, kw_only=True):
    """A return to be announced, of lines of one order."""

    id: ReturnId
    channel: str
    external_number: str
    order_id: OrderId
    lines: tuple[AnnouncedLine, ...]
    member_id: MemberId | None = None


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """An announced return as it stands."""

    id: ReturnId
    channel: str
    external_number: str
    order_id: OrderId
    member_id: MemberId | None
    announced_at: datetime
    ended_at: datetime | None
    how_ended: HowEnded | None
    lines: tuple[AnnouncedLine, ...]


class Announced(msgspec.Struct, frozen=True, kw_only=True):
    """A return that is announced; `is_repeat`: it was before, and nothing was done."""

    return_id: ReturnId
    is_repeat: bool


class AnnouncesTooMuch(Refusal, frozen=True, kw_only=True):
    """Of line {line_id} {units_left} units can still come back, not {units}."""

    line_id: LineId
    units: int
    units_left: int


class AnnouncesTwice(Refusal, frozen=True, kw_only=True):
    """A return names each line of an order once; line {line_id} is named twice."""

    line_id: LineId


class ReturnNotAnnounced(Refusal, frozen=True, kw_only=True):
    """No return {return_id} was announced."""

    return_id: ReturnId


class AnnouncementEnded(Refusal, frozen=True, kw_only=True):
    """Return {return_id} was {how} already."""

    return_id: ReturnId
    how: str


class _Standing(msgspec.Struct, frozen=True, kw_only=True):
    id: ReturnId
    channel: str
    external_number: str
    content_hash: bytes


class Returnable(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a line that were handed over and have not come back; `until` when they may, excluded (None: always)."""

    units: int
    until: datetime | None = None


def announce_returns(
    conn: Conn, wanted: Sequence[NewAnnouncement], *, lines: Mapping[LineId, Returnable], now: datetime
) -> list[Announced | Refusal]:
    """Write what will come back of lines, in the order given.

    The same number again is that announcement. Units announced before and not here yet are taken off what is left. The
    caller reads `lines` after `take_orders`, in this transaction.
    """
    known = _known(conn, wanted)
    left = {line_id: line.units for line_id, line in lines.items()}
    for line_id, units in fetch_rows(conn, SQL["units_announced"], line_ids=uuids(left)):
        left[line_id] -= units
    outcomes: list[Announced | Refusal] = []
    new: list[NewAnnouncement] = []
    for one in wanted:
        standing = known.get((one.channel, one.external_number))
        if standing is not None:
            outcomes.append(_repeat_or_taken(one, standing))
            continue
        refusal = _refusal_of(one, left) or _refusal_of_window(one, lines, now=now)
        if refusal is not None:
            outcomes.append(refusal)
            continue
        for line in one.lines:
            left[line.line_id] -= line.units
        new.append(one)
        known[one.channel, one.external_number] = _standing(one)
        outcomes.append(Announced(return_id=one.id, is_repeat=False))
    _write(conn, new, now=now)
    return outcomes


def take_orders(conn: Conn, order_ids: Sequence[OrderId]) -> None:
    """Wait until nobody else announces returns of these orders, and keep it so until the transaction ends."""
    if order_ids:
        fetch_rows(conn, SQL["take_orders"], order_ids=uuids(order_ids))


def lock_announced(conn: Conn, return_ids: Sequence[ReturnId]) -> dict[ReturnId, Announcement]:
    """Lock announced returns and return them as they stand; what was not announced is left out."""
    fetch_values(conn, SQL["lock_announced"], return_ids=uuids(return_ids))
    return {one.id: one for one in announced_by_id(conn, return_ids)}


def end_announced(conn: Conn, return_ids: Sequence[ReturnId], *, how: HowEnded, now: datetime) -> None:
    """End announcements that the caller holds."""
    if return_ids:
        execute(conn, SQL["end_announced"], return_ids=uuids(return_ids), how=how.value, now=now)


def announced_by_id(conn: Conn, return_ids: Sequence[ReturnId]) -> list[Announcement]:
    """Return announced returns, by id; what was not announced is left out."""
    return fetch(conn, SQL["announced_by_id"], Announcement, return_ids=uuids(return_ids))


def announced_of_orders(conn: Conn, order_ids: Sequence[OrderId]) -> list[ReturnId]:
    """Return the ids of what was announced of orders, the oldest first."""
    return fetch_values(conn, SQL["announced_of_orders"], order_ids=uuids(order_ids))


def members_sending_back(conn: Conn, member_ids: Sequence[MemberId]) -> set[MemberId]:
    """Return those members of whom a return is under way: announced and not here, or waiting for a decision."""
    return set(fetch_values(conn, SQL["members_sending_back"], member_ids=uuids(member_ids)))


def _known(conn: Conn, wanted: Sequence[NewAnnouncement]) -> dict[tuple[str, str], _Standing]:
    found = fetch(
        conn,
        SQL["announced_by_number"],
        _Standing,
        channels=[one.channel for one in wanted],
        external_numbers=[one.external_number for one in wanted],
    )
    return {(one.channel, one.external_number): one for one in found}


def _standing(one: NewAnnouncement) -> _Standing:
    return _Standing(
        id=one.id,
        channel=one.channel,
        external_number=one.external_number,
        content_hash=_content_hash(one),
    )


def _repeat_or_taken(one: NewAnnouncement, standing: _Standing) -> Announced | Refusal:
    if standing.content_hash == _content_hash(one):
        return Announced(return_id=standing.id, is_repeat=True)
    return ReturnNumberTakenByOtherContent(
        channel=one.channel, external_number=one.external_number, return_id=standing.id
    )


def _refusal_of(one: NewAnnouncement, left: Mapping[LineId, int]) -> Refusal | None:
    if not one.lines:
        return ReturnIsEmpty(external_number=one.external_number)
    seen: set[LineId] = set()
    for line in one.lines:
        units_left = max(0, left.get(line.line_id, 0))
        if line.line_id in seen:
            return AnnouncesTwice(line_id=line.line_id)
        if not 0 < line.units <= units_left:
            return AnnouncesTooMuch(line_id=line.line_id, units=line.units, units_left=units_left)
        seen.add(line.line_id)
    return None


def _refusal_of_window(
    one: NewAnnouncement, lines: Mapping[LineId, Returnable], *, now: datetime
) -> Refusal | None:
    for line in one.lines:
        until = lines[line.line_id].until
        if until is not None and until <= now:
            return ReturnWindowEnded(
                external_number=one.external_number, goods_code=line.code, ended_at=until
            )
    return None


def _content_hash(one: NewAnnouncement) -> bytes:
    said = (one.order_id, one.member_id, one.lines)
    return blake2b(msgspec.msgpack.encode(said), digest_size=_HASH_BYTES).digest()


def _write(conn: Conn, new: Sequence[NewAnnouncement], *, now: datetime) -> None:
    if not new:
        return
    copy_rows(
        conn,
        SQL["copy_announced"],
        (
            (
                one.id,
                one.channel,
                one.external_number,
                _content_hash(one),
                one.order_id,
                one.member_id,
                now,
            )
            for one in new
        ),
    )
    copy_rows(
        conn,
        SQL["copy_announced_lines"],
        (
            (one.id, position, line.line_id, line.code, line.sku_id, line.units, line.reason.value)
            for one in new
            for position, line in enumerate(one.lines, start=1)
        ),
    )
