"""Carry over: what was paid for goods that come back in an exchange pays for those that take their place.

No money moves. What would be given back stays with the company that has it, and counts as a payment of the new order
by the way it once came: a gateway's money is still given back by that gateway, cash in cash. Only within one company:
between two the old money goes back by its way, and the new order is paid by itself.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from loopline import orders
from loopline.db import Conn, log
from loopline.kernel.events import Event, EventBody, event
from loopline.kernel.ids import OrderId, PaymentId, ReturnId, uuid7s
from loopline.orders import Order, OrderStage
from loopline.payments import intents as payment_intents
from loopline.payments import service as payments
from loopline.payments.cash import EXCHANGE
from loopline.payments.model import NewPayment, NewRefund, RefundId, Way
from loopline.payments.refusals import RefundAboveTaken
from loopline.processes.checkout import to_pay
from loopline.processes.outcomes import all_granted
from loopline.processes.pay import keep_carried
from loopline.processes.refund import Refund
from loopline.returns.exchanges import KeptExchange, end_exchange, exchanges_by_id


class GoodsExchanged(EventBody, frozen=True, kw_only=True):
    """Goods came back for which others go out; `credit_minor` of what was paid for them pays for the new order."""

    exchange_id: ReturnId
    order_id: OrderId
    new_order_id: OrderId
    currency: str
    credit_minor: int


def carry_over(conn: Conn, refunds: Sequence[Refund], *, now: datetime) -> list[Refund]:
    """Let what exchanges are to give back pay for their new orders first; returns what is left to be given back.

    A new order that waits to be paid is paid in full or not at all: nothing is left on one that may still lapse. The
    caller holds the orders, the new ones too.
    """
    return_ids = list({one.return_id for one in refunds if one.return_id is not None})
    known = exchanges_by_id(conn, return_ids) if return_ids else {}
    open_ones = {
        one.id: one for one in known.values() if one.done_at is None and one.new_order_id is not None
    }
    if not open_ones:
        return list(refunds)
    heads = {
        head.id: head
        for head in orders.orders_by_ids(
            conn, [one.new_order_id for one in open_ones.values() if one.new_order_id is not None]
        )
    }
    rest = to_pay(conn, list(heads.values()))
    left: list[Refund] = []
    paid_by: dict[ReturnId, int] = dict.fromkeys(open_ones, 0)
    for one in refunds:
        exchange = open_ones.get(one.return_id) if one.return_id is not None else None
        carried = 0
        if exchange is not None and exchange.new_order_id is not None:
            carried = _carry(conn, one, exchange, heads[exchange.new_order_id], rest=rest, now=now)
            rest[exchange.new_order_id] -= carried
            paid_by[exchange.id] += carried
        if carried < one.amount_minor:
            left.append(msgspec.structs.replace(one, amount_minor=one.amount_minor - carried))
    for (
        exchange_id,
        credit_minor,
    ) in paid_by.items():  # one by one: an exchange is done at a counter, not in bulk
        end_exchange(conn, exchange_id, credit_minor=credit_minor, now=now)
    log.append(conn, [_told(one, paid_by[one.id], now) for one in open_ones.values()])
    return left


def _told(one: KeptExchange, credit_minor: int, now: datetime) -> Event:
    assert one.new_order_id is not None
    body = GoodsExchanged(
        exchange_id=one.id,
        order_id=one.order_id,
        new_order_id=one.new_order_id,
        currency=one.currency,
        credit_minor=credit_minor,
    )
    return event(body, subject=one.id, at=now)


def _carry(  # noqa: PLR0913 - what, from where, to where
    conn: Conn,
    one: Refund,
    exchange: KeptExchange,
    new: Order,
    *,
    rest: dict[OrderId, int],
    now: datetime,
) -> int:
    """Carry over what fits of one refund; returns how much it was."""
    due = rest[new.id]
    amount_minor = min(one.amount_minor, due)
    is_ours = (one.order_id, one.entity_id, one.currency) == (
        exchange.order_id,
        new.seller_entity_id,
        new.currency,
    )
    may_lapse = new.pay_until is not None and amount_minor < due
    if one.is_fact or not is_ours or may_lapse or amount_minor <= 0 or new.stage is OrderStage.CANCELLED:
        return 0
    wanted = _wanted(one, amount_minor, key=f"exchange:{one.key}", now=now)
    (ways,) = payment_intents.plan_ways(conn, [wanted])
    if isinstance(ways, RefundAboveTaken):
        return 0
    _write(conn, one, ways, new, now=now)
    return amount_minor


def _wanted(
    one: Refund, amount_minor: int, *, key: str, now: datetime, payment_id: PaymentId | None = None
) -> NewRefund:
    return NewRefund(
        id=RefundId(uuid7s(now, 1)[0]),
        key=key,
        entity_id=one.entity_id,
        currency=one.currency,
        amount_minor=amount_minor,
        refunded_at=one.at,
        order_id=one.order_id,
        return_id=one.return_id,
        method=EXCHANGE,
        payment_id=payment_id,
    )


def _write(conn: Conn, one: Refund, ways: Sequence[Way], new: Order, *, now: datetime) -> None:
    """Take each part off the payment it came by, and count it as one of the new order by the same way."""
    parts = [
        _wanted(
            one,
            way.amount_minor,
            key=f"exchange:{one.key}:{way.payment_id}",
            now=now,
            payment_id=way.payment_id,
        )
        for way in ways
    ]
    all_granted(payments.record_refunds(conn, parts, now=now))
    keep_carried(
        conn,
        [
            NewPayment(
                id=PaymentId(payment_id),
                key=f"exchange:{part.id}",
                order_id=new.id,
                method=way.method,
                entity_id=one.entity_id,
                currency=one.currency,
                amount_minor=way.amount_minor,
                taken_at=one.at,
                carried_from=way.payment_id,
                carried_intent_id=way.intent_id,
            )
            for part, way, payment_id in zip(parts, ways, uuid7s(now, len(parts)), strict=True)
        ],
        now=now,
    )
