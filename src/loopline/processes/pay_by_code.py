"""Pay by code: what is asked of a wallet for a sale that is no order yet, once per attempt, one attempt at a time.

The sale's id is the id of its order to be: the gateway's money is recorded under it, and `ring_up` finds it there. An
attempt that was given up before it was ever asked for is kept as failed: what is still on its way comes too late.
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from loopline.db import Conn
from loopline.kernel.ids import EntityId, OrderId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.payments import StandingIntent
from loopline.payments.intents import write_intents
from loopline.payments.model import IntentId
from loopline.payments.port import Intent, IntentKind, IntentState, Report
from loopline.payments.queries import intents_by_numbers, intents_of_orders, payments_of_orders
from loopline.payments.shifts import hold_tills
from loopline.processes.outcomes import all_granted
from loopline.processes.pay import apply_gateway_reports

PAID_WITHIN = timedelta(minutes=3)
"""So long a customer may look for their password; then the gateway is told to let go."""


class CodePayment(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to have a sale paid; `attempt_id` is made by the till, and is the same however often it asks."""

    attempt_id: UUID
    till_id: UUID
    order_id: OrderId
    entity_id: EntityId
    currency: str
    amount_minor: int
    gateway: str


class StillBeingPaid(Refusal, frozen=True, kw_only=True):
    """This sale is paid, or is being paid: ask what became of that, or call it off, before you take money again."""


def attempt_to_pay(
    conn: Conn, wanted: CodePayment, *, is_wanted: bool, now: datetime
) -> StandingIntent | Refusal:
    """Write an attempt down, or find it. With `is_wanted` false one that was never written is kept as failed.

    Refused while another attempt of the sale may still pay, and once it is paid. Holds the till: of two that pay one
    sale the second finds the first.
    """
    hold_tills(conn, [wanted.till_id])
    key = f"till:{wanted.till_id}:{wanted.attempt_id}"
    known = intents_by_numbers(conn, [key]).get(key)
    if known is not None:
        is_same = (known.order_id, known.amount_minor, known.currency) == (
            wanted.order_id,
            wanted.amount_minor,
            wanted.currency,
        )
        return known if is_same else StillBeingPaid()
    others = [
        one
        for one in intents_of_orders(conn, [wanted.order_id])
        if one.kind is IntentKind.CAPTURE and one.state is not IntentState.FAILED
    ]
    if is_wanted and (others or payments_of_orders(conn, [wanted.order_id])):
        return StillBeingPaid()
    intent = Intent(
        id=IntentId(uuid7(now)),
        key=key,
        kind=IntentKind.CAPTURE,
        gateway=wanted.gateway,
        entity_id=wanted.entity_id,
        currency=wanted.currency,
        amount_minor=wanted.amount_minor,
        order_id=wanted.order_id,
        expires_at=now + PAID_WITHIN,
    )
    all_granted(write_intents(conn, [intent], now=now))
    if not is_wanted:
        never = Report(intent_id=intent.id, state=IntentState.FAILED, at=now, reason="it was never asked for")
        apply_gateway_reports(conn, [never], now=now)
    return intents_by_numbers(conn, [key])[key]
