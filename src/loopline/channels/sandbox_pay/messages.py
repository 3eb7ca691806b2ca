"""What the sandbox and its merchant say to each other: the shapes on the wire, the same on both sides."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

Number = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
Amount = Annotated[int, Meta(ge=1, le=10**13)]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
Moment = Annotated[datetime, Meta(tz=True)]


class ChargeState(StrEnum):
    """Waiting for the customer; then paid or closed, for good."""

    WAITING = "waiting"
    PAID = "paid"
    CLOSED = "closed"


class RefundState(StrEnum):
    """Accepted now, done or failed later."""

    ACCEPTED = "accepted"
    DONE = "done"
    FAILED = "failed"


class NewCharge(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a merchant wants of a customer, under the merchant's own number."""

    number: Number
    amount_minor: Amount
    currency: Currency
    expires_at: Moment


class NewCodeCharge(NewCharge, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A charge that the customer pays by the code on their phone: scanned by the merchant, good for once."""

    auth_code: Annotated[str, Meta(pattern=r"^[0-9]{6,32}$")]


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """A charge as it stands. `id` is the gateway's own, and whoever knows it may pay; `number` is the merchant's."""

    id: str
    number: str
    amount_minor: int
    currency: str
    state: ChargeState
    created_at: datetime
    expires_at: datetime
    changed_at: datetime
    refunded_minor: int
    cashier_path: str
    reason: str | None = None


class NewGatewayRefund(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of a charge a merchant gives back, under a number of its own."""

    number: Number
    amount_minor: Amount


class GatewayRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund as it stands."""

    id: str
    number: str
    charge_number: str
    amount_minor: int
    currency: str
    state: RefundState
    accepted_at: datetime
    changed_at: datetime
    reason: str | None = None


class Telling(StrEnum):
    """What a notification tells."""

    CHARGE_PAID = "charge.paid"
    CHARGE_CLOSED = "charge.closed"
    REFUND_DONE = "refund.done"
    REFUND_FAILED = "refund.failed"


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """One notification: a charge or a refund as it stood when that happened."""

    type: Telling
    timestamp: datetime
    charge: Charge | None = None
    refund: GatewayRefund | None = None


class Denied(msgspec.Struct, frozen=True, kw_only=True):
    """Why the gateway will not: final, and nothing was done."""

    code: str
    detail: str


NUMBER_TAKEN = Denied(code="number_taken", detail="The number stands for something else already.")
UNKNOWN = Denied(code="unknown", detail="There is nothing under this number.")
EXPIRED = Denied(code="expired", detail="The time to pay is over.")
CLOSED = Denied(code="closed", detail="The charge was closed.")
NOT_PAID = Denied(code="not_paid", detail="The charge was not paid.")
ABOVE_PAID = Denied(code="above_paid", detail="More than is left of what was paid.")
STATUSES: dict[str, int] = {"unknown": 404, "expired": 410}
"""HTTP statuses of what is denied; the others are conflicts (409)."""
