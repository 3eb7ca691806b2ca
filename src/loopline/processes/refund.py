"""Refund: money goes back to who paid, by the way it came.

What people or other systems took is given back at once. What a gateway took it is asked to give back: an intent is
written, a job puts it to the gateway, and the books move when the gateway says that it is done (`processes.pay`).
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn
from loopline.kernel.events import Event, EventBody, event
from loopline.kernel.ids import EntityId, OrderId, ReturnId, uuid7s
from loopline.ledger.model import EntryKind
from loopline.orders import Order, OrderStage
from loopline.payments import intents as payment_intents
from loopline.payments import queries as payments_queries
from loopline.payments import service as payments
from loopline.payments.cash import CASH
from loopline.payments.events import PaymentExceptionOpened
from loopline.payments.model import (
    ExceptionId,
    ExceptionKind,
    IntentId,
    NewException,
    NewRefund,
    RefundId,
    Way,
)
from loopline.payments.port import Intent, IntentKind
from loopline.payments.refusals import RefundAboveTaken
from loopline.processes.between import PaidForAnother, can_owe, owe_each_other
from loopline.processes.money import (
    OVER_THE_COUNTER,
    Moved,
    dues_of,
    is_by_gateway,
    kept_of,
    post_moved,
)
from loopline.processes.outcomes import all_granted


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """What one company pays back for a return, or for what was cancelled before it was sold; tax included.

    `cause_id` names the return or the cancellation, `return_id` is given where it is a return. A fact was paid out
    already, as its channel said. `drawer_of` is the company whose counter the customer stands at, where there is one:
    what is given over it in another company's name is owed to it.
    """

    cause_id: UUID
    order_id: OrderId | None
    entity_id: EntityId
    currency: str
    amount_minor: int
    at: datetime
    return_id: ReturnId | None = None
    is_fact: bool = False
    drawer_of: EntityId | None = None

    @property
    def key(self) -> str:
        """What names it for good."""
        return f"{self.cause_id}:{self.entity_id}:{self.order_id or 'blind'}"


class PaymentGivenBack(EventBody, frozen=True, kw_only=True):
    """Money came that the order does not need, too late or twice, and is on its way back to who paid."""

    order_id: OrderId
    reason: ExceptionKind
    currency: str
    amount_minor: int


class GivenBack(msgspec.Struct, frozen=True, kw_only=True):
    """Money kept for an order that nothing was sold for, on its way back; `exception_id` says why."""

    head: Order
    amount_minor: int
    exception_id: ExceptionId
    exception_kind: ExceptionKind


def refund(conn: Conn, refunds: Sequence[Refund], *, now: datetime) -> None:
    """Pay back what returns and cancellations are owed.

    One refund per cause, company and order; the same again pays nothing.

    What an order is owed goes back the way it was paid: by hand at once, by a gateway through an intent. Where more
    was paid out than was taken for it, the money is gone all the same: it is recorded as paid in cash, beside the
    order, with an exception that says so.
    """
    if not refunds:
        return
    ids = [RefundId(made) for made in uuid7s(now, len(refunds))]
    wanted = [
        _new_refund(one, refund_id, drawer_of=drawer_of)
        for one, refund_id, drawer_of in zip(refunds, ids, _drawers(conn, refunds), strict=True)
    ]
    by_gateway, by_hand = _parted(conn, refunds, wanted)
    all_granted(payment_intents.write_intents(conn, by_gateway, now=now))
    outcomes = payments.record_refunds(conn, [one for _, one in by_hand], now=now)
    above = [
        (of, one, outcome)
        for (of, one), outcome in zip(by_hand, outcomes, strict=True)
        if isinstance(outcome, RefundAboveTaken)
    ]
    all_granted([outcome for outcome in outcomes if not isinstance(outcome, RefundAboveTaken)])
    beside = [_new_refund(of, one.id, drawer_of=one.drawer_entity_id, is_beside=True) for of, one, _ in above]
    all_granted(payments.record_refunds(conn, beside, now=now))
    payments.open_exceptions(conn, [_above(of, refused) for of, _, refused in above], now=now)
    _post(conn, by_hand, now=now)
    _settle_drawers(conn, [pair for pair in by_hand if pair[1].drawer_entity_id is not None], now=now)


def _drawers(conn: Conn, refunds: Sequence[Refund]) -> list[EntityId | None]:
    """Over whose counter each refund goes, where that company can be owed what another gives back over it."""
    pairs = [(one.drawer_of or one.entity_id, one.entity_id) for one in refunds]
    return [
        one.drawer_of if is_owed else None for one, is_owed in zip(refunds, can_owe(conn, pairs), strict=True)
    ]


def _settle_drawers(conn: Conn, by_hand: Sequence[tuple[Refund, NewRefund]], *, now: datetime) -> None:
    """Let companies owe those over whose counters their money was given back, by what was given over them."""
    if not by_hand:
        return
    given = payments_queries.given_at_counters(
        conn, [one.id for _, one in by_hand], methods=sorted(OVER_THE_COUNTER)
    )
    owe_each_other(
        conn,
        [
            PaidForAnother(
                key=f"counter:{one.id}",
                subject=of.cause_id,
                payer_id=one.drawer_entity_id,
                debtor_id=of.entity_id,
                currency=of.currency,
                amount_minor=given[one.id],
                at=of.at,
            )
            for of, one in by_hand
            if one.drawer_entity_id is not None and given.get(one.id)
        ],
        now=now,
    )


def _parted(
    conn: Conn, refunds: Sequence[Refund], wanted: Sequence[NewRefund]
) -> tuple[list[Intent], list[tuple[Refund, NewRefund]]]:
    """Part refunds into what gateways are asked for and what is given by hand.

    A refund that no gateway has a part in, and one that was parted before, is recorded as a whole: by its key it is
    new, or a repeat.
    """
    asked = [one for of, one in zip(refunds, wanted, strict=True) if one.order_id and not of.is_fact]
    ways = dict(zip((one.id for one in asked), payment_intents.plan_ways(conn, asked), strict=True))
    known = payments_queries.intents_by_numbers(conn, [_number(one, 0) for one in asked]) if asked else {}
    by_gateway: list[Intent] = []
    by_hand: list[tuple[Refund, NewRefund]] = []
    for of, one in zip(refunds, wanted, strict=True):
        planned = ways.get(one.id, ())
        if _number(one, 0) in known:
            continue
        machines = _machines(planned)
        if isinstance(planned, RefundAboveTaken) or not machines:
            by_hand.append((of, one))
            continue
        by_gateway += [_intent(one, way, number) for number, way in enumerate(machines)]
        by_hand += [(of, _part(one, way)) for way in planned if way not in machines]
    return by_gateway, by_hand


def _number(one: NewRefund, number: int) -> str:
    """Our number of a refund at its gateway."""
    return f"refund:{one.key}:{number}"


def _intent(one: NewRefund, way: Way, number: int) -> Intent:
    # The id is made here: the first of a refund has the refund's own, so that it can be told by it.
    intent_id = IntentId(one.id if number == 0 else uuid7s(one.refunded_at, 1)[0])
    return Intent(
        id=intent_id,
        key=_number(one, number),
        kind=IntentKind.REFUND,
        gateway=way.method,
        entity_id=one.entity_id,
        currency=one.currency,
        amount_minor=way.amount_minor,
        order_id=one.order_id,
        return_id=one.return_id,
        of_intent_id=way.intent_id,
    )


def _part(one: NewRefund, way: Way) -> NewRefund:
    """What of a refund is given by hand where a gateway gives the rest: of the one payment it comes from."""
    return msgspec.structs.replace(
        one,
        id=RefundId(uuid7s(one.refunded_at, 1)[0]),
        key=f"{one.key}:{way.payment_id}",
        amount_minor=way.amount_minor,
        payment_id=way.payment_id,
    )


def _new_refund(
    one: Refund, refund_id: RefundId, *, drawer_of: EntityId | None, is_beside: bool = False
) -> NewRefund:
    order_id = None if is_beside else one.order_id
    return NewRefund(
        id=refund_id,
        key=f"{one.key}{':beside' if is_beside else ''}",
        entity_id=one.entity_id,
        currency=one.currency,
        amount_minor=one.amount_minor,
        refunded_at=one.at,
        order_id=order_id,
        return_id=one.return_id,
        method=None if order_id else CASH,
        drawer_entity_id=drawer_of,
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


def _post(conn: Conn, by_hand: Sequence[tuple[Refund, NewRefund]], *, now: datetime) -> None:
    post_moved(
        conn,
        [
            Moved(
                key=f"refund:{of.cause_id}:{of.entity_id}:{of.order_id}"
                + (f":{one.payment_id}" if one.payment_id else ""),
                kind=EntryKind.REFUND,
                subject=of.cause_id,
                part_id=of.cause_id,
                entity_id=of.entity_id,
                currency=of.currency,
                amount_minor=-one.amount_minor,
                at=of.at,
            )
            for of, one in by_hand
        ],
        now=now,
    )


def give_back(conn: Conn, heads: Sequence[Order], *, now: datetime) -> list[GivenBack]:
    """Let what gateways took for orders beyond what they come to go back: paid late, or paid twice.

    An exception says why, and closes when the money has gone. What was paid by hand stays, with the same exception:
    only a person can give it back. So does what is kept for an order of which more was paid out than was taken: that
    was given in cash, beside the order. The caller holds the orders.
    """
    over = _paid_beyond(conn, heads)
    if not over:
        return []
    wanted = [_surplus(head, amount_minor, now) for head, amount_minor in over]
    plan = payment_intents.plan_ways(conn, wanted)
    beside = _paid_out_beside(conn, [head.id for head, _ in over])
    backs = [
        [_intent(one, way, number) for number, way in enumerate(_machines(ways))]
        if one.order_id not in beside
        else []
        for one, ways in zip(wanted, plan, strict=True)
    ]
    all_granted(payment_intents.write_intents(conn, [one for of_order in backs for one in of_order], now=now))
    exceptions = [
        _over(head, amount_minor, of_order)
        for (head, amount_minor), of_order in zip(over, backs, strict=True)
    ]
    return [
        GivenBack(
            head=head,
            amount_minor=sum(one.amount_minor for one in of_order),
            exception_id=exception_id,
            exception_kind=exception.kind,
        )
        for (head, _), of_order, exception, exception_id in zip(
            over, backs, exceptions, open_in_order(conn, exceptions, now=now), strict=True
        )
    ]


def _paid_beyond(conn: Conn, heads: Sequence[Order]) -> list[tuple[Order, int]]:
    """Orders for which more is kept than they come to, and how much; what is on its way back is gone already."""
    if not heads:
        return []
    kept, due = kept_of(conn, heads), dues_of(conn, heads)
    beyond = [(head, kept[head.id].ours_minor - due[head.id]) for head in heads]
    return [(head, amount_minor) for head, amount_minor in beyond if amount_minor > 0]


def _paid_out_beside(conn: Conn, order_ids: Sequence[OrderId]) -> set[OrderId]:
    """Those of the orders for which cash went out that was not taken for them, and nobody has settled it yet."""
    return {
        one.order_id
        for one in payments_queries.open_exceptions_of_orders(conn, order_ids)
        if one.kind is ExceptionKind.REFUND_ABOVE_TAKEN and one.order_id is not None
    }


def _machines(ways: Sequence[Way] | RefundAboveTaken) -> list[Way]:
    """The ways that a gateway can go by itself."""
    if isinstance(ways, RefundAboveTaken):
        return []
    return [way for way in ways if is_by_gateway(way.method, way.intent_id)]


def _surplus(head: Order, amount_minor: int, now: datetime) -> NewRefund:
    refund_id = RefundId(uuid7s(now, 1)[0])
    return NewRefund(
        id=refund_id,
        key=str(refund_id),
        entity_id=head.seller_entity_id,
        currency=head.currency,
        amount_minor=amount_minor,
        refunded_at=now,
        order_id=head.id,
    )


def _over(head: Order, amount_minor: int, backs: Sequence[Intent]) -> NewException:
    """Its subject is the order: while the money of one goes back, what comes besides is counted to it."""
    is_gone = head.stage is OrderStage.CANCELLED
    return NewException(
        kind=ExceptionKind.PAID_AFTER_RELEASE if is_gone else ExceptionKind.ORDER_TOTAL_DIFFERS,
        subject=str(head.id),
        order_id=head.id,
        currency=head.currency,
        expected_minor=0 if is_gone else head.amount_minor,
        found_minor=amount_minor,
        content={"given_back_by": [str(back.id) for back in backs]},
    )


def open_in_order(conn: Conn, exceptions: Sequence[NewException], *, now: datetime) -> list[ExceptionId]:
    """Open exceptions of different subjects; their ids in the order given."""
    ranked = sorted(
        range(len(exceptions)), key=lambda at: (exceptions[at].kind.value, exceptions[at].subject)
    )
    ids = payments.open_exceptions(conn, [exceptions[at] for at in ranked], now=now)
    found = dict(zip(ranked, ids, strict=True))
    return [found[at] for at in range(len(exceptions))]


def told_of(back: GivenBack, now: datetime) -> list[Event]:
    """Return what is told of money that an order does not need: to those who look after it, and to who paid."""
    opened = PaymentExceptionOpened(
        exception_id=back.exception_id, kind=back.exception_kind, order_id=back.head.id
    )
    told: list[Event] = [event(opened, subject=back.head.id, at=now)]
    if back.amount_minor:
        body = PaymentGivenBack(
            order_id=back.head.id,
            reason=back.exception_kind,
            currency=back.head.currency,
            amount_minor=back.amount_minor,
        )
        told.append(event(body, subject=back.head.id, at=now))
    return told
