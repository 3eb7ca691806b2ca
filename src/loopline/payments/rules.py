"""Pure decisions of payments: what is the same, what goes back by which way, what a report changes."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from loopline.kernel.ids import OrderId, PaymentId
from loopline.kernel.refusals import Refusal
from loopline.payments.model import (
    ExceptionKind,
    NewException,
    NewPayment,
    NewRefund,
    Payment,
    RefundPart,
)
from loopline.payments.port import Intent, IntentKind, IntentState, Report
from loopline.payments.refusals import (
    AmountNotPositive,
    ForNothing,
    NotPayable,
    RefundAboveTaken,
)

CHARACTERS_MAX = 200
_AMOUNT_LIMIT = 1 << 62
_WAITS = (1, 2, 5, 10, 30, 60, 120)  # minutes until a gateway is asked again, by tries
URGENT = timedelta(minutes=15)
"""How long after its expiry an unanswered intent is asked for without pause."""
_URGENT_WAIT = timedelta(seconds=10)
_encode = msgspec.json.Encoder().encode


def content_hash(item: NewPayment | NewRefund | Intent) -> bytes:
    """Return 32 bytes equal for items that say the same.

    Ids, keys, drawers and what happened since say nothing; one moment is the same in every time zone, and one that was
    filled in says nothing either. What is not said (None) is left out, so that a field added later leaves old hashes as
    they are.
    """
    silent = {"id", "key", "tries", "reference", "of_reference", "is_moment_said", "drawer_entity_id"}
    if isinstance(item, NewPayment) and not item.is_moment_said:
        silent.add("taken_at")
    said = {
        name: value.astimezone(UTC) if isinstance(value, datetime) else value
        for name, value in ((name, getattr(item, name)) for name in item.__struct_fields__)
        if value is not None and name not in silent
    }
    return hashlib.blake2b(_encode(said), digest_size=32).digest()


def fault_of(item: NewPayment | NewRefund | Intent) -> Refusal | None:
    """Return why an item can be no movement of money, or None."""
    if not 0 < item.amount_minor < _AMOUNT_LIMIT:
        return AmountNotPositive(amount_minor=item.amount_minor)
    way = item.gateway if isinstance(item, Intent) else item.method
    for field, text in (("key", item.key or None), ("method", way)):
        if text is not None and not is_storable(text):
            return NotPayable(field=field)
    if not (
        len(item.currency) == 3
        and item.currency.isascii()
        and item.currency.isalpha()
        and item.currency.isupper()
    ):
        return NotPayable(field="currency")
    return _fault_of_purpose(item)


def _fault_of_purpose(item: NewPayment | NewRefund | Intent) -> Refusal | None:
    """Money is taken for an order; given back it may be for a return, by a way that is named."""
    if item.order_id is not None:
        return None
    match item:
        case NewRefund():
            is_named = item.return_id is not None and item.method is not None
        case Intent():
            is_named = item.return_id is not None and item.kind is IntentKind.REFUND
    return None if is_named else ForNothing()


def is_storable(text: str) -> bool:
    """Tell whether PostgreSQL keeps a text as it is: no NUL, no half of a surrogate pair, not empty, not endless."""
    return (
        0 < len(text) <= CHARACTERS_MAX
        and "\0" not in text
        and not any("\ud800" <= letter <= "\udfff" for letter in text)
    )


def plan_refunds(
    refunds: Sequence[NewRefund], *, payments: Sequence[Payment]
) -> list[tuple[RefundPart, ...] | RefundAboveTaken]:
    """Decide refunds one after the other, in their order: each takes from what those before it left.

    A refund of an order goes back by the ways the money came: payments of the same company and currency, the latest
    first, or the one payment it names. More than is left is refused whole. A blind refund has no parts.
    """
    by_order: dict[OrderId, list[Payment]] = {}
    for payment in sorted(payments, key=lambda one: (one.taken_at, one.id), reverse=True):
        by_order.setdefault(payment.order_id, []).append(payment)
    left = {payment.id: payment.left_minor for payment in payments}
    plan: list[tuple[RefundPart, ...] | RefundAboveTaken] = []
    for refund in refunds:
        if refund.order_id is None:
            plan.append(())
            continue
        sources = [
            payment
            for payment in by_order.get(refund.order_id, [])
            if payment.entity_id == refund.entity_id
            and payment.currency == refund.currency
            and refund.payment_id in {None, payment.id}
        ]
        there = sum(left[payment.id] for payment in sources)
        if there >= refund.amount_minor:
            plan.append(_taken_from(sources, left, refund.amount_minor))
            continue
        plan.append(
            RefundAboveTaken(
                order_id=refund.order_id,
                currency=refund.currency,
                amount_minor=refund.amount_minor,
                left_minor=there,
            )
        )
    return plan


def _taken_from(
    sources: Sequence[Payment], left: dict[PaymentId, int], amount_minor: int
) -> tuple[RefundPart, ...]:
    parts: list[RefundPart] = []
    for payment in sources:
        part = min(left[payment.id], amount_minor)
        if part:
            left[payment.id] -= part
            amount_minor -= part
            parts.append(RefundPart(payment_id=payment.id, amount_minor=part))
    return tuple(parts)


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What a report changes: the intent's new state (None: nothing), and the disagreement it shows."""

    state: IntentState | None = None
    amount_minor: int = 0
    exception: NewException | None = None


def next_step(intent: Intent, *, state: IntentState, report: Report) -> Step:
    """Decide what a report changes, whatever came before it.

    What is done stays; the same said again changes nothing; the contrary is an exception. Money that moved is money
    that moved: after a failure, or in another amount than asked for, it is taken as it is, with an exception. A refund
    that fails is an exception too: it is still owed.
    """
    amount_minor = intent.amount_minor if report.amount_minor is None else report.amount_minor
    if state is IntentState.DONE:
        is_contrary = report.state is IntentState.FAILED
        return Step(exception=_contradiction(intent, state, report) if is_contrary else None)
    if state is IntentState.FAILED:
        if report.state is not IntentState.DONE:
            return Step()
        return Step(
            state=IntentState.DONE,
            amount_minor=max(0, amount_minor),
            exception=_contradiction(intent, state, report),
        )
    if report.state is IntentState.DONE and amount_minor != intent.amount_minor:
        return Step(
            state=IntentState.DONE,
            amount_minor=max(0, amount_minor),
            exception=amount_differs(intent, report),
        )
    if report.state is IntentState.WRITTEN:
        return Step()
    failed_refund = report.state is IntentState.FAILED and intent.kind is IntentKind.REFUND
    return Step(
        state=report.state,
        amount_minor=amount_minor,
        exception=_still_owed(intent, report) if failed_refund else None,
    )


def amount_differs(intent: Intent, report: Report) -> NewException:
    """Return the disagreement of a report that says another amount than was asked for."""
    return NewException(
        kind=ExceptionKind.AMOUNT_DIFFERS,
        subject=f"intent:{intent.id}",
        order_id=intent.order_id,
        currency=intent.currency,
        expected_minor=intent.amount_minor,
        found_minor=report.amount_minor,
        content=report,
    )


def _still_owed(intent: Intent, report: Report) -> NewException:
    return NewException(
        kind=ExceptionKind.REFUND_FAILED,
        subject=f"intent:{intent.id}",
        order_id=intent.order_id,
        currency=intent.currency,
        expected_minor=intent.amount_minor,
        found_minor=0,
        content=report,
    )


def _contradiction(intent: Intent, state: IntentState, report: Report) -> NewException:
    return NewException(
        kind=ExceptionKind.REPORTS_CONTRADICT,
        subject=f"intent:{intent.id}",
        order_id=intent.order_id,
        currency=intent.currency,
        expected_minor=intent.amount_minor if state is IntentState.DONE else 0,
        found_minor=report.amount_minor,
        content=report,
    )


def next_try(*, tries: int, now: datetime, expires_at: datetime | None) -> datetime:
    """Return when a gateway is asked again: later each time, but not after the intent's expiry has passed unasked.

    What has just run out is asked for every few seconds: goods wait for the answer.
    """
    later = now + timedelta(minutes=_WAITS[min(tries, len(_WAITS)) - 1] if tries else 0)
    if expires_at is None:
        return later
    if expires_at > now:
        return min(later, expires_at)
    return min(later, now + _URGENT_WAIT) if now - expires_at < URGENT else later


def moves_money(kind: IntentKind) -> bool:
    """Tell whether an intent that is done took or gave money; reserving alone does not."""
    return kind is not IntentKind.AUTHORISE
