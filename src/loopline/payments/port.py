"""The port to payment gateways: an intent goes out, a report comes back.

An intent is written in the transaction that wants it; a job asks the gateway outside any transaction; what the gateway
says comes back as a report, by answer or by notification, once, twice or out of order. A gateway must treat an intent
asked twice as one: its `key` is the merchant's number at the gateway.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

import msgspec

from loopline.kernel.ids import EntityId, OrderId, ReturnId
from loopline.kernel.refusals import Refusal
from loopline.payments.model import IntentId


class IntentKind(StrEnum):
    """Reserve money, take it (at once, or what was reserved), give it back."""

    AUTHORISE = "authorise"
    CAPTURE = "capture"
    REFUND = "refund"


class IntentState(StrEnum):
    """Written: nobody asked yet. Waiting: the gateway or a person has it. Done and failed are final."""

    WRITTEN = "written"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway is asked to do.

    `of_intent_id` is what a capture reserved or a refund took, `of_reference` the gateway's own number of that, told to
    whoever claims it. `expires_at` lies a minute before the hold's.
    """

    id: IntentId
    key: str
    kind: IntentKind
    gateway: str
    entity_id: EntityId
    currency: str
    amount_minor: int
    order_id: OrderId | None = None
    return_id: ReturnId | None = None
    of_intent_id: IntentId | None = None
    expires_at: datetime | None = None
    reference: str | None = None
    of_reference: str | None = None
    tries: int = 0


class Report(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of an intent. `reference` is the gateway's own number; `amount_minor` is what really moved.

    `pay_path` is where a person pays what waits, on this server or with scheme and host; it is shown and never kept.
    """

    intent_id: IntentId
    state: IntentState
    at: datetime
    amount_minor: int | None = None
    reference: str | None = None
    reason: str | None = None
    pay_path: str | None = None


class Notice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a gateway told of its own accord, believed because it was signed. `key` is our number at the gateway."""

    key: str
    kind: IntentKind
    state: IntentState
    at: datetime
    amount_minor: int
    currency: str
    reference: str | None = None
    reason: str | None = None

    def report(self, intent_id: IntentId) -> Report:
        """Return it as the report of the intent it names."""
        return Report(
            intent_id=intent_id,
            state=self.state,
            at=self.at,
            amount_minor=self.amount_minor,
            reference=self.reference,
            reason=self.reason,
        )


class Gateway(Protocol):
    """One way to pay. Calls may take seconds and may fail; none is made inside a transaction."""

    @property
    def name(self) -> str:
        """Its name, as intents say it."""
        ...

    def authorise(self, intent: Intent, *, now: datetime) -> Report:
        """Reserve money."""
        ...

    def capture(self, intent: Intent, *, now: datetime) -> Report:
        """Take money."""
        ...

    def refund(self, intent: Intent, *, now: datetime) -> Report:
        """Give money back."""
        ...

    def ask(self, intent: Intent, *, now: datetime) -> Report:
        """Return what became of an intent that was sent before."""
        ...

    def close(self, intent: Intent, *, now: datetime) -> Report:
        """Let an intent go that nobody shall fulfil any more; reports done where the money moved already."""
        ...

    def hear(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Notice | Refusal | None:
        """Read what came as its notification: None where it says nothing we wait for, refused where it is not its."""
        ...


@runtime_checkable
class CodeGateway(Gateway, Protocol):
    """A gateway that takes the code on a customer's phone, scanned by who sells (付款码, quick pay)."""

    def pay_by_code(self, intent: Intent, code: str, *, now: datetime) -> Report:
        """Take money by a code that is good for once; waiting while its customer confirms. Asked twice it is one."""
        ...


def send(gateway: Gateway, intent: Intent, *, now: datetime) -> Report:
    """Put an intent to its gateway: the first time do it, later ask, after its expiry close it."""
    if intent.expires_at is not None and intent.expires_at <= now:
        return gateway.close(intent, now=now)
    if intent.tries > 1:
        return gateway.ask(intent, now=now)
    match intent.kind:
        case IntentKind.AUTHORISE:
            return gateway.authorise(intent, now=now)
        case IntentKind.CAPTURE:
            return gateway.capture(intent, now=now)
        case IntentKind.REFUND:
            return gateway.refund(intent, now=now)
