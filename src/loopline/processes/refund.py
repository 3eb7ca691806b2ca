"""Refund: money goes back to who paid."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn
from loopline.kernel.ids import EntityId, EntryId, OrderId, ReturnId, uuid7s
from loopline.ledger import service as ledger
from loopline.ledger.model import EntryKind, NewEntry, Posting, Purpose
from loopline.payments import service as payments
from loopline.payments.cash import CASH
from loopline.payments.model import ExceptionKind, NewException, NewRefund, RefundId
from loopline.payments.refusals import RefundAboveTaken
from loopline.processes.accounts import Accounts
from loopline.processes.outcomes import all_granted


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """What one company pays back for a return, or for what was cancelled before it was sold; tax included.

    `cause_id` names the return or the cancellation; `return_id` is given where it is a return.
    """

    cause_id: UUID
    order_id: OrderId | None
    entity_id: EntityId
    currency: str
    amount_minor: int
    at: datetime
    return_id: ReturnId | None = None


def refund(conn: Conn, refunds: Sequence[Refund], *, now: datetime) -> None:
    """Pay back what returns and cancellations are owed, and post it. One refund per cause, company and order.

    What an order is owed goes back the way it was paid. Where more was paid out than was taken for it, the money is
    gone all the same: it is recorded as paid in cash, beside the order, with an exception that says so.
    """
    if not refunds:
        return
    ids = [RefundId(made) for made in uuid7s(now, len(refunds))]
    outcomes = payments.record_refunds(
        conn, [_new_refund(one, refund_id) for one, refund_id in zip(refunds, ids, strict=True)], now=now
    )
    above = [
        (one, refund_id, outcome)
        for one, refund_id, outcome in zip(refunds, ids, outcomes, strict=True)
        if isinstance(outcome, RefundAboveTaken)
    ]
    all_granted([outcome for outcome in outcomes if not isinstance(outcome, RefundAboveTaken)])
    beside = [_new_refund(one, refund_id, is_beside=True) for one, refund_id, _ in above]
    all_granted(payments.record_refunds(conn, beside, now=now))
    payments.open_exceptions(conn, [_above(one, refused) for one, _, refused in above], now=now)
    _post(conn, refunds, now=now)


def _new_refund(one: Refund, refund_id: RefundId, *, is_beside: bool = False) -> NewRefund:
    order_id = None if is_beside else one.order_id
    return NewRefund(
        id=refund_id,
        key=f"{one.cause_id}:{one.entity_id}:{one.order_id or 'blind'}{':beside' if is_beside else ''}",
        entity_id=one.entity_id,
        currency=one.currency,
        amount_minor=one.amount_minor,
        refunded_at=one.at,
        order_id=order_id,
        return_id=one.return_id,
        method=None if order_id else CASH,
    )


def _above(one: Refund, refused: RefundAboveTaken) -> NewException:
    return NewException(
        kind=ExceptionKind.REFUND_ABOVE_TAKEN,
        subject=f"{one.cause_id}:{one.order_id}",
        content={"cause_id": str(one.cause_id), "amount_minor": one.amount_minor},
        order_id=one.order_id,
        currency=one.currency,
        expected_minor=refused.left_minor,
        found_minor=one.amount_minor,
    )


def _post(conn: Conn, refunds: Sequence[Refund], *, now: datetime) -> None:
    accounts = Accounts(conn, now=now)
    planned = [
        (
            accounts.ask(one.entity_id, Purpose.CUSTOMER_DEPOSIT, one.currency),
            accounts.ask(one.entity_id, Purpose.CASH, one.currency),
        )
        for one in refunds
    ]
    accounts.open()
    entries = [
        NewEntry(
            id=EntryId(entry_id),
            kind=EntryKind.REFUND,
            subject=one.cause_id,
            at=one.at,
            key=f"refund:{one.cause_id}:{one.entity_id}:{one.order_id}",
            postings=(
                Posting(
                    part_id=one.cause_id, account_id=accounts.id_of(deposit), amount_minor=one.amount_minor
                ),
                Posting(
                    part_id=one.cause_id, account_id=accounts.id_of(cash), amount_minor=-one.amount_minor
                ),
            ),
        )
        for one, (deposit, cash), entry_id in zip(refunds, planned, uuid7s(now, len(refunds)), strict=True)
    ]
    all_granted(ledger.post_entries(conn, entries))
