"""Commands of payments: money taken, money given back, disagreements. Each takes many items; none commits."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec

from loopline.db import Conn
from loopline.kernel.ids import PaymentId
from loopline.kernel.refusals import Refusal
from loopline.payments import store
from loopline.payments.model import (
    Closing,
    ExceptionId,
    ExceptionKind,
    NewException,
    NewPayment,
    NewRefund,
    PaymentRepeat,
    Refunded,
    RefundId,
    RefundPart,
    RefundRepeat,
    Taken,
)
from loopline.payments.port import Intent
from loopline.payments.refusals import ClosingNeedsANote, ExceptionNotOpen, IdTaken, KeyTakenByOtherContent
from loopline.payments.rules import content_hash, fault_of, plan_refunds

Item = TypeVar("Item", NewPayment, NewRefund, Intent)


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch told apart by keys. `first`: the position of the first sound item per key; `refused`: by position."""

    keys: list[str]
    hashes: list[bytes]
    first: dict[str, int]
    refused: dict[int, Refusal]

    def is_first(self, position: int) -> bool:
        """Tell whether an item is the one of its key that may be recorded."""
        return self.first.get(self.keys[position]) == position


def batch_by_keys(items: Sequence[Item]) -> Batch:
    """Tell a batch apart: faulty items, and per key the first item that has it."""
    batch = Batch(keys=[], hashes=[], first={}, refused={})
    for position, item in enumerate(items):
        fault = fault_of(item)
        key = item.key or str(item.id)
        batch.keys.append(key)
        batch.hashes.append(b"" if fault else content_hash(item))
        if fault:
            batch.refused[position] = fault
        else:
            batch.first.setdefault(key, position)
    return batch


def settled_by_keys(
    conn: Conn,
    items: Sequence[Item],
    batch: Batch,
    *,
    known: Mapping[str, store.Known],
    now: datetime,
) -> list[store.Known | Refusal]:
    """Return what each item's key stands for, or why the item cannot be that: other content is kept as an exception."""
    outcomes: list[store.Known | Refusal] = []
    conflicts: list[NewException] = []
    for position, item in enumerate(items):
        key = batch.keys[position]
        found = known.get(key)
        if position in batch.refused:
            outcomes.append(batch.refused[position])
        elif found is None:
            outcomes.append(IdTaken(id=item.id))
        elif found.content_hash != batch.hashes[position]:
            outcomes.append(KeyTakenByOtherContent(key=key))
            conflicts.append(_key_conflict(item, key))
        else:
            outcomes.append(found)
    if conflicts:
        open_exceptions(conn, conflicts, now=now)
    return outcomes


def _key_conflict(item: NewPayment | NewRefund | Intent, key: str) -> NewException:
    return NewException(
        kind=ExceptionKind.KEY_TAKEN,
        subject=f"{type(item).__name__.removeprefix('New').lower()}:{key}",
        order_id=item.order_id,
        currency=item.currency,
        found_minor=item.amount_minor,
        content=item,
    )


def record_payments(
    conn: Conn, payments: Sequence[NewPayment], *, now: datetime
) -> list[Taken | PaymentRepeat | Refusal]:
    """Record money that was taken. The same key with the same content is the payment recorded before.

    The same key with other content is refused and kept as an exception. Locks the rows it makes, by key.
    """
    batch = batch_by_keys(payments)
    claims = {key: payments[position] for key, position in batch.first.items()}
    hashes = {key: batch.hashes[position] for key, position in batch.first.items()}
    made = store.insert_payments(conn, claims, hashes=hashes, now=now) if claims else set[str]()
    known = {key: store.Known(id=claims[key].id, content_hash=hashes[key]) for key in made}
    if len(made) < len(claims):
        known |= store.payments_by_keys(conn, claims.keys() - made)
    settled = settled_by_keys(conn, payments, batch, known=known, now=now)
    outcomes: list[Taken | PaymentRepeat | Refusal] = []
    for position, found in enumerate(settled):
        if isinstance(found, Refusal):
            outcomes.append(found)
        elif batch.keys[position] in made and batch.is_first(position):
            outcomes.append(Taken(payment_id=PaymentId(found.id)))
        else:
            outcomes.append(PaymentRepeat(payment_id=PaymentId(found.id)))
    return outcomes


def record_refunds(
    conn: Conn, refunds: Sequence[NewRefund], *, now: datetime
) -> list[Refunded | RefundRepeat | Refusal]:
    """Give money back; decided one after the other in the order given.

    Of an order never more than was taken for it and not given back yet, per company and currency, back by the ways it
    came, the latest payment first. Idempotent by key and content, like payments. Locks the orders' payments by id,
    then the rows it makes, by key.
    """
    batch = batch_by_keys(refunds)
    wanted = {key: refunds[position] for key, position in batch.first.items()}
    # The payments are locked before the keys are looked up: of two same refunds at once the second finds the first.
    order_ids = {refund.order_id for refund in wanted.values() if refund.order_id is not None}
    payments = store.lock_payments_of_orders(conn, order_ids) if order_ids else []
    known = store.refunds_by_keys(conn, wanted) if wanted else {}
    unknown = [key for key in wanted if key not in known]
    parts: dict[str, tuple[RefundPart, ...]] = {}
    for key, planned in zip(
        unknown, plan_refunds([wanted[key] for key in unknown], payments=payments), strict=True
    ):
        if isinstance(planned, Refusal):
            batch.refused.update(
                {position: planned for position, other in enumerate(batch.keys) if other == key}
            )
        else:
            parts[key] = planned
    hashes = {key: batch.hashes[batch.first[key]] for key in parts}
    made = _write_refunds(conn, {key: wanted[key] for key in parts}, hashes=hashes, parts=parts, now=now)
    known |= {key: store.Known(id=wanted[key].id, content_hash=hashes[key]) for key in made}
    if len(made) < len(parts):
        known |= store.refunds_by_keys(conn, parts.keys() - made)
    settled = settled_by_keys(conn, refunds, batch, known=known, now=now)
    outcomes: list[Refunded | RefundRepeat | Refusal] = []
    for position, found in enumerate(settled):
        if isinstance(found, Refusal):
            outcomes.append(found)
        elif batch.keys[position] in made and batch.is_first(position):
            outcomes.append(Refunded(refund_id=RefundId(found.id), parts=parts[batch.keys[position]]))
        else:
            outcomes.append(RefundRepeat(refund_id=RefundId(found.id)))
    return outcomes


def _write_refunds(
    conn: Conn,
    refunds: Mapping[str, NewRefund],
    *,
    hashes: Mapping[str, bytes],
    parts: Mapping[str, tuple[RefundPart, ...]],
    now: datetime,
) -> set[str]:
    """Write refunds with their parts; returns the keys of those written (a blind one's may be a rival's by now)."""
    if not refunds:
        return set()
    made = store.insert_refunds(conn, refunds, hashes=hashes, now=now)
    written = [(refunds[key].id, part) for key in refunds if key in made for part in parts[key]]
    if written:
        store.insert_refund_parts(conn, written)
        store.add_refunded(conn, [part for _, part in written])
    return made


def open_exceptions(conn: Conn, exceptions: Sequence[NewException], *, now: datetime) -> list[ExceptionId]:
    """Keep where money and orders disagree; one of a kind and subject that is open already is counted.

    Of several of one kind and subject in a batch the last one's content is kept. Locks by (kind, subject).
    """
    by_subject = {(one.kind.value, one.subject): one for one in exceptions}
    return store.open_exceptions(conn, by_subject, now=now) if by_subject else []


def close_exceptions(
    conn: Conn, closings: Sequence[Closing], *, now: datetime
) -> list[ExceptionId | Refusal]:
    """Close exceptions, saying who did and how they were settled. Locks them by id."""
    sound = {
        closing.exception_id: closing for closing in closings if closing.closed_by and closing.note.strip()
    }
    closed = store.close_exceptions(conn, list(sound.values()), now=now) if sound else set[ExceptionId]()
    outcomes: list[ExceptionId | Refusal] = []
    for closing in closings:
        if closing.exception_id in closed:
            outcomes.append(closing.exception_id)
        elif closing.exception_id in sound:
            outcomes.append(ExceptionNotOpen(exception_id=closing.exception_id))
        else:
            outcomes.append(ClosingNeedsANote(exception_id=closing.exception_id))
    return outcomes
