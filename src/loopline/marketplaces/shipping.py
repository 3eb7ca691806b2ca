"""By when orders of marketplaces are to be shipped: noted, watched, and counted where it was missed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from loopline.db import Conn
from loopline.kernel.events import EventBody
from loopline.kernel.ids import OrderId
from loopline.marketplaces import store
from loopline.marketplaces.events import ShipByMissed, ShipByNear
from loopline.marketplaces.model import Marketplace, Shipment, ShipmentState


def note_shipments(
    conn: Conn,
    orders: Sequence[tuple[OrderId, datetime, datetime | None]],
    *,
    of: Mapping[OrderId, Marketplace],
) -> None:
    """Note that orders are to be shipped: when each was placed, and by when, where its marketplace said so.

    An order that is known keeps what was stated for it first. Locks the shipments by order.
    """
    made = [
        (
            order_id,
            of[order_id].channel,
            placed_at,
            stated_by,
            None if stated_by is None else of[order_id].alarm_at(stated_by),
        )
        for order_id, placed_at, stated_by in sorted(orders)
    ]
    if made:
        store.insert_shipments(conn, made)


def lock_shipments(conn: Conn, order_ids: Sequence[OrderId]) -> dict[OrderId, Shipment]:
    """Lock the shipments of those orders that are a marketplace's, by order."""
    return store.lock_shipments(conn, sorted(set(order_ids))) if order_ids else {}


def move_shipments(
    conn: Conn,
    states: Sequence[ShipmentState],
    *,
    known: Mapping[OrderId, Shipment],
    of: Mapping[str, Marketplace],
) -> list[tuple[OrderId, EventBody]]:
    """Note what became of orders; returns what is to be told. Orders that are not known are passed by.

    The first payment sets the time to ship by where nobody stated one. An order that left after its time is missed,
    however late that is heard. The caller holds the shipments.
    """
    moved: list[store.Moving] = []
    missed: list[Shipment] = []
    for one in states:
        held = known.get(one.order_id)
        if held is None:
            continue
        ship_by = held.ship_by or _ship_by(of.get(held.channel), one.paid_at)
        moved.append(
            store.Moving(
                order_id=one.order_id,
                ship_by=ship_by,
                alarm_at=of[held.channel].alarm_at(ship_by) if ship_by and held.channel in of else None,
                handed_over_at=one.handed_over_at,
                ended_at=one.ended_at,
            )
        )
        left_at = max((at for at in (held.handed_over_at, one.handed_over_at) if at), default=None)
        if ship_by and left_at and left_at > ship_by and held.missed_at is None:
            missed.append(_timed(held, ship_by))
    if moved:
        store.move_shipments(conn, moved)
    if missed:
        store.miss_shipments(conn, [one.order_id for one in missed])
    return [(one.order_id, _missed(one)) for one in missed]


def watch_shipments(conn: Conn, *, limit: int, now: datetime) -> list[tuple[OrderId, EventBody]]:
    """Find orders whose time to ship comes near or is over; returns what is to be told, each of an order once.

    Locks the shipments by how urgent they are; those at work are passed by.
    """
    near = store.near_shipments(conn, at_most=limit, now=now)
    if near:
        store.alarm_shipments(conn, [one.order_id for one in near], now=now)
    over = store.overdue_shipments(conn, at_most=limit, now=now)
    if over:
        store.miss_shipments(conn, [one.order_id for one in over])
    told: list[tuple[OrderId, EventBody]] = []
    for one in near:
        assert one.ship_by is not None
        told.append(
            (one.order_id, ShipByNear(order_id=one.order_id, channel=one.channel, ship_by=one.ship_by))
        )
    return [*told, *((one.order_id, _missed(one)) for one in over)]


def _ship_by(marketplace: Marketplace | None, paid_at: datetime | None) -> datetime | None:
    if marketplace is None or marketplace.ship_hours is None or paid_at is None:
        return None
    return paid_at + timedelta(hours=marketplace.ship_hours)


def _timed(held: Shipment, ship_by: datetime) -> Shipment:
    return Shipment(
        order_id=held.order_id,
        channel=held.channel,
        placed_at=held.placed_at,
        stated_by=held.stated_by,
        ship_by=ship_by,
        handed_over_at=held.handed_over_at,
        ended_at=held.ended_at,
        missed_at=held.missed_at,
    )


def _missed(one: Shipment) -> ShipByMissed:
    assert one.ship_by is not None
    return ShipByMissed(order_id=one.order_id, channel=one.channel, ship_by=one.ship_by)
