"""Intents: written in the transaction that wants them, put to a gateway by a job, changed by what it reports."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from loopline.db import Conn
from loopline.kernel.ids import OrderId, PaymentId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.payments import store
from loopline.payments.model import (
    ExceptionKind,
    IntentId,
    NewException,
    NewPayment,
    NewRefund,
    Payment,
    RefundId,
    Way,
)
from loopline.payments.port import Intent, IntentKind, IntentState, Report
from loopline.payments.refusals import IntentContradicted, IntentUnknown, RefundAboveTaken
from loopline.payments.rules import next_step, next_try, plan_refunds
from loopline.payments.service import (
    batch_by_keys,
    open_exceptions,
    record_payments,
    record_refunds,
    settled_by_keys,
)

_LEASE = timedelta(minutes=1)
_UNKNOWN_YET = datetime.max.replace(tzinfo=UTC)  # when a refund on its way arrives


class IntentWritten(msgspec.Struct, frozen=True, kw_only=True):
    """An intent that a job will put to its gateway."""

    intent_id: IntentId


class IntentRepeat(msgspec.Struct, frozen=True, kw_only=True):
    """An intent that was written before, with the same content."""

    intent_id: IntentId


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """A report that was taken in: where the intent stands now, and what was recorded for it."""

    intent_id: IntentId
    state: IntentState
    payment_id: PaymentId | None = None
    refund_id: RefundId | None = None


class _Move(msgspec.Struct, frozen=True, kw_only=True):
    """A report that changes an intent: money moves by the amount, unless it was only reserved."""

    position: int
    intent: Intent
    report: Report
    state: IntentState
    amount_minor: int


def write_intents(
    conn: Conn, intents: Sequence[Intent], *, now: datetime
) -> list[IntentWritten | IntentRepeat | Refusal]:
    """Write what gateways shall do, to be done after this transaction. Idempotent by key and content.

    Refunds of an order, those on their way included, never come to more than was taken for it. Locks the payments of
    orders that are refunded by id, then the rows it makes, by key.
    """
    batch = batch_by_keys(intents)
    wanted = {key: intents[position] for key, position in batch.first.items()}
    refused = _refunds_above_taken(conn, list(wanted.values()))
    claims = {key: intent for key, intent in wanted.items() if intent.id not in refused}
    hashes = {key: batch.hashes[batch.first[key]] for key in claims}
    made = store.insert_intents(conn, claims, hashes=hashes, now=now) if claims else set[str]()
    known = {key: store.Known(id=claims[key].id, content_hash=hashes[key]) for key in made}
    if len(made) < len(wanted):
        known |= store.intents_by_keys(conn, wanted.keys() - made)
    for position, key in enumerate(batch.keys):
        above = refused.get(wanted[key].id) if key in wanted and key not in known else None
        if above is not None:
            batch.refused.setdefault(position, above)
    outcomes: list[IntentWritten | IntentRepeat | Refusal] = []
    for position, found in enumerate(settled_by_keys(conn, intents, batch, known=known, now=now)):
        if isinstance(found, Refusal):
            outcomes.append(found)
        elif batch.keys[position] in made and batch.is_first(position):
            outcomes.append(IntentWritten(intent_id=IntentId(found.id)))
        else:
            outcomes.append(IntentRepeat(intent_id=IntentId(found.id)))
    return outcomes


def _refunds_above_taken(conn: Conn, intents: Sequence[Intent]) -> dict[IntentId, Refusal]:
    """Return the refunds for which, after those on their way, too little is left."""
    asked = [intent for intent in intents if intent.kind is IntentKind.REFUND and intent.order_id is not None]
    if not asked:
        return {}
    order_ids = {intent.order_id for intent in asked if intent.order_id is not None}
    payments = store.lock_payments_of_orders(conn, order_ids)
    on_their_way = store.open_refund_intents(conn, order_ids)
    asked_ids = {intent.id for intent in asked}
    every = [*(intent for intent in on_their_way if intent.id not in asked_ids), *asked]
    sources = _payments_by_captures(payments)
    plan = plan_refunds([_as_refund(intent, sources) for intent in every], payments=payments)
    return {
        intent.id: planned
        for intent, planned in zip(every, plan, strict=True)
        if isinstance(planned, Refusal) and intent.id in asked_ids
    }


def plan_ways(conn: Conn, refunds: Sequence[NewRefund]) -> list[tuple[Way, ...] | RefundAboveTaken]:
    """Say by which ways refunds of orders would go back, after those that are on their way; writes nothing.

    Locks the orders' payments by id, so that what is written next in this transaction still fits.
    """
    order_ids = {refund.order_id for refund in refunds if refund.order_id is not None}
    payments = store.lock_payments_of_orders(conn, order_ids) if order_ids else []
    on_their_way = store.open_refund_intents(conn, order_ids) if payments else []
    by_id = {payment.id: payment for payment in payments}
    sources = _payments_by_captures(payments)
    every = [*(_as_refund(intent, sources) for intent in on_their_way), *refunds]
    return [
        planned
        if isinstance(planned, RefundAboveTaken)
        else tuple(
            Way(
                payment_id=part.payment_id,
                method=by_id[part.payment_id].method,
                intent_id=by_id[part.payment_id].intent_id,
                amount_minor=part.amount_minor,
            )
            for part in planned
        )
        for planned in plan_refunds(every, payments=payments)[len(on_their_way) :]
    ]


_Sources = Mapping[tuple[OrderId, IntentId], PaymentId]
"""Payments by their order and the capture that took them, or that they were carried over from."""


def _payments_by_captures(payments: Sequence[Payment]) -> _Sources:
    return {
        (payment.order_id, payment.intent_id): payment.id
        for payment in payments
        if payment.intent_id is not None
    }


def _source_of(intent: Intent | store.StandingIntent, sources: _Sources) -> PaymentId | None:
    """The payment a refund names by its capture. Without one it may come from any; an unknown capture took nothing."""
    if intent.of_intent_id is None or intent.order_id is None:
        return None
    return sources.get((intent.order_id, intent.of_intent_id), PaymentId(intent.of_intent_id))


def _as_refund(intent: Intent | store.StandingIntent, sources: _Sources) -> NewRefund:
    return NewRefund(
        id=RefundId(intent.id),
        order_id=intent.order_id,
        return_id=intent.return_id,
        method=intent.gateway,
        entity_id=intent.entity_id,
        currency=intent.currency,
        amount_minor=intent.amount_minor,
        refunded_at=_UNKNOWN_YET,
        payment_id=_source_of(intent, sources),
    )


def claim_intents(conn: Conn, gateways: Sequence[str], *, limit: int, now: datetime) -> list[Intent]:
    """Take intents that are due for these gateways; commit, then `port.send` each, then `apply_reports`.

    A claim holds for a minute: what nobody reported by then is claimed again, and asked for rather than done twice.
    Locks the intents it takes; passes by those that another job holds.
    """
    return store.claim_intents(conn, gateways, limit=limit, now=now, lease_until=now + _LEASE)


def hasten_intents(conn: Conn, intent_ids: Sequence[IntentId], *, now: datetime) -> int:
    """Let intents be asked for at the next opportunity; returns how many were not due yet. Locks them by id."""
    return store.hasten_intents(conn, intent_ids, now=now) if intent_ids else 0


def apply_reports(conn: Conn, reports: Sequence[Report], *, now: datetime) -> list[Applied | Refusal]:
    """Take in what gateways or people report, in any order and any number of times; decided in the order given.

    Money that moved is recorded as a payment or a refund, once per intent. What contradicts an earlier report, moved
    another amount than was asked for, or failed to give back, is kept as an exception. Locks the intents by id, then
    the orders' payments by id.
    """
    standing = store.lock_intents(conn, {report.intent_id for report in reports})
    states = {intent_id: intent.state for intent_id, intent in standing.items()}
    outcomes: list[Applied | Refusal] = []
    moves: list[_Move] = []
    exceptions: list[NewException] = []
    for position, report in enumerate(reports):
        found = standing.get(report.intent_id)
        if found is None:
            outcomes.append(IntentUnknown(intent_id=report.intent_id))
            continue
        intent, state = found.intent(), states[report.intent_id]
        step = next_step(intent, state=state, report=report)
        if step.exception is not None:
            exceptions.append(step.exception)
        if step.state is None and step.exception is not None:
            outcomes.append(IntentContradicted(intent_id=report.intent_id, state=state.value))
            continue
        states[report.intent_id] = step.state or state
        outcomes.append(Applied(intent_id=report.intent_id, state=states[report.intent_id]))
        if step.state is not None:
            moves.append(
                _Move(
                    position=position,
                    intent=intent,
                    report=report,
                    state=step.state,
                    amount_minor=step.amount_minor,
                )
            )
    if moves:
        store.change_intents(conn, list({move.intent.id: _change(move, now) for move in moves}.values()))
    recorded, refused = _record_money(conn, moves, now=now)
    for position, applied in recorded.items():
        outcomes[position] = applied
    if exceptions or refused:
        open_exceptions(conn, [*exceptions, *refused], now=now)
    return outcomes


def _change(move: _Move, now: datetime) -> store.IntentChange:
    is_final = move.state in {IntentState.DONE, IntentState.FAILED}
    intent = move.intent
    return store.IntentChange(
        intent_id=intent.id,
        state=move.state,
        reference=move.report.reference,
        reason=move.report.reason,
        next_try_at=None if is_final else next_try(tries=intent.tries, now=now, expires_at=intent.expires_at),
        finished_at=move.report.at if is_final else None,
    )


def _record_money(
    conn: Conn, moves: Sequence[_Move], *, now: datetime
) -> tuple[dict[int, Applied], list[NewException]]:
    """Record what was taken and given back; a refund that should not have been possible is an exception."""
    done = [move for move in moves if move.state is IntentState.DONE and move.amount_minor > 0]
    taken = [move for move in done if move.intent.kind is IntentKind.CAPTURE]
    given = [move for move in done if move.intent.kind is IntentKind.REFUND]
    recorded: dict[int, Applied] = {}
    refused: list[NewException] = []
    payments = _payments(taken, now)
    for move, outcome in zip(taken, record_payments(conn, payments, now=now), strict=True):
        if isinstance(outcome, Refusal):
            raise TypeError(f"money that a gateway took was refused: {outcome.message()}")
        recorded[move.position] = Applied(
            intent_id=move.intent.id, state=move.state, payment_id=outcome.payment_id
        )
    refunds = _refunds(conn, given, now)
    for move, outcome in zip(given, record_refunds(conn, refunds, now=now), strict=True):
        refund_id = None if isinstance(outcome, Refusal) else outcome.refund_id
        if refund_id is None:
            refused.append(_above_taken(move))
        recorded[move.position] = Applied(intent_id=move.intent.id, state=move.state, refund_id=refund_id)
    return recorded, refused


def _payments(taken: Sequence[_Move], now: datetime) -> list[NewPayment]:
    payments: list[NewPayment] = []
    for move, payment_id in zip(taken, uuid7s(now, len(taken)), strict=True):
        assert move.intent.order_id is not None, (
            "money is taken for an order (refused when the intent is written)"
        )
        payments.append(
            NewPayment(
                id=PaymentId(payment_id),
                key=_money_key(move),
                order_id=move.intent.order_id,
                method=move.intent.gateway,
                entity_id=move.intent.entity_id,
                currency=move.intent.currency,
                amount_minor=move.amount_minor,
                taken_at=move.report.at,
                intent_id=move.intent.id,
            )
        )
    return payments


def _refunds(conn: Conn, given: Sequence[_Move], now: datetime) -> list[NewRefund]:
    captures = {move.intent.of_intent_id for move in given if move.intent.of_intent_id is not None}
    sources = store.payments_by_intents(conn, captures) if captures else {}
    return [
        NewRefund(
            id=RefundId(refund_id),
            key=_money_key(move),
            order_id=move.intent.order_id,
            return_id=move.intent.return_id,
            method=move.intent.gateway,
            entity_id=move.intent.entity_id,
            currency=move.intent.currency,
            amount_minor=move.amount_minor,
            refunded_at=move.report.at,
            payment_id=_source_of(move.intent, sources),
        )
        for move, refund_id in zip(given, uuid7s(now, len(given)), strict=True)
    ]


def _money_key(move: _Move) -> str:
    return f"intent:{move.intent.id}"


def _above_taken(move: _Move) -> NewException:
    return NewException(
        kind=ExceptionKind.REFUND_ABOVE_TAKEN,
        subject=f"intent:{move.intent.id}",
        order_id=move.intent.order_id,
        currency=move.intent.currency,
        found_minor=move.amount_minor,
        content=move.report,
    )
