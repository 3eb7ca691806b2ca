"""What the API says of coupons, and hears: batches, gifts, coupons."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from loopline.pricing.coupons import BatchState, CouponEffect, CouponState, OffAmount, OffPercentage
from loopline.pricing.coupons.changes import DAYS_MOST, TOTAL_MOST
from loopline.web.api.promotion_shapes import FunderAsk, FunderTold
from loopline.web.api.types import BasisPoints, Code, Currency, Minor, Moment, Name

Count = Annotated[int, Meta(ge=1, le=TOTAL_MOST)]
CouponCode = Annotated[str, Meta(min_length=1, max_length=40, description="As printed or typed.")]


class CouponEffectKind(StrEnum):
    """What a coupon takes off."""

    AMOUNT = "amount"
    PERCENTAGE = "percentage"


class CouponEffectAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is taken off the goods it is for together: `amount_minor`, or `basis_points`, at most `most_minor`."""

    kind: CouponEffectKind
    amount_minor: Minor | None = None
    basis_points: BasisPoints | None = None
    most_minor: Minor | None = None


class BatchAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A draft, or the draft under this code anew. What names no condition asks for nothing.

    A coupon ends at `valid_until`, and `days` after it can first be used: one of both has to be said.
    """

    code: Code
    name: Name
    currency: Currency
    effect: CouponEffectAsk
    total: Count
    comment: Name
    least_minor: Annotated[int, Meta(ge=0, le=10**12)] = 0
    with_promotions: bool = True
    with_coupons: bool = False
    channels: list[Code] = []
    unit_code: Code | None = None
    site_code: Code | None = None
    sku_codes: list[Code] = []
    product_codes: list[Code] = []
    categories: list[Name] = []
    funders: list[FunderAsk] = []
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    days: Annotated[int, Meta(ge=1, le=DAYS_MOST)] | None = None
    per_person: Count | None = 1
    shared_code: Annotated[str, Meta(pattern=r"^[A-Za-z0-9]{4,20}$(?!\n)")] | None = None
    by_staff: bool = False


class BatchTold(msgspec.Struct, frozen=True, kw_only=True):
    """A batch as it stands, and what became of its coupons; `brought_minor`: what the orders that had them came to.

    `is_guessable`: its shared code is short, and whoever guesses it may take all of the batch.
    """

    id: UUID
    code: str
    state: BatchState
    name: str
    currency: str
    effect: CouponEffectAsk
    total: int
    comment: str
    author: str
    least_minor: int
    with_promotions: bool
    with_coupons: bool
    channels: list[str]
    unit_code: str | None
    site_code: str | None
    sku_codes: list[str]
    product_codes: list[str]
    categories: list[str]
    funders: list[FunderTold]
    valid_from: datetime | None
    valid_until: datetime | None
    days: int | None
    per_person: int | None
    shared_code: str | None
    is_guessable: bool
    by_staff: bool
    saved_at: datetime
    published_at: datetime | None
    stopped_at: datetime | None
    given: int
    held: int
    spent: int
    off_minor: int
    brought_minor: int


class BatchCode(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A batch by its code."""

    code: Code


class GiftAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A coupon of a batch for a member; without one it is nobody's, and whoever has its code may use or claim it."""

    batch_code: Code
    member_id: UUID | None = None


class GiftTold(msgspec.Struct, frozen=True, kw_only=True):
    """A coupon that was given. Its code uses it."""

    id: UUID
    code: str
    valid_from: datetime
    valid_until: datetime


class ClaimAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was typed or scanned: a code that many share, or one of a coupon."""

    code: CouponCode


class OwnCoupon(msgspec.Struct, frozen=True, kw_only=True):
    """A coupon of a member's. `order_id`: the order that holds it, or that it was spent on."""

    id: UUID
    code: str
    name: str
    currency: str
    effect: CouponEffectAsk
    least_minor: int
    with_promotions: bool
    with_coupons: bool
    state: CouponState
    valid_from: datetime
    valid_until: datetime
    order_id: UUID | None


_NOT_SAID = -1
"""Stands for an amount that is missing: no effect may have it, so the draft is refused for its effect."""


def effect_of(asked: CouponEffectAsk) -> CouponEffect:
    if asked.kind is CouponEffectKind.AMOUNT:
        return OffAmount(amount_minor=_NOT_SAID if asked.amount_minor is None else asked.amount_minor)
    points = _NOT_SAID if asked.basis_points is None else asked.basis_points
    return OffPercentage(basis_points=points, most_minor=asked.most_minor)


def effect_told(effect: CouponEffect) -> CouponEffectAsk:
    match effect:
        case OffAmount(amount_minor=amount):
            return CouponEffectAsk(kind=CouponEffectKind.AMOUNT, amount_minor=amount)
        case OffPercentage(basis_points=points, most_minor=most):
            return CouponEffectAsk(kind=CouponEffectKind.PERCENTAGE, basis_points=points, most_minor=most)
