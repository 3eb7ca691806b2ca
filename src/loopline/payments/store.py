"""One function per statement of `store.sql`."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, Statement, execute, fetch, fetch_rows, fetch_values, statements
from loopline.kernel.ids import EntityId, OrderId, PaymentId, ReturnId, uuid7s
from loopline.payments.model import (
    Closing,
    ExceptionId,
    IntentId,
    NewException,
    NewPayment,
    NewRefund,
    Payment,
    RefundId,
    RefundPart,
)
from loopline.payments.port import Intent, IntentKind, IntentState

SQL = statements(__file__)


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What a key stands for."""

    id: UUID
    content_hash: bytes


class StandingIntent(msgspec.Struct, frozen=True, kw_only=True):
    """An intent as it is kept, with its state."""

    id: IntentId
    key: str
    kind: IntentKind
    gateway: str
    entity_id: EntityId
    currency: str
    amount_minor: int
    order_id: OrderId | None
    return_id: ReturnId | None
    of_intent_id: IntentId | None
    expires_at: datetime | None
    reference: str | None
    tries: int
    state: IntentState
    of_reference: str | None = None

    def intent(self) -> Intent:
        """Return what was asked for."""
        return Intent(**{name: getattr(self, name) for name in Intent.__struct_fields__})


class IntentChange(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an intent."""

    intent_id: IntentId
    state: IntentState
    reference: str | None
    reason: str | None
    next_try_at: datetime | None
    finished_at: datetime | None


def insert_payments(
    conn: Conn, payments: Mapping[str, NewPayment], *, hashes: Mapping[str, bytes], now: datetime
) -> set[str]:
    """Record payments by their keys; returns the keys of those recorded."""
    items = payments.values()
    return set(
        fetch_values(
            conn,
            SQL["insert_payments"],
            ids=[item.id for item in items],
            keys=list(payments),
            content_hashes=[hashes[key] for key in payments],
            order_ids=[item.order_id for item in items],
            methods=[item.method for item in items],
            entity_ids=[item.entity_id for item in items],
            currencies=[item.currency for item in items],
            amounts_minor=[item.amount_minor for item in items],
            taken_at=[item.taken_at for item in items],
            intent_ids=[item.intent_id for item in items],
            carried_froms=[item.carried_from for item in items],
            carried_intent_ids=[item.carried_intent_id for item in items],
            drawer_entity_ids=[item.drawer_entity_id for item in items],
            now=now,
        )
    )


def payments_by_keys(conn: Conn, keys: Iterable[str]) -> dict[str, Known]:
    return _known(conn, SQL["payments_by_keys"], keys)


def lock_payments_of_orders(conn: Conn, order_ids: Iterable[OrderId]) -> list[Payment]:
    return fetch(conn, SQL["lock_payments_of_orders"], Payment, order_ids=list(order_ids))


def payments_by_intents(
    conn: Conn, intent_ids: Iterable[IntentId]
) -> dict[tuple[OrderId, IntentId], PaymentId]:
    """Return the payments that captures became, and those carried over from them, by order and capture."""
    rows = fetch_rows(conn, SQL["payments_by_intents"], intent_ids=list(intent_ids))
    return {
        (OrderId(order_id), IntentId(intent_id)): PaymentId(payment_id)
        for order_id, intent_id, payment_id in rows
    }


def refunds_by_keys(conn: Conn, keys: Iterable[str]) -> dict[str, Known]:
    return _known(conn, SQL["refunds_by_keys"], keys)


def insert_refunds(
    conn: Conn, refunds: Mapping[str, NewRefund], *, hashes: Mapping[str, bytes], now: datetime
) -> set[str]:
    """Record refunds by their keys; returns the keys of those recorded."""
    items = refunds.values()
    return set(
        fetch_values(
            conn,
            SQL["insert_refunds"],
            ids=[item.id for item in items],
            keys=list(refunds),
            content_hashes=[hashes[key] for key in refunds],
            order_ids=[item.order_id for item in items],
            return_ids=[item.return_id for item in items],
            methods=[item.method for item in items],
            entity_ids=[item.entity_id for item in items],
            currencies=[item.currency for item in items],
            amounts_minor=[item.amount_minor for item in items],
            refunded_at=[item.refunded_at for item in items],
            drawer_entity_ids=[item.drawer_entity_id for item in items],
            now=now,
        )
    )


def insert_refund_parts(conn: Conn, parts: Sequence[tuple[RefundId, RefundPart]]) -> None:
    execute(
        conn,
        SQL["insert_refund_parts"],
        refund_ids=[refund_id for refund_id, _ in parts],
        payment_ids=[part.payment_id for _, part in parts],
        amounts_minor=[part.amount_minor for _, part in parts],
    )


def add_refunded(conn: Conn, parts: Sequence[RefundPart]) -> None:
    execute(
        conn,
        SQL["add_refunded"],
        payment_ids=[part.payment_id for part in parts],
        amounts_minor=[part.amount_minor for part in parts],
    )


def insert_intents(
    conn: Conn, intents: Mapping[str, Intent], *, hashes: Mapping[str, bytes], now: datetime
) -> set[str]:
    """Write intents by their keys; returns the keys of those written."""
    items = intents.values()
    return set(
        fetch_values(
            conn,
            SQL["insert_intents"],
            ids=[item.id for item in items],
            keys=list(intents),
            content_hashes=[hashes[key] for key in intents],
            kinds=[item.kind.value for item in items],
            gateways=[item.gateway for item in items],
            order_ids=[item.order_id for item in items],
            return_ids=[item.return_id for item in items],
            of_intent_ids=[item.of_intent_id for item in items],
            entity_ids=[item.entity_id for item in items],
            currencies=[item.currency for item in items],
            amounts_minor=[item.amount_minor for item in items],
            expires_at=[item.expires_at for item in items],
            now=now,
        )
    )


def intents_by_keys(conn: Conn, keys: Iterable[str]) -> dict[str, Known]:
    return _known(conn, SQL["intents_by_keys"], keys)


def open_refund_intents(conn: Conn, order_ids: Iterable[OrderId]) -> list[StandingIntent]:
    return fetch(conn, SQL["open_refund_intents"], StandingIntent, order_ids=list(order_ids))


def claim_intents(
    conn: Conn, gateways: Sequence[str], *, limit: int, now: datetime, lease_until: datetime
) -> list[Intent]:
    return fetch(
        conn,
        SQL["claim_intents"],
        Intent,
        gateways=list(gateways),
        limit=limit,
        now=now,
        lease_until=lease_until,
    )


def lock_intents(conn: Conn, intent_ids: Iterable[IntentId]) -> dict[IntentId, StandingIntent]:
    found = fetch(conn, SQL["lock_intents"], StandingIntent, intent_ids=list(intent_ids))
    return {intent.id: intent for intent in found}


def change_intents(conn: Conn, changes: Sequence[IntentChange]) -> None:
    execute(
        conn,
        SQL["change_intents"],
        ids=[change.intent_id for change in changes],
        states=[change.state.value for change in changes],
        reference_texts=[change.reference for change in changes],
        reasons=[change.reason for change in changes],
        next_try_at=[change.next_try_at for change in changes],
        finished_at=[change.finished_at for change in changes],
    )


def hasten_intents(conn: Conn, intent_ids: Iterable[IntentId], *, now: datetime) -> int:
    return execute(conn, SQL["hasten_intents"], intent_ids=list(intent_ids), now=now)


def open_exceptions(
    conn: Conn, exceptions: Mapping[tuple[str, str], NewException], *, now: datetime
) -> list[ExceptionId]:
    """Keep disagreements by (kind, subject)."""
    items = exceptions.values()
    return fetch_values(
        conn,
        SQL["open_exceptions"],
        ids=uuid7s(now, len(exceptions)),
        kinds=[item.kind.value for item in items],
        subjects=[item.subject for item in items],
        order_ids=[item.order_id for item in items],
        currencies=[item.currency for item in items],
        expected_minor=[item.expected_minor for item in items],
        found_minor=[item.found_minor for item in items],
        contents=[msgspec.json.encode(item.content).decode() for item in items],
        now=now,
    )


def close_exceptions(conn: Conn, closings: Sequence[Closing], *, now: datetime) -> set[ExceptionId]:
    return set(
        fetch_values(
            conn,
            SQL["close_exceptions"],
            exception_ids=[closing.exception_id for closing in closings],
            closed_by=[closing.closed_by for closing in closings],
            notes=[closing.note for closing in closings],
            now=now,
        )
    )


def _known(conn: Conn, statement: Statement, keys: Iterable[str]) -> dict[str, Known]:
    rows = fetch_rows(conn, statement, keys=list(keys))
    return {key: Known(id=found, content_hash=bytes(content_hash)) for found, key, content_hash in rows}
