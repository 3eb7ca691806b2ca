"""The records of payments. Amounts are positive minor units; what they mean stands in the record's name."""

from datetime import datetime
from enum import StrEnum
from typing import Any, NewType
from uuid import UUID

import msgspec

from loopline.kernel.ids import EntityId, OrderId, PaymentId, ReturnId

RefundId = NewType("RefundId", UUID)
IntentId = NewType("IntentId", UUID)
ExceptionId = NewType("ExceptionId", UUID)


class NewPayment(msgspec.Struct, frozen=True, kw_only=True):
    """Money that was taken for an order, as a fact. `entity_id` is the company that has it.

    `key` names the taking for good, as whoever took it names it (the gateway's transaction); without one the id does.
    `intent_id` is the capture by which a gateway took it; None where people or other systems did. `carried_from` is a
    payment of another order from which this much was carried over, `carried_intent_id` its capture, where a gateway
    took it: no money moved, and the gateway gives it back by that. `drawer_entity_id` is the company over whose counter
    it came, where that is another and owes it to `entity_id`. `is_moment_said` is false where nobody said when it
    was taken, and `taken_at` was filled in: the same again is the same at any moment.
    """

    id: PaymentId
    order_id: OrderId
    method: str
    entity_id: EntityId
    currency: str
    amount_minor: int
    taken_at: datetime
    key: str = ""
    intent_id: IntentId | None = None
    carried_from: PaymentId | None = None
    carried_intent_id: IntentId | None = None
    drawer_entity_id: EntityId | None = None
    is_moment_said: bool = True


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A payment that was recorded."""

    payment_id: PaymentId


class PaymentRepeat(msgspec.Struct, frozen=True, kw_only=True):
    """A payment that was recorded before, with the same content."""

    payment_id: PaymentId


class NewRefund(msgspec.Struct, frozen=True, kw_only=True):
    """Money to be given back: for an order from what was taken for it, the latest payment first; else for a return.

    A blind refund (no order) states its `method`: there is no payment whose way it could take back. With `payment_id`
    the money comes from that payment alone. `drawer_entity_id` is the company over whose counter it goes, where that is
    another and has to get it from `entity_id`.
    """

    id: RefundId
    entity_id: EntityId
    currency: str
    amount_minor: int
    refunded_at: datetime
    order_id: OrderId | None = None
    return_id: ReturnId | None = None
    method: str | None = None
    payment_id: PaymentId | None = None
    drawer_entity_id: EntityId | None = None
    key: str = ""


class RefundPart(msgspec.Struct, frozen=True, kw_only=True):
    """What of a refund goes back by the way of one payment."""

    payment_id: PaymentId
    amount_minor: int


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """What of a refund would go back by the way of one payment; `intent_id` is the capture that took it."""

    payment_id: PaymentId
    method: str
    intent_id: IntentId | None
    amount_minor: int


class Refunded(msgspec.Struct, frozen=True, kw_only=True):
    """A refund that was recorded, and the payments it came from (none for a blind one)."""

    refund_id: RefundId
    parts: tuple[RefundPart, ...]


class RefundRepeat(msgspec.Struct, frozen=True, kw_only=True):
    """A refund that was recorded before, with the same content."""

    refund_id: RefundId


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as it is kept."""

    id: PaymentId
    order_id: OrderId
    method: str
    entity_id: EntityId
    currency: str
    amount_minor: int
    refunded_minor: int
    taken_at: datetime
    intent_id: IntentId | None = None

    @property
    def left_minor(self) -> int:
        """What can still be given back."""
        return self.amount_minor - self.refunded_minor


class KeptRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund as it is kept."""

    id: RefundId
    order_id: OrderId | None
    return_id: ReturnId | None
    method: str | None
    entity_id: EntityId
    currency: str
    amount_minor: int
    refunded_at: datetime


class OrderMoney(msgspec.Struct, frozen=True, kw_only=True):
    """What one company took for an order and gave back, in one currency."""

    order_id: OrderId
    entity_id: EntityId
    currency: str
    taken_minor: int
    refunded_minor: int


class ExceptionKind(StrEnum):
    """Why money and orders disagree."""

    KEY_TAKEN = "key_taken"
    REFUND_ABOVE_TAKEN = "refund_above_taken"
    REFUND_FAILED = "refund_failed"
    AMOUNT_DIFFERS = "amount_differs"
    REPORTS_CONTRADICT = "reports_contradict"
    PAID_AFTER_RELEASE = "paid_after_release"
    ORDER_TOTAL_DIFFERS = "order_total_differs"


class NewException(msgspec.Struct, frozen=True, kw_only=True):
    """A disagreement to be kept. While one of the same kind and subject is open it is counted, not kept twice."""

    kind: ExceptionKind
    subject: str
    content: Any
    order_id: OrderId | None = None
    currency: str | None = None
    expected_minor: int | None = None
    found_minor: int | None = None


class PaymentException(msgspec.Struct, frozen=True, kw_only=True):
    """A disagreement as it is kept."""

    id: ExceptionId
    kind: ExceptionKind
    subject: str
    content: Any
    order_id: OrderId | None
    currency: str | None
    expected_minor: int | None
    found_minor: int | None
    opened_at: datetime
    last_seen_at: datetime
    times: int


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """Who closes an exception, and how it was settled."""

    exception_id: ExceptionId
    closed_by: str
    note: str
