"""What a till says of a sale. Read strictly: a field that is not known here would otherwise be lost in silence."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from loopline.orders.price_changes import PriceReason
from loopline.payments.cash import STORED_VALUE
from loopline.processes.ring_up import WALLET

_AMOUNT_MAX = 10**13
Amount = Annotated[int, Meta(ge=0, le=_AMOUNT_MAX)]
Code = Annotated[str, Meta(min_length=1, max_length=64)]


class Method(StrEnum):
    """How the money was taken at the till; what a wallet or stored value paid, is there under the sale's id."""

    CASH = "cash"
    CARD_TERMINAL = "card_terminal"
    WALLET = WALLET
    STORED_VALUE = STORED_VALUE


class SaleLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Units of one SKU at the price of one unit that the customer paid, tax included, in minor units.

    `amount_minor`: what they came to together, where the server had said what the whole cart comes to; it decides then,
    and the price of one unit is rounded down.
    `priced_at` is when the till had read what it costs, by the server's clock; `reason` says why it was sold for less,
    and `ask_id` names what somebody else approved. What is not said has no part in what a sale is recognised by.
    """

    sku_code: Code
    units: Annotated[int, Meta(ge=1, le=1_000_000)]
    unit_minor: Annotated[int, Meta(ge=0, le=10**10)]
    priced_at: Annotated[datetime, Meta(tz=True)] | None = None
    reason: PriceReason | None = None
    ask_id: UUID | None = None
    amount_minor: Amount | UnsetType = UNSET

    @property
    def paid_minor(self) -> int:
        """What the customer paid for all of them."""
        return self.units * self.unit_minor if self.amount_minor is UNSET else self.amount_minor

    @property
    def charged_unit_minor(self) -> int:
        """What one of them cost: of what they came to together, rounded down, whatever is said of one."""
        return self.unit_minor if self.amount_minor is UNSET else self.amount_minor // self.units


class SalePayment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Money that was taken, in minor units of the sale's currency."""

    method: Method
    amount_minor: Annotated[int, Meta(ge=1, le=_AMOUNT_MAX)]


class SaleMember(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who bought: a member whom the server had named, or what was typed or scanned while it could not be asked."""

    id: UUID | None = None
    said: Annotated[str, Meta(max_length=64)] = ""

    def __repr__(self) -> str:
        return f"SaleMember(id={self.id!r})"


class Sale(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sale that was rung up: goods that left the site, and the money for them.

    `till_id` is made once per till and `number` counts its sales from one; `rung_up_at` is the moment as the till knew
    it; `rung_up_by` is who stood there, whoever sends it. `member` says nothing of what was sold: the same sale of
    somebody else, or of nobody, is the same sale. `coupon`: the code of the coupon that the server had taken
    off what the lines came to.
    """

    id: UUID
    till_id: UUID
    number: Annotated[int, Meta(ge=1, le=10**12)]
    site_code: Code
    rung_up_by: UUID
    rung_up_at: Annotated[datetime, Meta(tz=True)]
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)")]
    lines: Annotated[tuple[SaleLine, ...], Meta(min_length=1, max_length=200)]
    payments: Annotated[tuple[SalePayment, ...], Meta(max_length=10)] = ()
    member: SaleMember | UnsetType = UNSET
    coupon: Code | UnsetType = UNSET
