"""Pay: money that was taken for orders is recorded and owed to their customers until the goods are theirs.

A paid order's holds no longer run out. What people or other systems took for an order that is gone is kept, with an
exception. What a gateway takes for one is put right by itself: the goods are held again, or the money goes back.
"""

from collections.abc import Sequence
from datetime import datetime

from loopline import orders, stock
from loopline.db import Conn, log
from loopline.kernel.events import Event, EventBody, event
from loopline.kernel.ids import NodeId, OrderId, PaymentId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.ledger.model import EntryKind
from loopline.orders import Order, OrderStage
from loopline.payments import intents as payment_intents
from loopline.payments import queries as payments_queries
from loopline.payments import service as payments
from loopline.payments.events import MoneyRefunded
from loopline.payments.intents import Applied
from loopline.payments.model import (
    Closing,
    ExceptionKind,
    NewException,
    NewPayment,
    PaymentRepeat,
    Taken,
)
from loopline.payments.port import Intent, IntentState, Notice, Report
from loopline.payments.refusals import IntentContradicted
from loopline.payments.rules import amount_differs
from loopline.processes.coupons.standing import spend_held
from loopline.processes.money import Moved, dues_of, is_by_gateway, kept_of, post_moved
from loopline.processes.outcomes import all_granted
from loopline.processes.refund import give_back, told_of
from loopline.processes.reinstate import nodes_of_lines, reinstate

_PUT_RIGHT = frozenset({ExceptionKind.PAID_AFTER_RELEASE, ExceptionKind.ORDER_TOTAL_DIFFERS})


class PaymentTaken(EventBody, frozen=True, kw_only=True):
    """Money was taken for an order; with `carried_from` it was before, for another order, and none moved now."""

    payment_id: PaymentId
    order_id: OrderId
    method: str
    currency: str
    amount_minor: int
    carried_from: PaymentId | None = None


class NumberNotKnown(Refusal, frozen=True, kw_only=True):
    """Nothing was asked of this gateway under the number {number}."""

    number: str


class NoticeDiffers(Refusal, frozen=True, kw_only=True):
    """The notification for {number} says another amount or currency than was asked for; the gateway is asked itself."""

    number: str


def take_payments(
    conn: Conn, taken: Sequence[NewPayment], *, now: datetime
) -> list[Taken | PaymentRepeat | Refusal]:
    """Record money that was taken, post it, and keep the holds of its orders until they are used.

    The same payment again is the one recorded before. Money that was taken stands, whatever became of its order; what
    is beyond what the order comes to has an exception, for somebody to give it back.

    Locks stock, then orders, then payments, as reports of gateways do: two who take the same money see each other.
    """
    _lock(conn, sorted({one.order_id for one in taken}))
    outcomes = payments.record_payments(conn, taken, now=now)
    new = [one for one, outcome in zip(taken, outcomes, strict=True) if isinstance(outcome, Taken)]
    if not new:
        return outcomes
    heads = _keep_what_is_paid(conn, new, now=now)
    gone = [
        one for one in new if one.order_id not in heads or heads[one.order_id].stage is OrderStage.CANCELLED
    ]
    given = give_back(
        conn, [head for head in heads.values() if head.stage is not OrderStage.CANCELLED], now=now
    )
    payments.open_exceptions(conn, [_paid_too_late(one) for one in gone], now=now)
    post_moved(conn, [_came_in(one) for one in new], now=now)
    log.append(
        conn,
        [*(_told(one, now) for one in new), *(told for back in given for told in told_of(back, now))],
    )
    return outcomes


def keep_carried(conn: Conn, carried: Sequence[NewPayment], *, now: datetime) -> None:
    """Record what was carried over from payments of other orders, and keep the holds that it pays for.

    The claim stays in the books of the company that it is against: nothing is posted. The caller holds the orders.
    """
    all_granted(payments.record_payments(conn, carried, now=now))
    _keep_what_is_paid(conn, carried, now=now)
    log.append(conn, [_told(one, now) for one in carried])


def hold_to_pay(conn: Conn, order_ids: Sequence[OrderId]) -> None:
    """Lock what payments of orders may touch, in the order in which everybody locks: stock first, then the orders."""
    _lock(conn, sorted(order_ids))


def apply_gateway_reports(conn: Conn, reports: Sequence[Report], *, now: datetime) -> list[Applied | Refusal]:
    """Take in what gateways report, in any order and any number of times: money, books, holds, events.

    Money taken keeps its order's holds. Where the order was cancelled because its time to pay ran out, what it stood
    for is held again if there is stock; if not, or if the order was paid already, the money goes back with an
    exception and a notice. Money given back leaves the customer's deposit.

    Locks stock, then orders, then intents and payments: whoever releases or sources the same goods waits, or is done.
    """
    asked = payments_queries.intents_by_ids(conn, [report.intent_id for report in reports])
    order_ids = sorted({one.order_id for one in asked.values() if one.order_id is not None})
    _lock(conn, order_ids)
    outcomes = payment_intents.apply_reports(conn, reports, now=now)
    moves = [
        (asked[report.intent_id].intent(), report, outcome)
        for report, outcome in zip(reports, outcomes, strict=True)
        if isinstance(outcome, Applied)
    ]
    new = [_taken(intent, report, applied) for intent, report, applied in moves if applied.payment_id]
    told = [*_take_in(conn, new, now=now)] if new else []
    back = [move for move in moves if move[2].refund_id]
    told += _give_out(conn, back, now=now) if back else []
    log.append(conn, told)
    return outcomes


def apply_notices(
    conn: Conn, gateway: str, notices: Sequence[Notice], *, now: datetime
) -> list[Applied | Refusal]:
    """Take in what a gateway told of its own accord; idempotent, in any order.

    A number that was never asked for is refused. Another amount or currency than was asked for moves nothing: it is
    kept as an exception, and the gateway itself is asked what became of it as soon as may be.
    """
    known = payments_queries.intents_by_numbers(conn, [notice.key for notice in notices])
    outcomes: list[Applied | Refusal] = [NumberNotKnown(number=notice.key) for notice in notices]
    believed: list[tuple[int, Report]] = []
    differing: list[tuple[Intent, Report]] = []
    for position, notice in enumerate(notices):
        found = known.get(notice.key)
        if found is None or found.gateway != gateway or found.kind is not notice.kind:
            continue
        report = notice.report(found.id)
        if (notice.amount_minor, notice.currency) == (found.amount_minor, found.currency):
            believed.append((position, report))
        else:
            outcomes[position] = NoticeDiffers(number=notice.key)
            if found.state in {IntentState.WRITTEN, IntentState.WAITING}:
                differing.append((found.intent(), report))
    applied = apply_gateway_reports(conn, [report for _, report in believed], now=now) if believed else []
    for (position, _), outcome in zip(believed, applied, strict=True):
        outcomes[position] = outcome
    payment_intents.hasten_intents(conn, [intent.id for intent, _ in differing], now=now)
    payments.open_exceptions(conn, [amount_differs(*one) for one in differing], now=now)
    return outcomes


def is_settled(outcome: Applied | Refusal) -> bool:
    """Tell whether a notice needs not come again: taken in, or contrary to what is known and kept as such."""
    return isinstance(outcome, Applied | IntentContradicted)


def _lock(conn: Conn, order_ids: Sequence[OrderId]) -> None:
    """Lock what orders hold and might hold again, then the orders: the order in which everybody locks."""
    if not order_ids:
        return
    heads = orders.orders_by_ids(conn, order_ids)
    lines = orders.lines_by_orders(conn, order_ids)
    unpaid = [head for head in heads if head.pay_until is not None]
    nodes = nodes_of_lines(conn, unpaid, lines)
    keys: list[tuple[NodeId, SkuId]] = list(nodes.values())
    stock.lock_stock(conn, keys, line_ids=[line.line_id for line in lines if line.held])
    orders.lock_orders(conn, order_ids)


def _taken(intent: Intent, report: Report, applied: Applied) -> NewPayment:
    assert intent.order_id is not None, "money is taken for an order (refused when the intent is written)"
    assert applied.payment_id is not None, "asked for those that were recorded"
    return NewPayment(
        id=applied.payment_id,
        order_id=intent.order_id,
        method=intent.gateway,
        entity_id=intent.entity_id,
        currency=intent.currency,
        amount_minor=_amount(intent, report),
        taken_at=report.at,
        intent_id=intent.id,
    )


def _amount(intent: Intent, report: Report) -> int:
    return intent.amount_minor if report.amount_minor is None else report.amount_minor


def _take_in(conn: Conn, new: Sequence[NewPayment], *, now: datetime) -> list[Event]:
    """Keep the holds of what is paid, put right what is paid too late or twice, and post all of it."""
    heads = _keep_what_is_paid(conn, new, now=now)
    told = [_told(one, now) for one in new]
    told += reinstate(conn, _ran_out(conn, list(heads.values()), now=now), now=now)
    now_standing = orders.orders_by_ids(conn, list(heads))
    given = give_back(conn, now_standing, now=now)
    lost = [one for one in new if one.order_id not in heads]
    payments.open_exceptions(conn, [_paid_too_late(one) for one in lost], now=now)
    post_moved(conn, [_came_in(one) for one in new], now=now)
    return [*told, *(one for back in given for one in told_of(back, now))]


def _ran_out(conn: Conn, heads: Sequence[Order], *, now: datetime) -> list[Order]:
    """Orders that were cancelled because nobody had paid in time, and that are paid in full now."""
    cancelled = [
        head
        for head in heads
        if head.stage is OrderStage.CANCELLED and head.pay_until is not None and head.pay_until <= now
    ]
    paid = set(_paid_in_full(conn, cancelled))
    return [head for head in cancelled if head.id in paid]


def _give_out(conn: Conn, back: Sequence[tuple[Intent, Report, Applied]], *, now: datetime) -> list[Event]:
    """Post what gateways gave back, and close what was open for it."""
    moved: list[Moved] = []
    told: list[Event] = []
    for intent, report, applied in back:
        assert applied.refund_id is not None, "asked for those that were recorded"
        subject = intent.return_id or intent.order_id
        assert subject is not None, "a refund is for an order or a return"
        amount_minor = _amount(intent, report)
        moved.append(
            Moved(
                key=f"refund:{applied.refund_id}",
                kind=EntryKind.REFUND,
                subject=subject,
                part_id=applied.refund_id,
                entity_id=intent.entity_id,
                currency=intent.currency,
                amount_minor=-amount_minor,
                at=report.at,
                by_gateway=is_by_gateway(intent.gateway, intent.id),
            )
        )
        body = MoneyRefunded(
            refund_id=applied.refund_id,
            order_id=intent.order_id,
            return_id=intent.return_id,
            entity_id=intent.entity_id,
            currency=intent.currency,
            amount_minor=amount_minor,
            refunded_at=report.at,
        )
        told.append(event(body, subject=intent.order_id or subject, at=now))
    post_moved(conn, moved, now=now)
    close_what_is_right(conn, [intent.order_id for intent, _, _ in back if intent.order_id], now=now)
    return told


def close_what_is_right(conn: Conn, order_ids: Sequence[OrderId], *, now: datetime) -> None:
    """Close exceptions of money that was too much, once it is back and nothing else is open between us."""
    heads = orders.orders_by_ids(conn, list(dict.fromkeys(order_ids)))
    kept, due = kept_of(conn, heads), dues_of(conn, heads)
    right = [
        head
        for head in heads
        if not kept[head.id].under_way_minor and kept[head.id].kept_minor == due[head.id]
    ]
    closings = [
        Closing(exception_id=one.id, closed_by="system", note="The money has gone back.")
        for one in payments_queries.open_exceptions_of_orders(conn, [head.id for head in right])
        if one.kind in _PUT_RIGHT
    ]
    payments.close_exceptions(conn, closings, now=now)


def _keep_what_is_paid(conn: Conn, new: Sequence[NewPayment], *, now: datetime) -> dict[OrderId, Order]:
    """Let the holds of orders that are paid in full now stay until they are used; returns the orders after it."""
    heads = {head.id: head for head in orders.orders_by_ids(conn, list({one.order_id for one in new}))}
    waiting = [head for head in heads.values() if head.pay_until is not None]
    paid = _paid_in_full(conn, [head for head in waiting if head.stage is not OrderStage.CANCELLED])
    lines = orders.lines_by_orders(conn, paid) if paid else []
    extensions = [stock.HoldExtension(line_id=line.line_id, expires_at=None) for line in lines if line.held]
    # A hold that a rival has used or released since is no hold to keep: the money stands all the same.
    stock.extend_holds(conn, extensions, now=now)
    orders.set_paid(conn, paid, now=now)
    spend_held(conn, lines, now=now)
    return {head.id: head for head in orders.orders_by_ids(conn, list(heads))}


def _paid_in_full(conn: Conn, waiting: Sequence[Order]) -> list[OrderId]:
    """Those of the orders for which everything is taken now; part of it keeps nothing.

    An order comes to what was not called off of it; one that is gone, to what it would have to be held again for.
    """
    due = dues_of(conn, [head for head in waiting if head.stage is not OrderStage.CANCELLED])
    kept: dict[OrderId, int] = {}
    for money in payments_queries.money_of_orders(conn, [head.id for head in waiting]):
        kept[money.order_id] = kept.get(money.order_id, 0) + money.taken_minor - money.refunded_minor
    return [head.id for head in waiting if kept.get(head.id, 0) >= due.get(head.id, head.amount_minor)]


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


def _came_in(one: NewPayment) -> Moved:
    return Moved(
        key=f"payment:{one.id}",
        kind=EntryKind.PAYMENT,
        subject=one.order_id,
        part_id=one.id,
        entity_id=one.entity_id,
        currency=one.currency,
        amount_minor=one.amount_minor,
        at=one.taken_at,
        by_gateway=is_by_gateway(one.method, one.intent_id),
    )


def _told(one: NewPayment, now: datetime) -> Event:
    body = PaymentTaken(
        payment_id=one.id,
        order_id=one.order_id,
        method=one.method,
        currency=one.currency,
        amount_minor=one.amount_minor,
        carried_from=one.carried_from,
    )
    return event(body, subject=one.order_id, at=now)
