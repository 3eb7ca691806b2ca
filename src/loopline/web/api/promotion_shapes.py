"""What the API says of promotions, and hears: effects, who bears them, drafts, versions, agreements."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from loopline.kernel.ids import SkuId
from loopline.pricing.promotions import (
    AmountOff,
    Bearer,
    Bundle,
    Effect,
    FixedPrice,
    Gift,
    PercentageOff,
    PromotionState,
    Step,
    Threshold,
)
from loopline.processes.promote import WantedGift
from loopline.web.api.types import BasisPoints, Code, Currency, Minor, Moment, Name

Group = Annotated[int, Meta(ge=1, le=9)]


class EffectKind(StrEnum):
    """What a promotion takes off."""

    PERCENTAGE = "percentage"
    AMOUNT = "amount"
    PRICE = "price"
    THRESHOLD = "threshold"
    BUNDLE = "bundle"
    GIFT = "gift"


class StepAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From so much spent on, so much off."""

    from_minor: Minor
    off_minor: Minor


class EffectAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is taken off, of the fields those of its kind.

    percentage: `basis_points` off each piece; amount: `amount_minor` off each; price: `unit_minor` for each;
    threshold: `steps`, or one step `is_repeated`; bundle: `units` pieces for `price_minor`; gift: `units` of `sku_code`
    for `from_units` pieces bought or `from_minor` spent, once or as often as it `is_repeated`.
    """

    kind: EffectKind
    basis_points: BasisPoints | None = None
    amount_minor: Minor | None = None
    unit_minor: Minor | None = None
    steps: list[StepAsk] = []
    is_repeated: bool = False
    units: Annotated[int, Meta(ge=1, le=100)] | None = None
    price_minor: Minor | None = None
    sku_code: Code | None = None
    from_units: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    from_minor: Minor | None = None


class FunderAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who bears a part; `party_code` where the bearer is a party. The parts come to 10,000 basis points."""

    bearer: Bearer
    basis_points: BasisPoints
    party_code: Code | None = None


class PromotionAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A draft: the first, or next, version under its code, or its draft anew. What names no condition asks for nothing.

    `group`: of one group the best for the customer takes a line, groups follow one another. Without `funders` the
    seller bears it.
    """

    code: Code
    name: Name
    currency: Currency
    effect: EffectAsk
    comment: Name
    channels: list[Code] = []
    unit_code: Code | None = None
    site_code: Code | None = None
    live_room: Code | None = None
    members_only: bool = False
    member_tier: Code | None = None
    sku_codes: list[Code] = []
    product_codes: list[Code] = []
    categories: list[Name] = []
    group: Group = 1
    is_exclusive: bool = False
    most_minor: Minor | None = None
    funders: list[FunderAsk] = []
    valid_from: Moment | None = None
    valid_until: Moment | None = None


class FunderTold(msgspec.Struct, frozen=True, kw_only=True):
    """Who bears a part."""

    bearer: Bearer
    basis_points: int
    party_code: str | None


class PromotionTold(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a promotion as it stands."""

    id: UUID
    code: str
    version: int
    state: PromotionState
    name: str
    currency: str
    effect: EffectAsk
    comment: str
    author: str
    channels: list[str]
    unit_code: str | None
    site_code: str | None
    live_room: str | None
    members_only: bool
    member_tier: str | None
    sku_codes: list[str]
    product_codes: list[str]
    categories: list[str]
    group: int
    is_exclusive: bool
    most_minor: int | None
    funders: list[FunderTold]
    valid_from: datetime | None
    valid_until: datetime | None
    saved_at: datetime
    published_at: datetime | None


class PromotionCode(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A promotion by its code."""

    code: Code


class PublishAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A draft to put in force; `saved_at` as it was told: where it was saved later, it is refused."""

    code: Code
    saved_at: Moment


class TryAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A few drafts: each is priced with thousands of orders."""

    items: Annotated[list[PromotionCode], Meta(min_length=1, max_length=5)]


class PromotionEndAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """End the last published version at a moment that has not come yet (null: now)."""

    code: Code
    valid_until: Moment | None = None


class PromotionEnded(msgspec.Struct, frozen=True, kw_only=True):
    """A promotion that ends."""

    code: str
    valid_until: datetime


class AgreementAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A party's word to bear up to a part of promotions in a currency, from a moment on (null: now)."""

    party_code: Code
    currency: Currency
    most_basis_points: Annotated[int, Meta(ge=1, le=10_000)]
    comment: Name
    valid_from: Moment | None = None
    valid_until: Moment | None = None


class AgreementTold(msgspec.Struct, frozen=True, kw_only=True):
    """What a party agreed to."""

    id: UUID
    party_code: str
    currency: str
    most_basis_points: int
    valid_from: datetime
    valid_until: datetime | None
    comment: str
    agreed_by: str
    agreed_at: datetime


_NOT_SAID = -1
"""Stands for an amount that is missing: no effect may have it, so the draft is refused for its effect."""


def effect_of(asked: EffectAsk) -> Effect | WantedGift:
    match asked.kind:
        case EffectKind.PERCENTAGE:
            return PercentageOff(basis_points=_said(asked.basis_points))
        case EffectKind.AMOUNT:
            return AmountOff(amount_minor=_said(asked.amount_minor))
        case EffectKind.PRICE:
            return FixedPrice(unit_minor=_said(asked.unit_minor))
        case EffectKind.THRESHOLD:
            steps = tuple(Step(from_minor=one.from_minor, off_minor=one.off_minor) for one in asked.steps)
            return Threshold(steps=steps, is_repeated=asked.is_repeated)
        case EffectKind.BUNDLE:
            return Bundle(units=_said(asked.units), price_minor=_said(asked.price_minor))
        case EffectKind.GIFT:
            return WantedGift(
                sku_code=asked.sku_code or "",
                units=asked.units or 1,
                from_units=asked.from_units,
                from_minor=asked.from_minor,
                is_repeated=asked.is_repeated,
            )


def _said(value: int | None) -> int:
    return _NOT_SAID if value is None else value


def effect_told(effect: Effect, skus: Mapping[SkuId, str]) -> EffectAsk:
    match effect:
        case PercentageOff():
            return EffectAsk(kind=EffectKind.PERCENTAGE, basis_points=effect.basis_points)
        case AmountOff():
            return EffectAsk(kind=EffectKind.AMOUNT, amount_minor=effect.amount_minor)
        case FixedPrice():
            return EffectAsk(kind=EffectKind.PRICE, unit_minor=effect.unit_minor)
        case Threshold():
            steps = [StepAsk(from_minor=one.from_minor, off_minor=one.off_minor) for one in effect.steps]
            return EffectAsk(kind=EffectKind.THRESHOLD, steps=steps, is_repeated=effect.is_repeated)
        case Bundle():
            return EffectAsk(kind=EffectKind.BUNDLE, units=effect.units, price_minor=effect.price_minor)
        case Gift():
            return EffectAsk(
                kind=EffectKind.GIFT,
                units=effect.units,
                sku_code=skus.get(effect.sku_id),
                from_units=effect.from_units,
                from_minor=effect.from_minor,
                is_repeated=effect.is_repeated,
            )
