"""Pay: money that was taken for orders is recorded and owed to their customers until the goods are theirs.

A paid order's holds no longer run out. A payment that comes for an order that is gone is kept, with an exception.
"""

from collections.abc import Sequence
from datetime import datetime

from loopline import orders, stock
from loopline.db import Conn, log
from loopline.kernel.events import EventBody, event
from loopline.kernel.ids import EntryId, OrderId, PaymentId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.ledger import service as ledger
from loopline.ledger.model import EntryKind, NewEntry, Posting, Purpose
from loopline.orders import Order, OrderStage
from loopline.payments import queries as payments_queries
from loopline.payments import service as payments
from loopline.payments.model import ExceptionKind, NewException, NewPayment, PaymentRepeat, Taken
from loopline.processes.accounts import Accounts
from loopline.processes.outcomes import all_granted


class PaymentTaken(EventBody, frozen=True, kw_only=True):
    """Money was taken for an order."""

    payment_id: PaymentId
    order_id: OrderId
    method: str
    currency: str
    amount_minor: int


def take_payments(
    conn: Conn, taken: Sequence[NewPayment], *, now: datetime
) -> list[Taken | PaymentRepeat | Refusal]:
    """Record money that was taken, post it, and keep the holds of its orders until they are used.

    The same payment again is the one recorded before. Money that was taken stands, whatever became of its order.
    """
    outcomes = payments.record_payments(conn, taken, now=now)
    new = [one for one, outcome in zip(taken, outcomes, strict=True) if isinstance(outcome, Taken)]
    if not new:
        return outcomes
    heads = {head.id: head for head in orders.orders_by_ids(conn, list({one.order_id for one in new}))}
    paid = _paid_in_full(conn, [head for head in heads.values() if head.pay_until is not None])
    lines = orders.lines_by_orders(conn, paid) if paid else []
    extensions = [stock.HoldExtension(line_id=line.line_id, expires_at=None) for line in lines if line.held]
    # A hold that a rival has used or released since is no hold to keep: the money stands all the same.
    stock.extend_holds(conn, extensions, now=now)
    orders.set_paid(conn, paid, now=now)
    heads = {head.id: head for head in orders.orders_by_ids(conn, list(heads))}
    gone = [
        one for one in new if one.order_id not in heads or heads[one.order_id].stage is OrderStage.CANCELLED
    ]
    payments.open_exceptions(conn, [_paid_too_late(one) for one in gone], now=now)
    _post(conn, new, now=now)
    log.append(
        conn,
        [
            event(
                PaymentTaken(
                    payment_id=one.id,
                    order_id=one.order_id,
                    method=one.method,
                    currency=one.currency,
                    amount_minor=one.amount_minor,
                ),
                subject=one.order_id,
                at=now,
            )
            for one in new
        ],
    )
    return outcomes


def _paid_in_full(conn: Conn, waiting: Sequence[Order]) -> list[OrderId]:
    """Those of the orders for which everything is taken now; part of it keeps nothing."""
    kept: dict[OrderId, int] = {}
    for money in payments_queries.money_of_orders(conn, [head.id for head in waiting]):
        kept[money.order_id] = kept.get(money.order_id, 0) + money.taken_minor - money.refunded_minor
    return [head.id for head in waiting if kept.get(head.id, 0) >= head.amount_minor]


def _paid_too_late(one: NewPayment) -> NewException:
    return NewException(
        kind=ExceptionKind.PAID_AFTER_RELEASE,
        subject=str(one.order_id),
        content={"payment_id": str(one.id)},
        order_id=one.order_id,
        currency=one.currency,
        found_minor=one.amount_minor,
        expected_minor=0,
    )


def _post(conn: Conn, taken: Sequence[NewPayment], *, now: datetime) -> None:
    accounts = Accounts(conn, now=now)
    planned = [
        (
            accounts.ask(one.entity_id, Purpose.CASH, one.currency),
            accounts.ask(one.entity_id, Purpose.CUSTOMER_DEPOSIT, one.currency),
        )
        for one in taken
    ]
    accounts.open()
    entries = [
        NewEntry(
            id=EntryId(entry_id),
            kind=EntryKind.PAYMENT,
            subject=one.order_id,
            at=one.taken_at,
            key=f"payment:{one.id}",
            postings=(
                Posting(part_id=one.id, account_id=accounts.id_of(cash), amount_minor=one.amount_minor),
                Posting(part_id=one.id, account_id=accounts.id_of(deposit), amount_minor=-one.amount_minor),
            ),
        )
        for one, (cash, deposit), entry_id in zip(taken, planned, uuid7s(now, len(taken)), strict=True)
    ]
    all_granted(ledger.post_entries(conn, entries))
