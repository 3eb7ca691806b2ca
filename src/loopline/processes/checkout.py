"""Check out: what is still to pay for orders is asked of a gateway, to be paid before their holds run out."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from loopline import orders
from loopline.db import Conn
from loopline.kernel.ids import OrderId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.orders import Order, OrderStage
from loopline.payments import StandingIntent
from loopline.payments import intents as payment_intents
from loopline.payments import queries as payments_queries
from loopline.payments.intents import IntentRepeat, IntentWritten
from loopline.payments.model import IntentId
from loopline.payments.port import Intent, IntentKind, IntentState
from loopline.processes.money import dues_of, kept_of
from loopline.returns.exchanges import exchanges_of_orders

BEFORE_THE_HOLD = timedelta(minutes=1)
"""How long before its hold an order's payment runs out, so that the gateway can be asked in between."""
WITHOUT_A_HOLD = timedelta(hours=2)
"""How long a payment is waited for where nothing is held for it."""


class OrderNotThere(Refusal, frozen=True, kw_only=True):
    """There is no order {order_id}."""

    order_id: OrderId


class NothingToPay(Refusal, frozen=True, kw_only=True):
    """Nothing is left to pay for order {number}."""

    number: str


class OrderCancelled(Refusal, frozen=True, kw_only=True):
    """Order {number} was cancelled: nothing is to be paid for it. Order again."""

    number: str


class TimeToPayOver(Refusal, frozen=True, kw_only=True):
    """The time to pay order {number} is over, and its goods go back on sale. Order again."""

    number: str


class PaymentUnderWay(Refusal, frozen=True, kw_only=True):
    """A payment of order {number} is under way already: finish or cancel it first."""

    number: str


class PaidByWhatComesBack(Refusal, frozen=True, kw_only=True):
    """Order {number} is held for you: it is paid by what you send back for it, and nothing is to be paid."""

    number: str


class _Bill(msgspec.Struct, frozen=True, kw_only=True):
    """What is still to pay for an order, and the payments of it that gateways were asked for before.

    `waits_for_goods`: what comes back in an exchange pays for it.
    """

    head: Order
    rest_minor: int
    waits_for_goods: bool
    captures: Sequence[StandingIntent]


def ask_payment(
    conn: Conn, order_ids: Sequence[OrderId], *, gateway: str, now: datetime
) -> list[IntentWritten | IntentRepeat | Refusal]:
    """Write what is still to pay for orders as captures of a gateway. While one is open, it is that one again.

    It runs out a minute before its order's hold. A payment that failed, or was let go, can be asked for anew. Locks
    the orders by id: of two who ask at once, the second finds the first's.
    """
    wanted = list(dict.fromkeys(order_ids))
    orders.lock_orders(conn, wanted)
    bills = _bills(conn, wanted)
    decided: dict[OrderId, Intent | IntentRepeat | Refusal] = {
        order_id: _decide(bills[order_id], gateway=gateway, now=now)
        if order_id in bills
        else OrderNotThere(order_id=order_id)
        for order_id in wanted
    }
    intents = [one for one in decided.values() if isinstance(one, Intent)]
    written = payment_intents.write_intents(conn, intents, now=now)
    by_order = dict(zip((one.order_id for one in intents), written, strict=True))
    return [
        by_order[order_id] if isinstance(one := decided[order_id], Intent) else one for order_id in order_ids
    ]


def to_pay(conn: Conn, heads: Sequence[Order]) -> dict[OrderId, int]:
    """Return what is still to pay for each order; what is paid beyond is negative."""
    kept, due = kept_of(conn, heads), dues_of(conn, heads)
    return {head.id: due[head.id] - kept[head.id].ours_minor for head in heads}


def orders_paid_by_goods(conn: Conn, order_ids: Sequence[OrderId]) -> set[OrderId]:
    """Return those of the orders that goods still to come back will pay for: nobody else is to pay before."""
    return {
        one.new_order_id
        for one in exchanges_of_orders(conn, order_ids)
        if one.new_order_id in order_ids and one.new_order_id is not None and one.done_at is None
    }


def _bills(conn: Conn, order_ids: Sequence[OrderId]) -> dict[OrderId, _Bill]:
    heads = orders.orders_by_ids(conn, order_ids)
    rest = to_pay(conn, heads)
    paid_by_goods = orders_paid_by_goods(conn, order_ids)
    captures: dict[OrderId, list[StandingIntent]] = {}
    for intent in payments_queries.intents_of_orders(conn, order_ids):
        if intent.kind is IntentKind.CAPTURE and intent.order_id is not None:
            captures.setdefault(intent.order_id, []).append(intent)
    return {
        head.id: _Bill(
            head=head,
            rest_minor=rest[head.id],
            waits_for_goods=head.id in paid_by_goods,
            captures=captures.get(head.id, ()),
        )
        for head in heads
    }


def _refusal_of(bill: _Bill) -> Refusal | None:
    """Return why nothing is to be paid for an order, or not by its customer."""
    number = bill.head.number
    if bill.head.stage is OrderStage.CANCELLED:
        return OrderCancelled(number=number)
    if bill.rest_minor <= 0:
        return NothingToPay(number=number)
    return PaidByWhatComesBack(number=number) if bill.waits_for_goods else None


def _decide(bill: _Bill, *, gateway: str, now: datetime) -> Intent | IntentRepeat | Refusal:
    head = bill.head
    if (refusal := _refusal_of(bill)) is not None:
        return refusal
    for open_one in bill.captures:
        if open_one.state not in {IntentState.WRITTEN, IntentState.WAITING}:
            continue
        is_over = open_one.expires_at is not None and open_one.expires_at <= now
        if (open_one.gateway, open_one.amount_minor) == (gateway, bill.rest_minor) and not is_over:
            return IntentRepeat(intent_id=open_one.id)
        return PaymentUnderWay(number=head.number)
    expires_at = head.pay_until - BEFORE_THE_HOLD if head.pay_until else now + WITHOUT_A_HOLD
    if expires_at <= now:
        return TimeToPayOver(number=head.number)
    return Intent(
        id=IntentId(uuid7s(now, 1)[0]),
        key=f"pay:{head.id}:{len(bill.captures)}",
        kind=IntentKind.CAPTURE,
        gateway=gateway,
        entity_id=head.seller_entity_id,
        currency=head.currency,
        amount_minor=bill.rest_minor,
        order_id=head.id,
        expires_at=expires_at,
    )
