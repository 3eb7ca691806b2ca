"""What was taken off a line, and who bears it, as its derivation keeps it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from loopline.kernel.ids import CouponId, PartyId

POINTS_CODE = "POINTS"
"""What the programme of points is called beside promotions and coupons, which are told of by their codes."""


class Bearer(StrEnum):
    """Who bears a part of what is taken off.

    The dealer is the one above the selling site; a party is named. Where an order knows nobody in a role, or the role
    is the seller's own company, the seller of record bears it.
    """

    SELLER = "seller"
    BRAND = "brand"
    DEALER = "dealer"
    PLATFORM = "platform"
    PARTY = "party"


class BearsOfLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What one bearer bears of a discount of a line, in minor units, tax included.

    A role's party stands here only where it was found before: on goods that took the place of others.
    """

    bearer: Bearer
    amount_minor: int
    party_id: PartyId | None = None


class Discount(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What one version of a promotion took off a line, tax included, and who bears it: the parts add up.

    `agreed_at`: who bears it must have agreed to by then; None: by when the order was placed.
    Of a coupon `promotion_id` names its batch, and `coupon_id` the coupon. Of points it names the version of the
    programme, and `points` says how many of them the line takes.
    """

    promotion_id: UUID
    amount_minor: int
    borne: tuple[BearsOfLine, ...]
    coupon_id: CouponId | None = None
    agreed_at: datetime | None = None
    points: int = 0


class KeptPrice(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What an agreed price is made of: our price of a unit (None: that of now), and what was taken off the line."""

    list_unit_minor: int | None = None
    discounts: tuple[Discount, ...] = ()
