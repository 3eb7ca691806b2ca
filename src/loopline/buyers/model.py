"""The records of buyers: what platforms sealed, openings of it, and how each ended."""

from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

import msgspec

from loopline.kernel.ids import OrderId, PersonId, SiteId

OpeningId = NewType("OpeningId", UUID)


class OpeningPurpose(StrEnum):
    """What a buyer's data may be opened for: nothing else."""

    SHIP_PARCEL = "ship_parcel"
    PRINT_LABEL = "print_label"
    CUSTOMER_SERVICE_CALL = "customer_service_call"
    FRAUD_CHECK = "fraud_check"
    LEGAL_REQUEST = "legal_request"


class Masked(msgspec.Struct, frozen=True, kw_only=True):
    """A buyer as the platform lets everybody see them: 张**, 138****1234. Empty: it shows nothing."""

    name: str = ""
    phone: str = ""
    address: str = ""


class NewSealing(msgspec.Struct, frozen=True, kw_only=True):
    """A buyer's data as the platform sealed it, at a moment: a text, the name of one that it keeps, or both."""

    order_id: OrderId
    platform: str
    sealed_at: datetime
    ciphertext_id: str | None = None
    ciphertext: str | None = None
    masked: Masked = Masked()

    def __repr__(self) -> str:
        return f"NewSealing(order_id={self.order_id}, platform={self.platform!r})"


class SealingKept(StrEnum):
    """What became of a sealing: the first, a newer one, the one that stands, an older one, or one come too late."""

    NEW = "new"
    RENEWED = "renewed"
    SAME = "same"
    OLDER = "older"
    FORGOTTEN = "forgotten"


class Sealing(msgspec.Struct, frozen=True, kw_only=True):
    """The sealing that stands of an order's buyer. Once it was forgotten neither text nor masks are left."""

    order_id: OrderId
    platform: str
    ciphertext_id: str | None
    ciphertext: str | None
    masked_name: str
    masked_phone: str
    masked_address: str
    sealed_at: datetime
    kept_at: datetime
    renewals: int
    forgotten_at: datetime | None

    @property
    def masked(self) -> Masked:
        """The buyer as everybody who sees the order may see them."""
        return Masked(name=self.masked_name, phone=self.masked_phone, address=self.masked_address)

    def __repr__(self) -> str:
        return f"Sealing(order_id={self.order_id}, platform={self.platform!r})"


class NewOpening(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody asks to see a buyer's data. `refused` is the code of our refusal; None: it goes to the platform."""

    id: OpeningId
    person_id: PersonId
    order_id: OrderId
    purpose: OpeningPurpose
    platform: str | None = None
    site_id: SiteId | None = None
    refused: str | None = None


class OpeningOutcome(StrEnum):
    """How an opening ended at the platform; a reason goes with the last two."""

    OPENED = "opened"
    DENIED = "denied"
    UNANSWERED = "unanswered"


class OpeningEnd(msgspec.Struct, frozen=True, kw_only=True):
    """What the platform said to an opening."""

    opening_id: OpeningId
    outcome: OpeningOutcome
    reason: str | None = None


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """An opening as the log has it. Neither refused nor ended: it was put to the platform, and nobody knows more."""

    id: OpeningId
    at: datetime
    person_id: PersonId
    order_id: OrderId
    purpose: OpeningPurpose
    platform: str | None
    site_id: SiteId | None
    refused: str | None
    ended_at: datetime | None
    outcome: OpeningOutcome | None
    reason: str | None


class OpeningsAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Which openings are asked for, the latest first; what is None narrows nothing."""

    person_id: PersonId | None = None
    order_id: OrderId | None = None
    before: OpeningId | None = None
    limit: int = 50
