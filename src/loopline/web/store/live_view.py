"""A show as its desk shows it: orders, units and money so far, what of each SKU is left, what the streamer gets."""

from datetime import datetime
from typing import Any

import msgspec

from loopline import catalogue, orders, stock, touchpoints
from loopline.catalogue import Sku
from loopline.db import Conn
from loopline.kernel.ids import PartyId, SkuId
from loopline.orders import GoodsWanted
from loopline.processes.quotas import events_of
from loopline.processes.worth import LIVESTREAM, ShowSold, streamer_part
from loopline.sharing import queries as sharing
from loopline.touchpoints import LiveCounters, LiveRoom
from loopline.web.languages import Language
from loopline.web.store.words import variety


class Show(msgspec.Struct, frozen=True, kw_only=True):
    """A show with all that its desk is written from."""

    now: datetime
    room: LiveRoom
    counters: LiveCounters
    currency: str
    wanted: dict[SkuId, GoodsWanted]
    skus: list[Sku]
    room_left: dict[SkuId, int]
    quotas: dict[SkuId, "SetAside"]
    streamer_minor: int


class SetAside(msgspec.Struct, kw_only=True):
    """What is or was set aside of a SKU for a show: units in all, those that went to orders, those left.

    What was given back, at its end or before, is no part of it.
    """

    units: int = 0
    to_orders: int = 0
    left: int = 0
    returned: int = 0


def read_show(conn: Conn, room: LiveRoom, *, now: datetime) -> Show:
    """Read how a show goes."""
    order_ids = touchpoints.orders_of_live_room(conn, room.id)
    wanted = {one.sku_id: one for one in orders.goods_of_orders(conn, order_ids)}
    first = orders.order_by_id(conn, order_ids[0]) if order_ids else None
    currency = first.currency if first else _home_currency(conn)
    shown = list(catalogue.skus_by_code(conn, room.sku_codes).values())
    known = {sku.id for sku in shown}
    quotas = _set_aside(conn, room)
    others = catalogue.skus_by_id(conn, [sku_id for sku_id in {**wanted, **quotas} if sku_id not in known])
    skus = [*shown, *others.values()]
    return Show(
        now=now,
        room=room,
        counters=touchpoints.live_counters(conn, [room.id])[room.id],
        currency=currency,
        wanted=wanted,
        skus=skus,
        room_left=_left(conn, room, skus, now=now),
        quotas=quotas,
        streamer_minor=streamer_part(
            conn,
            ShowSold(
                streamer_id=room.streamer_id,
                code=room.code,
                began_at=room.started_at or now,
                currency=currency,
                units=sum(one.units for one in wanted.values()),
                net_minor=sum(one.net_minor for one in wanted.values()),
                gross_minor=sum(one.amount_minor for one in wanted.values()),
            ),
        ),
    )


def _home_currency(conn: Conn) -> str:
    """The currency of the latest rules: what is shown before anything is sold."""
    return next((rules.currency for rules in sharing.rule_sets(conn)), "CNY")


def _set_aside(conn: Conn, room: LiveRoom) -> dict[SkuId, SetAside]:
    """What is set aside for a show, by SKU, wherever it lies."""
    found: dict[SkuId, SetAside] = {}
    for quota in stock.quotas_of_events(conn, events_of(LIVESTREAM, room.code)[:1]):
        one = found.setdefault(quota.sku_id, SetAside())
        one.units += quota.units
        one.to_orders += quota.to_orders
        one.left += quota.remaining
        one.returned += quota.returned
    return found


def _left(conn: Conn, room: LiveRoom, skus: list[Sku], *, now: datetime) -> dict[SkuId, int]:
    """What a show can still sell of SKUs: what is set aside for it, or else what its channel can promise."""
    terms = orders.channels_by_code(conn).get(LIVESTREAM)
    node_id = terms.network_node_id if terms else None
    if node_id is None or not skus:
        return {}
    events = events_of(LIVESTREAM, room.code)
    found = stock.room_of_events(conn, node_id, [sku.id for sku in skus], events=events, now=now)
    return {one.sku_id: max(0, one.room) for one in found}


def show_of(show: Show, names: dict[PartyId, str], language: Language) -> dict[str, Any]:
    """Write a show down."""
    room, wanted = show.room, show.wanted.values()
    return {
        "code": room.code,
        "name": language.called(room.name),
        "streamer": language.called(names.get(room.streamer_id, "")),
        "is_live": room.is_live,
        "is_over": room.ended_at is not None,
        "minutes": _minutes(show),
        "path": f"/live/{room.code}",
        "touchpoint_code": room.touchpoint_code,
        "orders": language.count(show.counters.orders),
        "scans": language.count(show.counters.scans),
        "units": language.count(sum(one.units for one in wanted)),
        "amount": language.money(sum(one.amount_minor for one in wanted), show.currency),
        "share": language.money(show.streamer_minor, show.currency),
        "goods": [
            {
                "key": sku.code,
                "name": language.called(sku.name),
                "variety": variety(sku),
                "code": sku.code,
                "sold": language.count(show.wanted[sku.id].units if sku.id in show.wanted else 0),
                "left": language.count(show.room_left[sku.id]) if sku.id in show.room_left else "–",
                "is_out": show.room_left.get(sku.id) == 0,
            }
            for sku in show.skus
        ],
        "quotas": [
            {
                "key": sku.code,
                "name": language.called(sku.name),
                "variety": variety(sku),
                "set_aside": language.count(one.units),
                "drawn": language.count(one.to_orders),
                "left": language.count(one.left),
                "returned": language.count(one.returned) if one.returned else "",
                "is_out": not one.left and room.ended_at is None,
            }
            for sku in show.skus
            for one in (show.quotas.get(sku.id),)
            if one is not None
        ],
    }


def _minutes(show: Show) -> int:
    if show.room.started_at is None:
        return 0
    return max(0, int(((show.room.ended_at or show.now) - show.room.started_at).total_seconds()) // 60)
