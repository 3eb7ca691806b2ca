"""What a till says of a sale. Read strictly: a field that is not known here would otherwise be lost in silence."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from loopline.orders.price_changes import PriceReason

_AMOUNT_MAX = 10**13
Amount = Annotated[int, Meta(ge=0, le=_AMOUNT_MAX)]
Code = Annotated[str, Meta(min_length=1, max_length=64)]


class Method(StrEnum):
    """How the money was taken at the till."""

    CASH = "cash"
    CARD_TERMINAL = "card_terminal"


class SaleLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Units of one SKU at the price of one unit that the customer paid, tax included, in minor units.

    `priced_at` is when the till had read what it costs, by the server's clock; `reason` says why it was sold for less,
    and `ask_id` names what somebody else approved. What is not said has no part in what a sale is recognised by.
    """

    sku_code: Code
    units: Annotated[int, Meta(ge=1, le=1_000_000)]
    unit_minor: Annotated[int, Meta(ge=0, le=10**10)]
    priced_at: Annotated[datetime, Meta(tz=True)] | None = None
    reason: PriceReason | None = None
    ask_id: UUID | None = None


class SalePayment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Money that was taken, in minor units of the sale's currency."""

    method: Method
    amount_minor: Annotated[int, Meta(ge=1, le=_AMOUNT_MAX)]


class Sale(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sale that was rung up: goods that left the site, and the money for them.

    `till_id` is made once per till and `number` counts its sales from one; `rung_up_at` is the moment as the till knew
    it; `rung_up_by` is who stood there, whoever sends it.
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
