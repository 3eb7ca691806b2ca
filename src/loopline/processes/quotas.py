"""Quotas: units are set aside for a show, a channel or any other event, and come back by themselves when it is over.

Whoever may change stock sets it aside, within the own branch: at a site, or in a network that is the whole brand's.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import msgspec

from loopline import catalogue, orders, org, stock, touchpoints
from loopline.db import Conn, log
from loopline.kernel.events import Event, event
from loopline.kernel.ids import NodeId, QuotaId, SiteId, SkuId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.processes.shortfalls import shortfall_events
from loopline.stock import (
    Quota,
    QuotaAsk,
    QuotaChange,
    QuotaKind,
    QuotaMoved,
    QuotaName,
    QuotaOpened,
    QuotaOver,
)
from loopline.stock import events as stock_events
from loopline.touchpoints import LiveRoomHasEnded

LIVE_CHANNEL = "livestream"
Asked = TypeVar("Asked")
Decided = TypeVar("Decided")


class WantedQuota(msgspec.Struct, frozen=True, kw_only=True):
    """Units to be set aside as somebody asks for them, by codes.

    Where they lie: at the seller's leaf of `site_code`, else in the network of the event's channel. From now on, where
    `starts_at` does not say.
    """

    kind: QuotaKind
    code: str
    sku_code: str
    units: int
    ends_at: datetime
    starts_at: datetime | None = None
    site_code: str | None = None
    reserve_code: str | None = None
    then_free: bool = False


class EventUnknown(Refusal, frozen=True, kw_only=True):
    """There is no {kind} with the code {event_code}."""

    kind: str
    event_code: str
    field: str = "code"


class SkuUnknown(Refusal, frozen=True, kw_only=True):
    """There is no SKU {sku_code} to set aside."""

    sku_code: str
    field: str = "sku_code"


class QuotaNeedsPlace(Refusal, frozen=True, kw_only=True):
    """{site_code} has no stock of its own that could be set aside: name a site that sells."""

    site_code: str
    field: str = "site_code"


def events_of(channel: str, live_room_code: str | None) -> tuple[QuotaName, ...]:
    """Return the events that an order belongs to, the nearest first: the show it comes out of, then its channel."""
    of_channel = QuotaName(kind=QuotaKind.CHANNEL, code=channel)
    if live_room_code is None:
        return (of_channel,)
    return (QuotaName(kind=QuotaKind.LIVE_ROOM, code=live_room_code), of_channel)


def open_quotas(
    conn: Conn, wanted: Sequence[WantedQuota], *, scope: Scope, now: datetime, actor: str = "system"
) -> list[QuotaOpened | Refusal]:
    """Set units aside, at once, in the order given. The same again is the quota there is."""
    register = _register(conn, wanted)
    asks = [
        _ask(one, made, register, scope=scope, now=now)
        for one, made in zip(wanted, uuid7s(now, len(wanted)), strict=True)
    ]
    outcomes = _decide(asks, lambda good: stock.open_quotas(conn, good, now=now))
    opened = [one.quota for one in outcomes if isinstance(one, QuotaOpened) and not one.is_repeat]
    log.append(conn, [event(_opened(quota), subject=quota.id, at=now, actor=actor) for quota in opened])
    return outcomes


class _Register(msgspec.Struct, frozen=True, kw_only=True):
    skus: Mapping[str, SkuId]
    rooms: Mapping[str, touchpoints.LiveRoom]
    networks: Mapping[str, NodeId]
    sites: Mapping[str, org.Site]
    leaves: Mapping[SiteId | None, NodeId]


def _register(conn: Conn, wanted: Sequence[WantedQuota]) -> _Register:
    sites = org.sites_by_code(conn, {one.site_code for one in wanted if one.site_code is not None})
    owners = {(site.id, site.entity_id) for site in sites.values()}
    leaves = stock.leaves_of_sites(conn, [site.id for site in sites.values()]) if sites else []
    shows = {one.code for one in wanted if one.kind is QuotaKind.LIVE_ROOM}
    return _Register(
        skus={
            code: sku.id
            for code, sku in catalogue.skus_by_code(conn, {one.sku_code for one in wanted}).items()
        },
        rooms=touchpoints.live_rooms_by_code(conn, shows) if shows else {},
        networks={code: one.network_node_id for code, one in orders.channels_by_code(conn).items()},
        sites=sites,
        leaves={leaf.site_id: leaf.id for leaf in leaves if (leaf.site_id, leaf.owner_id) in owners},
    )


def _ask(
    one: WantedQuota, made: UUID, register: _Register, *, scope: Scope, now: datetime
) -> QuotaAsk | Refusal:
    node_id = _place(one, register, scope=scope)
    if isinstance(node_id, Refusal):
        return node_id
    sku_id = register.skus.get(one.sku_code)
    if sku_id is None:
        return SkuUnknown(sku_code=one.sku_code)
    room = register.rooms.get(one.code) if one.kind is QuotaKind.LIVE_ROOM else None
    if room is not None and room.ended_at is not None:
        return LiveRoomHasEnded(live_room_code=one.code, ended_at=room.ended_at)
    return QuotaAsk(
        quota_id=QuotaId(made),
        event=QuotaName(kind=one.kind, code=one.code),
        node_id=node_id,
        sku_id=sku_id,
        units=one.units,
        starts_at=one.starts_at or now,
        ends_at=one.ends_at,
        reserve=None if one.reserve_code is None else QuotaName(kind=QuotaKind.EVENT, code=one.reserve_code),
        then_free=one.then_free,
    )


def _place(one: WantedQuota, register: _Register, *, scope: Scope) -> NodeId | Refusal:
    """Where the units are set aside; whoever has a branch names a site of it."""
    site = register.sites.get(one.site_code) if one.site_code is not None else None
    if not scope.covers_site(site.id if site else None):
        return NotInYourBranch(subject=one.site_code or one.code)
    known = {
        QuotaKind.LIVE_ROOM: one.code in register.rooms,
        QuotaKind.CHANNEL: one.code in register.networks,
        QuotaKind.EVENT: True,
    }
    if not known[one.kind]:
        return EventUnknown(kind=one.kind.value, event_code=one.code)
    if one.site_code is not None:
        leaf_id = register.leaves.get(site.id) if site else None
        return QuotaNeedsPlace(site_code=one.site_code) if leaf_id is None else leaf_id
    channel = one.code if one.kind is QuotaKind.CHANNEL else LIVE_CHANNEL
    network_id = register.networks.get(channel)
    return EventUnknown(kind="channel", event_code=channel) if network_id is None else network_id


def change_quotas(
    conn: Conn, changes: Sequence[QuotaChange], *, scope: Scope, now: datetime, actor: str = "system"
) -> list[QuotaMoved | Refusal]:
    """Make quotas larger or smaller, move their times; those of other branches are not touched."""
    outside = _outside(conn, [one.quota_id for one in changes], scope)
    asks: list[QuotaChange | Refusal] = [
        NotInYourBranch(subject=str(one.quota_id)) if one.quota_id in outside else one for one in changes
    ]
    outcomes = _decide(asks, lambda good: stock.change_quotas(conn, good, now=now))
    moved = [one for one in outcomes if isinstance(one, QuotaMoved) and not one.is_repeat]
    told = [event(_changed(one, lost=0), subject=one.quota.id, at=now, actor=actor) for one in moved]
    log.append(conn, [*told, *shortfall_events(moved, now=now)])
    return outcomes


def end_quotas(
    conn: Conn, quota_ids: Sequence[QuotaId], *, scope: Scope, now: datetime, actor: str = "system"
) -> list[QuotaOver | Refusal]:
    """End quotas before their time; what is left goes back to everybody. One that has ended stays so."""
    outside = _outside(conn, quota_ids, scope)
    asks: list[QuotaId | Refusal] = [
        NotInYourBranch(subject=str(one)) if one in outside else one for one in quota_ids
    ]
    outcomes = _decide(asks, lambda good: stock.end_quotas(conn, good, now=now))
    over = [one for one in outcomes if isinstance(one, QuotaOver) and not one.is_repeat]
    log.append(conn, ended_events(over, now=now, actor=actor))
    return outcomes


def _outside(conn: Conn, quota_ids: Sequence[QuotaId], scope: Scope) -> set[QuotaId]:
    """Which of the quotas lie outside a branch; in a network they are the whole brand's."""
    if scope.everything:
        return set()
    quotas = stock.quotas_by_ids(conn, quota_ids)
    nodes = {node.id: node for node in stock.nodes_by_ids(conn, [one.node_id for one in quotas])}
    inside = {one.id for one in quotas if scope.covers_site(nodes[one.node_id].site_id)}
    # What is not there is told like what is not one's own.
    return {quota_id for quota_id in quota_ids if quota_id not in inside}


def end_due_quotas(conn: Conn, *, now: datetime, limit: int) -> int:
    """End quotas whose time is over, at most `limit`, those that ended first; returns how many."""
    over = stock.end_due_quotas(conn, now=now, limit=limit)
    log.append(conn, ended_events(over, now=now))
    return len(over)


def end_quotas_of_shows(conn: Conn, codes: Sequence[str], *, now: datetime, actor: str) -> list[Event]:
    """End what was set aside for shows that are over; returns what is to be told."""
    events = [QuotaName(kind=QuotaKind.LIVE_ROOM, code=code) for code in codes]
    return ended_events(stock.end_quotas_of_events(conn, events, now=now), now=now, actor=actor)


def ended_events(over: Sequence[QuotaOver], *, now: datetime, actor: str = "system") -> list[Event]:
    """Return what is to be told of quotas that ended."""
    told = [event(_ended(one), subject=one.quota.id, at=now, actor=actor) for one in over]
    return [*told, *shortfall_events(over, now=now)]


def lost_units(moved: QuotaMoved, *, now: datetime) -> Event:
    """Return what is to be told of a quota that lost units to a fact."""
    lost = moved.units_before - moved.quota.units
    return event(_changed(moved, lost=lost), subject=moved.quota.id, at=now)


def _decide(
    asks: Sequence[Asked | Refusal], decide: Callable[[list[Asked]], Sequence[Decided | Refusal]]
) -> list[Decided | Refusal]:
    """Decide those that are not refused yet, together; every outcome in its place."""
    decided = iter(decide([one for one in asks if not isinstance(one, Refusal)]))
    return [one if isinstance(one, Refusal) else next(decided) for one in asks]


def _opened(quota: Quota) -> stock_events.QuotaOpened:
    return stock_events.QuotaOpened(
        quota_id=quota.id,
        kind=quota.event.kind,
        code=quota.event.code,
        node_id=quota.node_id,
        sku_id=quota.sku_id,
        units=quota.units,
        starts_at=quota.starts_at,
        ends_at=quota.ends_at,
    )


def _changed(moved: QuotaMoved, *, lost: int) -> stock_events.QuotaChanged:
    quota = moved.quota
    return stock_events.QuotaChanged(
        quota_id=quota.id,
        kind=quota.event.kind,
        code=quota.event.code,
        node_id=quota.node_id,
        sku_id=quota.sku_id,
        units_before=moved.units_before,
        units=quota.units,
        lost=lost,
        starts_at=quota.starts_at,
        ends_at=quota.ends_at,
    )


def _ended(over: QuotaOver) -> stock_events.QuotaEnded:
    quota = over.quota
    return stock_events.QuotaEnded(
        quota_id=quota.id,
        kind=quota.event.kind,
        code=quota.event.code,
        node_id=quota.node_id,
        sku_id=quota.sku_id,
        to_orders=quota.to_orders,
        returned=over.returned,
    )
