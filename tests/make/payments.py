"""Money for tests."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from loopline.db import Conn
from loopline.kernel.ids import EntityId, OrderId, PaymentId, ReturnId, uuid7
from loopline.payments import (
    Intent,
    IntentId,
    IntentKind,
    NewPayment,
    NewRefund,
    RefundId,
    Taken,
    record_payments,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BRAND = EntityId(UUID(int=11 << 64))
DEALER = EntityId(UUID(int=12 << 64))


def order_id(number: int) -> OrderId:
    return OrderId(UUID(int=(1 << 64) + number))


def return_id(number: int) -> ReturnId:
    return ReturnId(UUID(int=(8 << 64) + number))


def payment(amount_minor: int = 1000, *, order: int = 1, minutes: int = 0, **fields: Any) -> NewPayment:
    stated: dict[str, Any] = {
        "id": PaymentId(uuid7(NOON)),
        "order_id": order_id(order),
        "method": "cash",
        "entity_id": BRAND,
        "currency": "GBP",
        "amount_minor": amount_minor,
        "taken_at": NOON + timedelta(minutes=minutes),
    }
    return NewPayment(**(stated | fields))


def refund(amount_minor: int, *, order: int | None = 1, **fields: Any) -> NewRefund:
    stated: dict[str, Any] = {
        "id": RefundId(uuid7(NOON)),
        "order_id": None if order is None else order_id(order),
        "entity_id": BRAND,
        "currency": "GBP",
        "amount_minor": amount_minor,
        "refunded_at": NOON + timedelta(days=1),
    }
    return NewRefund(**(stated | fields))


def intent(amount_minor: int = 1000, *, kind: IntentKind = IntentKind.CAPTURE, **fields: Any) -> Intent:
    intent_id = IntentId(uuid7(NOON))
    stated: dict[str, Any] = {
        "id": intent_id,
        "key": f"{kind}-{intent_id}",
        "kind": kind,
        "gateway": "cash",
        "order_id": order_id(1),
        "entity_id": BRAND,
        "currency": "GBP",
        "amount_minor": amount_minor,
    }
    return Intent(**(stated | fields))


def taken(conn: Conn, payments: Sequence[NewPayment]) -> list[PaymentId]:
    found: list[PaymentId] = []
    for outcome in record_payments(conn, payments, now=NOON):
        assert isinstance(outcome, Taken), outcome
        found.append(outcome.payment_id)
    return found
