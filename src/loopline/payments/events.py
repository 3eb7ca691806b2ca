"""What payments says happened. Ids only; processes append these to the log, last."""

from datetime import datetime

from loopline.kernel.events import EventBody
from loopline.kernel.ids import EntityId, OrderId, PaymentId, ReturnId
from loopline.payments.model import ExceptionId, ExceptionKind, RefundId


class MoneyTaken(EventBody, frozen=True, kw_only=True):
    """Money was taken for an order."""

    payment_id: PaymentId
    order_id: OrderId
    entity_id: EntityId
    method: str
    currency: str
    amount_minor: int
    taken_at: datetime


class MoneyRefunded(EventBody, frozen=True, kw_only=True):
    """Money was given back."""

    refund_id: RefundId
    order_id: OrderId | None
    return_id: ReturnId | None
    entity_id: EntityId
    currency: str
    amount_minor: int
    refunded_at: datetime


class PaymentExceptionOpened(EventBody, frozen=True, kw_only=True):
    """Money and orders disagree, and somebody has to look."""

    exception_id: ExceptionId
    kind: ExceptionKind
    order_id: OrderId | None
