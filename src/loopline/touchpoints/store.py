"""The statements of touchpoints, one function each."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch, fetch_values, integers, moments, statements, uuids
from loopline.kernel.ids import LiveRoomId, MemberId, OrderId, ScanId, TouchpointId
from loopline.touchpoints.model import (
    Attribution,
    AttributionRule,
    BindingRule,
    Buyer,
    NewAttributionRule,
    NewBindingRule,
    ScanChannel,
    ScanRecorded,
    Tie,
    Touchpoint,
)

SQL = statements(__file__)


class OwnTouchpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A code there may be only one of, by what it is for."""

    id: TouchpointId
    code: str
    order_id: OrderId | None
    gtin: str | None
    live_room_id: LiveRoomId | None


class NearbyScan(msgspec.Struct, frozen=True, kw_only=True):
    """A scan that stands near a moment."""

    visitor: UUID
    touchpoint_id: TouchpointId
    at: datetime
    scan_id: ScanId


class UnclaimedScan(msgspec.Struct, frozen=True, kw_only=True):
    """A scan of somebody unknown."""

    scan_id: ScanId
    touchpoint_id: TouchpointId
    visitor: UUID
    channel: ScanChannel
    at: datetime


class TouchBefore(msgspec.Struct, frozen=True, kw_only=True):
    """A scan that came before an order; `place` is the buyer's in the question, from 1."""

    place: int
    scan_id: ScanId
    touchpoint_id: TouchpointId
    at: datetime


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def storable(texts: Iterable[str]) -> list[str]:
    """What can stand in the database at all: a text with U+0000 names nothing, and PostgreSQL takes none."""
    return [text for text in dict.fromkeys(texts) if "\x00" not in text]


def insert_touchpoints(conn: Conn, rows: Sequence[Mapping[str, Any]], *, now: datetime) -> set[TouchpointId]:
    return set(fetch_values(conn, SQL["insert_touchpoints"], rows=_json(rows), now=now))


def touchpoints_of_their_own(
    conn: Conn,
    *,
    order_ids: Iterable[OrderId],
    gtins: Iterable[str],
    live_room_ids: Iterable[LiveRoomId],
) -> list[OwnTouchpoint]:
    return fetch(
        conn,
        SQL["touchpoints_of_their_own"],
        OwnTouchpoint,
        order_ids=uuids(order_ids),
        gtins=list(gtins),
        live_room_ids=uuids(live_room_ids),
    )


def retire_touchpoints(conn: Conn, ids: Iterable[TouchpointId], *, now: datetime) -> int:
    return execute(conn, SQL["retire_touchpoints"], ids=uuids(ids), now=now)


def touchpoints_by_code(conn: Conn, codes: Iterable[str]) -> dict[str, Touchpoint]:
    found = fetch(conn, SQL["touchpoints_by_code"], Touchpoint, codes=storable(codes))
    return {one.code: one for one in found}


def touchpoints_by_id(conn: Conn, ids: Iterable[TouchpointId]) -> dict[TouchpointId, Touchpoint]:
    found = fetch(conn, SQL["touchpoints_by_id"], Touchpoint, ids=uuids(dict.fromkeys(ids)))
    return {one.id: one for one in found}


# ---- scans


def lock_visitors(conn: Conn, visitors: Iterable[UUID]) -> None:
    execute(conn, SQL["lock_visitors"], visitors=uuids(visitors))


def scans_nearby(
    conn: Conn, asked: Sequence[tuple[UUID, TouchpointId, datetime]], *, within: timedelta
) -> list[NearbyScan]:
    return fetch(
        conn,
        SQL["scans_nearby"],
        NearbyScan,
        visitors=uuids(visitor for visitor, _, _ in asked),
        touchpoint_ids=uuids(touchpoint_id for _, touchpoint_id, _ in asked),
        at=[at for _, _, at in asked],
        within=within,
    )


def insert_scans(conn: Conn, scans: Sequence[ScanRecorded], *, now: datetime) -> None:
    touchpoint_ids = uuids(one.touchpoint.id for one in scans)
    member_ids = [one.member_id for one in scans]
    at = [one.at for one in scans]
    execute(
        conn,
        SQL["insert_scans"],
        ids=uuids(one.scan_id for one in scans),
        touchpoint_ids=touchpoint_ids,
        visitors=uuids(one.visitor for one in scans),
        member_ids=member_ids,
        channels=[one.channel.value for one in scans],
        at=at,
        now=now,
    )
    execute(conn, SQL["count_scans"], touchpoint_ids=touchpoint_ids, member_ids=member_ids, at=at)


def scans_to_claim(conn: Conn, visitors: Iterable[UUID], *, since: datetime) -> list[UnclaimedScan]:
    return fetch(conn, SQL["scans_to_claim"], UnclaimedScan, visitors=uuids(visitors), since=since)


def insert_claims(conn: Conn, scans: Sequence[ScanRecorded], *, now: datetime) -> None:
    execute(
        conn,
        SQL["insert_claims"],
        scan_ids=uuids(one.scan_id for one in scans),
        member_ids=[one.member_id for one in scans],
        at=[one.at for one in scans],
        now=now,
    )


# ---- rules, ties, credits


def binding_rules(conn: Conn) -> list[BindingRule]:
    return fetch(conn, SQL["binding_rules"], BindingRule)


def insert_binding_rules(conn: Conn, rules: Sequence[NewBindingRule], *, author: str, now: datetime) -> None:
    execute(
        conn,
        SQL["insert_binding_rules"],
        kinds=[one.kind.value for one in rules],
        roles=[one.role.value for one in rules],
        is_active=[one.is_active for one in rules],
        protection_days=integers(one.protection_days for one in rules),
        may_take_over=[one.may_take_over for one in rules],
        author=author,
        now=now,
    )


def attribution_rules(conn: Conn) -> list[AttributionRule]:
    return fetch(conn, SQL["attribution_rules"], AttributionRule)


def insert_attribution_rules(
    conn: Conn, rules: Sequence[NewAttributionRule], *, author: str, now: datetime
) -> None:
    execute(
        conn,
        SQL["insert_attribution_rules"],
        roles=[one.role.value for one in rules],
        windows=integers(one.window_minutes for one in rules),
        touches=[one.touch.value for one in rules],
        binding_wins=[one.binding_wins for one in rules],
        author=author,
        now=now,
    )


def last_binding_ties(conn: Conn, member_ids: Iterable[MemberId]) -> list[Tie]:
    return fetch(conn, SQL["last_binding_ties"], Tie, member_ids=uuids(member_ids))


def insert_ties(conn: Conn, ties: Sequence[Tie]) -> None:
    execute(conn, SQL["insert_ties"], rows=_json(ties))


def touches_before(conn: Conn, buyers: Sequence[Buyer], *, window: timedelta) -> list[TouchBefore]:
    return fetch(
        conn,
        SQL["touches_before"],
        TouchBefore,
        member_ids=uuids([one.member_id for one in buyers]),
        visitors=uuids([one.visitor for one in buyers]),
        since=moments([one.at - window for one in buyers]),
        until=moments([one.at for one in buyers]),
    )


def insert_attributions(conn: Conn, attributions: Sequence[Attribution], *, now: datetime) -> set[OrderId]:
    return set(fetch_values(conn, SQL["insert_attributions"], rows=_json(attributions), now=now))


def orders_attributed(conn: Conn, order_ids: Collection[OrderId]) -> set[OrderId]:
    return set(fetch_values(conn, SQL["orders_attributed"], order_ids=uuids(order_ids)))
