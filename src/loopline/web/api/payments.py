"""Payments: what is to pay for an order and how it is paid, money that people took, and what does not agree."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from urllib.parse import urljoin
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_204_NO_CONTENT
from msgspec import Meta

from loopline import orders, payments
from loopline.db import Conn
from loopline.kernel.ids import OrderId, PaymentId, ReturnId, uuid7s
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.orders import Order
from loopline.org import Permission
from loopline.payments import (
    Closing,
    ExceptionId,
    ExceptionKind,
    IntentId,
    IntentKind,
    IntentState,
    NewPayment,
    PaymentException,
    PaymentRepeat,
    StandingIntent,
    Taken,
)
from loopline.processes.checkout import orders_paid_by_goods, to_pay
from loopline.processes.pay import apply_notices, is_settled, take_payments
from loopline.web.api.answers import PROBLEMS, AnyRequest, answered, commanded, granted, outcomes, read, run
from loopline.web.api.caller import Caller, CallerKind
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.order_view import find_order
from loopline.web.api.refusals import NoSuchThing
from loopline.web.api.shapes import Batch, Outcome, Outcomes, Page, Paging, posted, told
from loopline.web.api.types import Moment
from loopline.web.edge import edge_of
from loopline.web.payments import SANDBOX, GatewayUnknown, start_payment

_TAG = "payments"
_NOTICE_BYTES_MAX = 65_536
_READS_MAX = 10

OrderName = Annotated[
    str, Meta(description="The order's id, or the number people read aloud, such as 7K3Q-9XA.")
]
Amount = Annotated[int, Meta(ge=1, le=10**13, description="An amount in minor units (fen, cents).")]
Reference = Annotated[
    str,
    Meta(min_length=1, max_length=100, description="Your own number of the payment: names it for good."),
]
GatewayName = Annotated[str, Meta(min_length=1, max_length=40, description="A way to pay, such as sandbox.")]


class ByHand(StrEnum):
    """How people take money."""

    CASH = "cash"
    BANK_TRANSFER = "bank_transfer"
    CARD_TERMINAL = "card_terminal"


class PaymentAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By which gateway the customer pays, and which page of ours the cashier leads back to."""

    gateway: GatewayName = SANDBOX
    return_to: Annotated[str, Meta(max_length=500)] | None = None


class PaymentStartedTold(msgspec.Struct, frozen=True, kw_only=True):
    """Where the customer pays, how much, and until when. `number` is ours at the gateway."""

    id: IntentId
    number: str
    gateway: str
    amount_minor: int
    currency: str
    pay_path: str
    pay_url: str
    expires_at: datetime | None


class AskedTold(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway was asked to take or give back, and where that stands. `reference` is the gateway's number."""

    id: IntentId
    kind: IntentKind
    state: IntentState
    gateway: str
    amount_minor: int
    reference: str | None
    expires_at: datetime | None


class PaymentTold(msgspec.Struct, frozen=True, kw_only=True):
    """Money that was taken."""

    id: PaymentId
    method: str
    amount_minor: int
    refunded_minor: int
    taken_at: datetime


class RefundTold(msgspec.Struct, frozen=True, kw_only=True):
    """Money that was given back; `method` null: the way it came."""

    id: UUID
    return_id: ReturnId | None
    method: str | None
    amount_minor: int
    refunded_at: datetime


class OrderPaymentsTold(msgspec.Struct, frozen=True, kw_only=True):
    """The money of an order: what it comes to still, what was taken and given back, what gateways were asked.

    An order that goods still to come back will pay for comes to nothing.
    """

    order_id: OrderId
    currency: str
    to_pay_minor: int
    pay_until: datetime | None
    payments: list[PaymentTold]
    refunds: list[RefundTold]
    asked: list[AskedTold]


class TakenAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Money that somebody took for an order. `taken_at` null: now."""

    order_id: UUID
    method: ByHand
    amount_minor: Amount
    reference: Reference
    taken_at: Moment | None = None


class TakenTold(msgspec.Struct, frozen=True, kw_only=True):
    """A payment that stands; `is_repeat` says that it stood before."""

    payment_id: PaymentId
    is_repeat: bool


class ExceptionTold(msgspec.Struct, frozen=True, kw_only=True):
    """Where money and an order disagree, since when and how often; open until somebody closes it."""

    id: ExceptionId
    kind: ExceptionKind
    order_id: OrderId | None
    currency: str | None
    expected_minor: int | None
    found_minor: int | None
    opened_at: datetime
    last_seen_at: datetime
    times: int


class ClosingAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a disagreement was settled."""

    note: Annotated[str, Meta(min_length=1, max_length=2_000)]


class ClosedTold(msgspec.Struct, frozen=True, kw_only=True):
    """A disagreement that is settled."""

    id: ExceptionId


def _order_to_pay(conn: Conn, caller: Caller, text: str, permission: Permission) -> Order:
    """Return an order whose money the caller may see or move. Raises Refused (404) for anybody else's."""
    scope = None if caller.kind is CallerKind.MEMBER else caller.scope(permission)
    head = find_order(conn, text)
    if head is None:
        raise Refused(NoSuchThing(noun="order", value=text))
    is_theirs = head.member_id == caller.member_id if scope is None else scope.covers_site(head.site_id)
    if not is_theirs:
        raise Refused(NoSuchThing(noun="order", value=text))
    return head


@posted("/orders/{order:str}/payments", tag=_TAG, name="start_payment", gives=PaymentStartedTold, status=201)
def start_order_payment(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    order: FromPath[OrderName],
    data: JSONBody[PaymentAsk],
) -> Response[bytes]:
    """Let a gateway take what is still to pay for an order. While a payment waits, asking again is that payment."""
    head = read(request, lambda conn, _: _order_to_pay(conn, caller, order, Permission.PAYMENTS_WRITE))
    started = start_payment(edge_of(request), head.id, gateway=data.gateway, return_to=data.return_to)
    intent = started.intent
    return answered(
        PaymentStartedTold(
            id=intent.id,
            number=intent.key,
            gateway=intent.gateway,
            amount_minor=intent.amount_minor,
            currency=intent.currency,
            pay_path=started.pay_path,
            pay_url=urljoin(str(request.base_url), started.pay_path),
            expires_at=intent.expires_at,
        ),
        status=201,
    )


@told("/orders/{order:str}/payments", tag=_TAG, name="get_order_payments")
def get_order_payments(
    request: AnyRequest, caller: NamedDependency[Caller], order: FromPath[OrderName]
) -> OrderPaymentsTold:
    """Tell what was paid for an order, what went back, what is still to pay."""

    def work(conn: Conn, _: datetime) -> OrderPaymentsTold:
        head = _order_to_pay(conn, caller, order, Permission.PAYMENTS_READ)
        return _told_money(conn, head)

    return read(request, work)


def _told_money(conn: Conn, head: Order) -> OrderPaymentsTold:
    return OrderPaymentsTold(
        order_id=head.id,
        currency=head.currency,
        to_pay_minor=0 if orders_paid_by_goods(conn, [head.id]) else max(0, to_pay(conn, [head])[head.id]),
        pay_until=head.pay_until,
        payments=[
            PaymentTold(
                id=one.id,
                method=one.method,
                amount_minor=one.amount_minor,
                refunded_minor=one.refunded_minor,
                taken_at=one.taken_at,
            )
            for one in payments.payments_of_orders(conn, [head.id])
        ],
        refunds=[
            RefundTold(
                id=one.id,
                return_id=one.return_id,
                method=one.method,
                amount_minor=one.amount_minor,
                refunded_at=one.refunded_at,
            )
            for one in payments.refunds_of_orders(conn, [head.id])
        ],
        asked=[_asked_told(one) for one in payments.intents_of_orders(conn, [head.id])],
    )


def _asked_told(one: StandingIntent) -> AskedTold:
    return AskedTold(
        id=one.id,
        kind=one.kind,
        state=one.state,
        gateway=one.gateway,
        amount_minor=one.amount_minor,
        reference=one.reference,
        expires_at=one.expires_at,
    )


@posted("/payments", tag=_TAG, name="record_payments", gives=Outcomes[TakenTold])
def record_payments(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[TakenAsk]]
) -> Response[bytes]:
    """Record money that people took: in cash, by a card terminal, by bank transfer. A fact: it stands.

    The same reference again is the payment recorded before; with other content it is refused and kept.
    """
    scope = caller.scope(Permission.PAYMENTS_WRITE)

    def work(conn: Conn, now: datetime) -> Outcomes[TakenTold]:
        found = _take(conn, data.items, scope, now)
        return Outcomes(outcomes=outcomes(Outcome[TakenTold], found, request))

    return commanded(request, caller, data, work)


def _take(conn: Conn, items: Sequence[TakenAsk], scope: Scope, now: datetime) -> list[TakenTold | Refusal]:
    heads = {head.id: head for head in orders.orders_by_ids(conn, [OrderId(one.order_id) for one in items])}
    known = [heads.get(OrderId(one.order_id)) for one in items]
    wanted = [
        _new_payment(item, head, payment_id, now)
        for item, head, payment_id in zip(items, known, uuid7s(now, len(items)), strict=True)
        if head is not None and scope.covers_site(head.site_id)
    ]
    taken = iter(take_payments(conn, wanted, now=now))
    return [
        _taken_told(next(taken))
        if head is not None and scope.covers_site(head.site_id)
        else NoSuchThing(noun="order", value=str(item.order_id))
        for item, head in zip(items, known, strict=True)
    ]


def _new_payment(item: TakenAsk, head: Order, payment_id: UUID, now: datetime) -> NewPayment:
    return NewPayment(
        id=PaymentId(payment_id),
        key=f"{item.method.value}:{head.id}:{item.reference}",
        order_id=head.id,
        method=item.method.value,
        entity_id=head.seller_entity_id,
        currency=head.currency,
        amount_minor=item.amount_minor,
        taken_at=item.taken_at or now,
        is_moment_said=item.taken_at is not None,
    )


def _taken_told(outcome: Taken | PaymentRepeat | Refusal) -> TakenTold | Refusal:
    if isinstance(outcome, Refusal):
        return outcome
    return TakenTold(payment_id=outcome.payment_id, is_repeat=isinstance(outcome, PaymentRepeat))


@told("/payment-exceptions", tag=_TAG, name="list_payment_exceptions")
def list_payment_exceptions(
    request: AnyRequest, caller: NamedDependency[Caller], asked: NamedDependency[Paging]
) -> Page[ExceptionTold]:
    """List where money and orders disagree and nobody settled it yet, the first opened first."""
    scope = caller.scope(Permission.PAYMENTS_READ)
    after = asked.after(datetime, UUID)
    return read(request, lambda conn, _: _exceptions(conn, scope, after, asked))


def _exceptions(
    conn: Conn, scope: Scope, after: tuple[datetime, UUID] | None, asked: Paging
) -> Page[ExceptionTold]:
    """Read on until the page is full; what belongs to other branches is passed over, a bounded number of times."""
    place = None if after is None else (after[0], ExceptionId(after[1]))
    shown: list[PaymentException] = []
    is_end = False
    for _ in range(_READS_MAX):
        found = payments.open_exceptions_after(conn, place, limit=asked.at_most)
        shown += _in_scope(conn, found, scope)
        is_end = len(found) < asked.at_most
        if is_end or len(shown) > asked.limit:
            break
        place = (found[-1].opened_at, found[-1].id)
    if len(shown) > asked.limit:
        shown = shown[: asked.limit]
        is_end, place = False, (shown[-1].opened_at, shown[-1].id)
    return Page(
        items=[_exception_told(one) for one in shown],
        next_cursor=None if is_end or place is None else encode_cursor(*place),
    )


def _in_scope(conn: Conn, found: Sequence[PaymentException], scope: Scope) -> list[PaymentException]:
    """Those of orders that sites in scope sold; what belongs to no order belongs to the whole brand."""
    order_ids = [one.order_id for one in found if one.order_id is not None]
    sites = {head.id: head.site_id for head in orders.orders_by_ids(conn, order_ids)} if order_ids else {}
    return [one for one in found if scope.covers_site(sites.get(one.order_id) if one.order_id else None)]


def _exception_told(one: PaymentException) -> ExceptionTold:
    return ExceptionTold(
        id=one.id,
        kind=one.kind,
        order_id=one.order_id,
        currency=one.currency,
        expected_minor=one.expected_minor,
        found_minor=one.found_minor,
        opened_at=one.opened_at,
        last_seen_at=one.last_seen_at,
        times=one.times,
    )


@posted(
    "/payment-exceptions/{exception_id:uuid}/close",
    tag=_TAG,
    name="close_payment_exception",
    gives=ClosedTold,
)
def close_payment_exception(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    exception_id: FromPath[UUID],
    data: JSONBody[ClosingAsk],
) -> Response[bytes]:
    """Close a disagreement, saying how it was settled. It opens again by itself where it is seen again."""
    scope = caller.scope(Permission.PAYMENTS_WRITE)
    wanted = ExceptionId(exception_id)

    def work(conn: Conn, now: datetime) -> ClosedTold:
        known = payments.exceptions_by_ids(conn, [wanted])
        if not _in_scope(conn, list(known.values()), scope):
            raise Refused(NoSuchThing(noun="payment exception", value=str(exception_id)))
        closing = Closing(exception_id=wanted, closed_by=caller.actor, note=data.note)
        return ClosedTold(id=granted(payments.close_exceptions(conn, [closing], now=now)[0]))

    return commanded(request, caller, data, work)


@post(
    "/payments/notifications/{gateway:str}",
    tags=[_TAG],
    operation_id="hear_notification",
    status_code=HTTP_204_NO_CONTENT,
    request_max_body_size=_NOTICE_BYTES_MAX,
    security=[{}],
    responses=dict(PROBLEMS),
)
async def hear_notification(request: AnyRequest, gateway: FromPath[str]) -> None:
    """Take in what a gateway tells of its own accord, signed by it; the same again, or late, changes nothing.

    Nobody signs in here and no rate counts: a gateway's busiest minute is ours. What is not signed by the gateway, or
    not by now, is refused before anything is read.
    """
    await asyncio.to_thread(_hear, request, gateway, await request.body())


def _hear(request: AnyRequest, gateway: str, body: bytes) -> None:
    edge = edge_of(request)
    chosen = edge.gateways.get(gateway)
    if chosen is None:
        raise Refused(GatewayUnknown(gateway=gateway))
    notice = chosen.hear(dict(request.headers), body, now=edge.clock())
    if isinstance(notice, Refusal):
        raise Refused(notice)
    if notice is None:
        return
    (outcome,) = run(request, lambda conn, now: apply_notices(conn, gateway, [notice], now=now))
    if isinstance(outcome, Refusal) and not is_settled(outcome):
        raise Refused(outcome)


PAYMENT_HANDLERS = [
    start_order_payment,
    get_order_payments,
    record_payments,
    list_payment_exceptions,
    close_payment_exception,
    hear_notification,
]
