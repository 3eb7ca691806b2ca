"""The gateway as payments know it: puts intents to the sandbox over HTTP, and reads what it tells.

Whatever goes wrong on the way (no connection, a time-out, an answer that makes no sense) leaves the intent waiting: it
is asked for again, and the sandbox takes the same number for the same thing. Only the sandbox's own word, that it will
not, fails an intent.
"""

import weakref
from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar
from urllib.parse import quote

import httpx
import msgspec

from loopline.channels.sandbox_pay.messages import (
    Charge,
    ChargeState,
    Denied,
    GatewayRefund,
    NewCharge,
    NewCodeCharge,
    NewGatewayRefund,
    Notification,
    RefundState,
)
from loopline.channels.sandbox_pay.settings import SandboxSettings
from loopline.channels.standard_webhooks import verify
from loopline.kernel.refusals import Refusal
from loopline.payments import Intent, IntentKind, IntentState, Notice, Report

NAME = "sandbox"
_REASON_LENGTH_MAX = 200
_TIMEOUT = httpx.Timeout(5.0, connect=2.0)
_LIMITS = httpx.Limits(max_connections=64, max_keepalive_connections=32)
_FINAL = frozenset({"number_taken", "expired", "closed", "not_paid", "above_paid"})
_CHARGE_STATES = {
    ChargeState.WAITING: IntentState.WAITING,
    ChargeState.PAID: IntentState.DONE,
    ChargeState.CLOSED: IntentState.FAILED,
}
_REFUND_STATES = {
    RefundState.ACCEPTED: IntentState.WAITING,
    RefundState.DONE: IntentState.DONE,
    RefundState.FAILED: IntentState.FAILED,
}
Answer = TypeVar("Answer", Charge, GatewayRefund)


class NotificationUnreadable(Refusal, frozen=True, kw_only=True):
    """The notification is signed, and says nothing that can be read."""


class SandboxGateway:
    """Implements `payments.Gateway`. Holds connections and no state."""

    def __init__(self, settings: SandboxSettings, *, transport: httpx.BaseTransport | None = None) -> None:
        self._secrets = [settings.webhook_secret]
        self._client = httpx.Client(
            base_url=settings.base_url,
            timeout=_TIMEOUT,
            limits=_LIMITS,
            headers={"authorization": f"Bearer {settings.merchant_key}"},
            trust_env=False,  # no proxy of the environment stands between two parts of one machine
            transport=transport,
        )
        # Whoever forgets it lets go of its connections, too.
        weakref.finalize(self, self._client.close)

    @property
    def name(self) -> str:
        return NAME

    def close_connections(self) -> None:
        """Let go of the connections; a call under way fails and leaves its intent waiting."""
        self._client.close()

    def authorise(self, intent: Intent, *, now: datetime) -> Report:
        """The sandbox takes money or does not; it reserves none."""
        return _failed(intent, now, "the sandbox reserves no money")

    def capture(self, intent: Intent, *, now: datetime) -> Report:
        """Make the charge that the customer pays; the same again is that charge."""
        if intent.expires_at is None:
            return _failed(intent, now, "a charge of the sandbox runs out at some time")
        new = NewCharge(
            number=intent.key,
            amount_minor=intent.amount_minor,
            currency=intent.currency,
            expires_at=intent.expires_at,
        )
        return self._charged(intent, self._ask("POST", "/v1/charges", Charge, new), now)

    def pay_by_code(self, intent: Intent, code: str, *, now: datetime) -> Report:
        """Let the code of the customer's phone pay; the same intent again is that charge, whatever the code."""
        if intent.expires_at is None:
            return _failed(intent, now, "a charge of the sandbox runs out at some time")
        new = NewCodeCharge(
            number=intent.key,
            amount_minor=intent.amount_minor,
            currency=intent.currency,
            expires_at=intent.expires_at,
            auth_code=code,
        )
        return self._charged(intent, self._ask("POST", "/v1/code-charges", Charge, new), now)

    def refund(self, intent: Intent, *, now: datetime) -> Report:
        """Let the sandbox accept a refund of the charge that the intent names; the same again is that refund."""
        if intent.of_reference is None:
            return _failed(intent, now, "it names no charge of the sandbox")
        new = NewGatewayRefund(number=intent.key, amount_minor=intent.amount_minor)
        path = f"/v1/charges/{quote(intent.of_reference, safe='')}/refunds"
        return self._refunded(intent, self._ask("POST", path, GatewayRefund, new), now)

    def ask(self, intent: Intent, *, now: datetime) -> Report:
        """Return how the charge or refund stands; one that never arrived is made now."""
        number = quote(intent.key, safe="")
        if intent.kind is IntentKind.REFUND:
            refund = self._ask("GET", f"/v1/refunds/{number}", GatewayRefund)
            return (
                self.refund(intent, now=now) if _is_unknown(refund) else self._refunded(intent, refund, now)
            )
        charge = self._ask("GET", f"/v1/numbers/{number}", Charge)
        return self.capture(intent, now=now) if _is_unknown(charge) else self._charged(intent, charge, now)

    def close(self, intent: Intent, *, now: datetime) -> Report:
        """Call a charge off, unless it is paid. What never arrived cannot any more: its time to pay is over.

        A refund is never called off.
        """
        if intent.kind is IntentKind.REFUND:
            return self.ask(intent, now=now)
        path = f"/v1/numbers/{quote(intent.key, safe='')}/close"
        charge = self._ask("POST", path, Charge)
        if _is_unknown(charge):
            return _failed(intent, now, "it never reached the gateway")
        return self._charged(intent, charge, now)

    def hear(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Notice | Refusal | None:
        """Believe a notification that the sandbox signed a moment ago."""
        verified = verify(self._secrets, body, headers=headers, now=now)
        if isinstance(verified, Refusal):
            return verified
        try:
            told = msgspec.json.decode(body, type=Notification)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return NotificationUnreadable()
        if told.charge is not None:
            return _notice_of_charge(told.charge)
        if told.refund is not None:
            return _notice_of_refund(told.refund)
        return NotificationUnreadable()

    def _ask(
        self, method: str, path: str, wanted: type[Answer], body: msgspec.Struct | None = None
    ) -> Answer | Denied | str:
        """Return the gateway's answer, its denial, or in words why there is none."""
        content = msgspec.json.encode(body) if body is not None else None
        try:
            answer = self._client.request(
                method, path, content=content, headers={"content-type": "application/json"}
            )
            if answer.is_success:
                return msgspec.json.decode(answer.content, type=wanted)
            return msgspec.json.decode(answer.content, type=Denied)
        except (
            httpx.HTTPError,
            httpx.InvalidURL,
            msgspec.MsgspecError,
            UnicodeDecodeError,
            RuntimeError,
        ) as error:
            # A client that is closed while it is used raises RuntimeError.
            return f"no answer that can be read: {error!r}"[:_REASON_LENGTH_MAX]

    def _charged(self, intent: Intent, found: Charge | Denied | str, now: datetime) -> Report:
        if not isinstance(found, Charge):
            return _not_answered(intent, found, now)
        if (found.number, found.currency) != (intent.key, intent.currency):
            return _waiting(intent, now, "the answer is about another charge")
        return Report(
            intent_id=intent.id,
            state=_CHARGE_STATES[found.state],
            at=found.changed_at,
            amount_minor=found.amount_minor,
            reference=found.id,
            reason=found.reason,
            pay_path=found.cashier_path if found.state is ChargeState.WAITING else None,
        )

    def _refunded(self, intent: Intent, found: GatewayRefund | Denied | str, now: datetime) -> Report:
        if not isinstance(found, GatewayRefund):
            return _not_answered(intent, found, now)
        if (found.number, found.currency) != (intent.key, intent.currency):
            return _waiting(intent, now, "the answer is about another refund")
        return Report(
            intent_id=intent.id,
            state=_REFUND_STATES[found.state],
            at=found.changed_at,
            amount_minor=found.amount_minor,
            reference=found.id,
            reason=found.reason,
        )


def _notice_of_charge(charge: Charge) -> Notice:
    return Notice(
        key=charge.number,
        kind=IntentKind.CAPTURE,
        state=_CHARGE_STATES[charge.state],
        at=charge.changed_at,
        amount_minor=charge.amount_minor,
        currency=charge.currency,
        reference=charge.id,
        reason=charge.reason,
    )


def _notice_of_refund(refund: GatewayRefund) -> Notice:
    return Notice(
        key=refund.number,
        kind=IntentKind.REFUND,
        state=_REFUND_STATES[refund.state],
        at=refund.changed_at,
        amount_minor=refund.amount_minor,
        currency=refund.currency,
        reference=refund.id,
        reason=refund.reason,
    )


def _is_unknown(found: object) -> bool:
    return isinstance(found, Denied) and found.code == "unknown"


def _not_answered(intent: Intent, found: Denied | str, now: datetime) -> Report:
    """What the gateway will not do fails; whatever else it says (no key, too busy, broken) is no answer."""
    if isinstance(found, str):
        return _waiting(intent, now, found)
    said = f"{found.code}: {found.detail}"[:_REASON_LENGTH_MAX]
    return _failed(intent, now, said) if found.code in _FINAL else _waiting(intent, now, said)


def _waiting(intent: Intent, now: datetime, reason: str) -> Report:
    return Report(intent_id=intent.id, state=IntentState.WAITING, at=now, reason=reason)


def _failed(intent: Intent, now: datetime, reason: str) -> Report:
    return Report(intent_id=intent.id, state=IntentState.FAILED, at=now, reason=reason)
