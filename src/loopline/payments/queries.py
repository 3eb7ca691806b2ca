"""Reads of payments, for screens and processes. None locks anything."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from loopline.db import Conn, fetch, fetch_rows, fetch_values, statements, uuids
from loopline.kernel.ids import EntityId, OrderId, PaymentId, ReturnId
from loopline.payments.model import (
    ExceptionId,
    IntentId,
    KeptRefund,
    OrderMoney,
    Payment,
    PaymentException,
    RefundId,
)
from loopline.payments.store import StandingIntent

SQL = statements(__file__, name="queries")


class MovedAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Which money is asked for: of one company and currency, by some ways, from `start` to `end`, the end excluded."""

    entity_id: EntityId
    currency: str
    methods: Sequence[str]
    start: datetime
    end: datetime


class MovedMoney(msgspec.Struct, frozen=True, kw_only=True):
    """Money that was taken or given back (positive either way), with every number it is known by."""

    id: UUID
    order_id: OrderId | None
    key: str
    amount_minor: int
    moved_at: datetime
    our_number: str | None
    their_number: str | None
    payment_key: str | None = None
    payment_number: str | None = None
    payment_their_number: str | None = None


def money_of_orders(conn: Conn, order_ids: Sequence[OrderId]) -> list[OrderMoney]:
    """Return what was taken for orders and given back, per company and currency; orders without money are not in it."""
    return fetch(conn, SQL["money_of_orders"], OrderMoney, order_ids=uuids(order_ids))


def payments_of_orders(conn: Conn, order_ids: Sequence[OrderId]) -> list[Payment]:
    """Return the payments of orders, the earliest first."""
    return fetch(conn, SQL["payments_of_orders"], Payment, order_ids=uuids(order_ids))


def payment_ids_by_keys(conn: Conn, keys: Sequence[str]) -> set[PaymentId]:
    """Return the payments that stand under keys."""
    return set(fetch_values(conn, SQL["payment_ids_by_keys"], keys=list(keys)))


def intents_of_orders(conn: Conn, order_ids: Sequence[OrderId]) -> list[StandingIntent]:
    """Return what gateways were asked for orders, with where it stands, the earliest first."""
    return fetch(conn, SQL["intents_of_orders"], StandingIntent, order_ids=uuids(order_ids))


def refunds_of_orders(conn: Conn, order_ids: Sequence[OrderId]) -> list[KeptRefund]:
    """Return what was given back for orders, the earliest first."""
    return fetch(conn, SQL["refunds_of_orders"], KeptRefund, order_ids=uuids(order_ids))


def refunds_of_returns(conn: Conn, return_ids: Sequence[ReturnId]) -> list[KeptRefund]:
    """Return what was given back for returns, the earliest first; what a gateway was asked for is not among it yet."""
    return fetch(conn, SQL["refunds_of_returns"], KeptRefund, return_ids=uuids(return_ids))


def given_at_counters(
    conn: Conn, refund_ids: Sequence[RefundId], *, methods: Sequence[str]
) -> dict[RefundId, int]:
    """Return how much of each refund was given by these methods; one of which nothing was is left out."""
    rows = fetch_rows(conn, SQL["given_at_counters"], refund_ids=uuids(refund_ids), methods=list(methods))
    return {RefundId(refund_id): amount_minor for refund_id, amount_minor in rows}


def intents_by_ids(conn: Conn, intent_ids: Sequence[IntentId]) -> dict[IntentId, StandingIntent]:
    """Return what gateways were asked, by id; unknown ids are left out."""
    found = fetch(conn, SQL["intents_by_ids"], StandingIntent, intent_ids=uuids(intent_ids))
    return {intent.id: intent for intent in found}


def intents_by_numbers(conn: Conn, keys: Sequence[str]) -> dict[str, StandingIntent]:
    """Return what gateways were asked, by our number at the gateway (the intent's key)."""
    found = fetch(conn, SQL["intents_by_numbers"], StandingIntent, keys=list(keys))
    return {intent.key: intent for intent in found}


def orders_awaiting_gateway(conn: Conn, *, now: datetime, grace: timedelta) -> list[OrderId]:
    """Return orders whose capture ran out no longer than `grace` ago and was neither paid nor closed yet."""
    return fetch_values(conn, SQL["orders_awaiting_gateway"], now=now, since=now - grace)


def open_exceptions_after(
    conn: Conn, after: tuple[datetime, ExceptionId] | None, *, limit: int
) -> list[PaymentException]:
    """Return open exceptions in the order they were opened, those after a place in it."""
    after_at, after_id = after or (None, None)
    return fetch(
        conn,
        SQL["open_exceptions_after"],
        PaymentException,
        after_at=after_at,
        after_id=after_id,
        limit=limit,
    )


def open_exceptions_of_orders(conn: Conn, order_ids: Sequence[OrderId]) -> list[PaymentException]:
    """Return the open exceptions of orders, the first opened first."""
    return fetch(conn, SQL["open_exceptions_of_orders"], PaymentException, order_ids=uuids(order_ids))


def taken_between(conn: Conn, ask: MovedAsk) -> list[MovedMoney]:
    """Return the money of a company that was taken by some ways, the earliest first."""
    return fetch(conn, SQL["taken_between"], MovedMoney, **_asked(ask))


def given_back_between(conn: Conn, ask: MovedAsk) -> list[MovedMoney]:
    """Return the money of a company that was given back by some ways, the earliest first."""
    return fetch(conn, SQL["given_back_between"], MovedMoney, **_asked(ask))


def _asked(ask: MovedAsk) -> dict[str, Any]:
    return msgspec.structs.asdict(ask) | {"methods": list(ask.methods)}


def exceptions_by_ids(
    conn: Conn, exception_ids: Sequence[ExceptionId]
) -> dict[ExceptionId, PaymentException]:
    """Return open exceptions by id; closed and unknown ones are left out."""
    found = fetch(conn, SQL["exceptions_by_ids"], PaymentException, exception_ids=uuids(exception_ids))
    return {one.id: one for one in found}


def last_open_exceptions(conn: Conn, *, limit: int) -> list[PaymentException]:
    """Return where money and orders disagree and nobody settled it yet, the last seen first."""
    return fetch(conn, SQL["last_open_exceptions"], PaymentException, limit=limit)
