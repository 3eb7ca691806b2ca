"""What was taken off a line, and who bears it, as its derivation keeps it."""

from enum import StrEnum
from uuid import UUID

import msgspec

from loopline.kernel.ids import CouponId, PartyId


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
    """What one bearer bears of a discount of a line, in minor units, tax included."""

    bearer: Bearer
    amount_minor: int
    party_id: PartyId | None = None


class Discount(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What one version of a promotion took off a line, tax included, and who bears it: the parts add up.

    Of a coupon `promotion_id` names its batch, and `coupon_id` the coupon.
    """

    promotion_id: UUID
    amount_minor: int
    borne: tuple[BearsOfLine, ...]
    coupon_id: CouponId | None = None
