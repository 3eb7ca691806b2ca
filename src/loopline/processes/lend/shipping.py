"""By when orders of marketplaces are to be shipped: what they state, what follows from payment, and what was missed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from loopline import marketplaces, orders
from loopline.db import Conn, log
from loopline.fulfilment.events import ParcelHandedOver
from loopline.kernel.events import Event, read
from loopline.kernel.events import events as told_events
from loopline.kernel.ids import OrderId
from loopline.marketplaces import ShipmentState
from loopline.orders import DraftKind, OrderPlaced
from loopline.payments import queries as payments
from loopline.processes.pay import PaymentTaken

_PLACED = OrderPlaced.type_name()
_HANDED_OVER = ParcelHandedOver.type_name()
_PAID = PaymentTaken.type_name()


def note_stated(conn: Conn, stated: Mapping[OrderId, tuple[str, datetime, datetime]]) -> None:
    """Note by when marketplaces want orders shipped, in the transaction that places them.

    Of each order its channel, when it was placed and when it is to be shipped at the latest. What comes from a channel
    with no terms is passed by. Locks the shipments by order.
    """
    if not stated:
        return
    known = marketplaces.marketplaces(conn)
    going = {order_id: one for order_id, one in stated.items() if one[0] in known}
    marketplaces.note_shipments(
        conn,
        [(order_id, placed_at, ship_by) for order_id, (_, placed_at, ship_by) in going.items()],
        of={order_id: known[channel] for order_id, (channel, _, _) in going.items()},
    )


def follow_shipments(conn: Conn, events: Sequence[Event]) -> None:
    """Note which orders are to be shipped, and what became of them; tell of those that left too late."""
    known = marketplaces.marketplaces(conn) if events else {}
    if not known:
        return
    placed = [read(told, OrderPlaced) for told in events if told.type == _PLACED]
    asks = {one.order_id: one for one in placed if one.channel in known and one.kind is DraftKind.ASK}
    marketplaces.note_shipments(
        conn,
        [(one.order_id, one.placed_at, None) for one in asks.values()],
        of={order_id: known[one.channel] for order_id, one in asks.items()},
    )
    shipments = marketplaces.lock_shipments(conn, [OrderId(told.subject) for told in events])
    states = _states(conn, [told for told in events if OrderId(told.subject) in shipments])
    missed = marketplaces.move_shipments(conn, states, known=shipments, of=known)
    log.append(conn, told_events(missed, at=max(told.at for told in events)))


def watch(conn: Conn, *, now: datetime, limit: int) -> int:
    """Tell of orders that are to be shipped soon and of those that were missed; returns how many."""
    told = marketplaces.watch_shipments(conn, limit=limit, now=now)
    log.append(conn, told_events(told, at=now))
    return len(told)


def _states(conn: Conn, events: Sequence[Event]) -> list[ShipmentState]:
    """What became of orders by these events. An order is over when nothing of it is left to be sent."""
    order_ids = sorted({OrderId(told.subject) for told in events})
    if not order_ids:
        return []
    paid_at: dict[OrderId, datetime] = {}
    paid = sorted({OrderId(told.subject) for told in events if told.type == _PAID})
    for payment in payments.payments_of_orders(conn, paid) if paid else ():
        before = paid_at.get(payment.order_id)
        paid_at[payment.order_id] = min(before, payment.taken_at) if before else payment.taken_at
    handed_over_at = {OrderId(told.subject): told.at for told in events if told.type == _HANDED_OVER}
    last_at = {OrderId(told.subject): told.at for told in events}
    return [
        ShipmentState(
            order_id=head.id,
            paid_at=paid_at.get(head.id),
            handed_over_at=handed_over_at.get(head.id),
            ended_at=None if head.parked + head.held + head.allocated else last_at[head.id],
        )
        for head in orders.orders_by_ids(conn, order_ids)
    ]
