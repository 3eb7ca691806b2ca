"""Cash and bank transfer: money that no machine reports. A person counts it, or reads the statement, and confirms."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from loopline.kernel.refusals import Refusal
from loopline.payments.port import Intent, IntentKind, IntentState, Report
from loopline.payments.refusals import NotificationNotExpected

CASH = "cash"
BANK_TRANSFER = "bank_transfer"
CARD_TERMINAL = "card_terminal"
"""A terminal of the site, which no gateway of ours reads: what it took, a person says."""

STORED_VALUE = "stored_value"
"""What a member paid ahead to one of our companies: a gateway that is ourselves, asked inside transactions."""

EXCHANGE = "exchange"
"""No money: what was taken for one order is carried over to that which takes its place."""


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """What a person saw: how much moved, when, and what proves it (the receipt's or the transfer's number)."""

    person: str
    amount_minor: int
    at: datetime
    reference: str


class CashGateway:
    """A gateway that waits for a person. Keeps nothing: what is confirmed is a report like any other gateway's."""

    def __init__(self, name: str = CASH) -> None:
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    def authorise(self, intent: Intent, *, now: datetime) -> Report:
        """Cash cannot be reserved: refused at once."""
        return Report(
            intent_id=intent.id, state=IntentState.FAILED, at=now, reason=f"{self._name} cannot be reserved"
        )

    def capture(self, intent: Intent, *, now: datetime) -> Report:
        """Wait for a person who took the money."""
        return self.ask(intent, now=now)

    def refund(self, intent: Intent, *, now: datetime) -> Report:
        """Wait for a person who gave the money back."""
        return self.ask(intent, now=now)

    def ask(self, intent: Intent, *, now: datetime) -> Report:
        """Nothing is known before somebody confirms."""
        return Report(intent_id=intent.id, state=IntentState.WAITING, at=now)

    def close(self, intent: Intent, *, now: datetime) -> Report:
        """Nobody came to pay. Money to be given back stays owed, however late it is."""
        if intent.kind is IntentKind.REFUND:
            return self.ask(intent, now=now)
        return Report(intent_id=intent.id, state=IntentState.FAILED, at=now, reason="nobody paid in time")

    def hear(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Refusal:
        """People confirm; nothing comes by itself."""
        del headers, body, now
        return NotificationNotExpected(gateway=self._name)


def confirmed(intent: Intent, confirmation: Confirmation) -> Report:
    """Return the report of a person who saw the money move."""
    return Report(
        intent_id=intent.id,
        state=IntentState.DONE,
        at=confirmation.at,
        amount_minor=confirmation.amount_minor,
        reference=confirmation.reference,
        reason=f"confirmed by {confirmation.person}",
    )
