"""Money that comes for what was called off before: the channel has given it back, whichever message came first."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from loopline import orders
from loopline.db import Conn
from loopline.kernel.ids import OrderId, uuid7s
from loopline.orders import Order
from loopline.payments import queries as payments
from loopline.processes.money import dues_of, kept_of
from loopline.processes.pay import close_what_is_right
from loopline.processes.refund import Refund, refund


def give_back_called_off(conn: Conn, order_ids: Sequence[OrderId], *, now: datetime) -> None:
    """Let the money go back that is kept for units which were called off before it came.

    `cancel` pays back what was taken before it; this pays back what was taken after, so that both orders of the two
    messages come to the same. No more than was called off and not yet given back: what a channel took twice stays, with
    the exception that says so. Of an order that ran out of time nothing was called off. The caller holds the orders.
    """
    heads = orders.orders_by_ids(conn, list(dict.fromkeys(order_ids)))
    owed = [(head, amount) for head, amount in _owed(conn, heads) if amount > 0]
    if not owed:
        return
    causes = uuid7s(now, len(owed))
    refunds = [_refund(head, amount, cause, now) for (head, amount), cause in zip(owed, causes, strict=True)]
    refund(conn, refunds, now=now)
    close_what_is_right(conn, [head.id for head, _ in owed], now=now)


def _owed(conn: Conn, heads: Sequence[Order]) -> list[tuple[Order, int]]:
    called = [head for head in heads if head.cancelled and head.pay_until is None]
    if not called:
        return []
    kept, due = kept_of(conn, called), dues_of(conn, called)
    refunded: dict[OrderId, int] = {}
    for money in payments.money_of_orders(conn, [head.id for head in called]):
        refunded[money.order_id] = refunded.get(money.order_id, 0) + money.refunded_minor
    return [
        (
            head,
            min(
                kept[head.id].ours_minor - due[head.id],
                head.amount_minor - due[head.id] - refunded.get(head.id, 0),
            ),
        )
        for head in called
    ]


def _refund(head: Order, amount_minor: int, cause_id: UUID, now: datetime) -> Refund:
    return Refund(
        cause_id=cause_id,
        order_id=head.id,
        entity_id=head.seller_entity_id,
        currency=head.currency,
        amount_minor=amount_minor,
        at=now,
    )
