"""The records of promotions: what they take off, on which lines, who bears it, and what became of one line."""

from datetime import datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

import msgspec

from loopline.kernel.ids import EntityId, LineId, OrderId, OrgUnitId, PartyId, ProductId, SiteId, SkuId
from loopline.kernel.money import BASIS_POINTS
from loopline.pricing.discounts import Bearer


class PercentageOff(msgspec.Struct, frozen=True, kw_only=True, tag="percentage"):
    """A part of what each piece costs, rounded half away from zero by piece."""

    basis_points: int


class AmountOff(msgspec.Struct, frozen=True, kw_only=True, tag="amount"):
    """An amount off each piece, at most what it costs."""

    amount_minor: int


class FixedPrice(msgspec.Struct, frozen=True, kw_only=True, tag="price"):
    """Another price for each piece, where it is lower: a member price, a live price."""

    unit_minor: int


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """From so much spent on, so much off."""

    from_minor: int
    off_minor: int


class Threshold(msgspec.Struct, frozen=True, kw_only=True, tag="threshold"):
    """Spend so much on goods it is for, get so much off them all: the highest step reached.

    `is_repeated`: with one step, as often as it is reached in full.
    """

    steps: tuple[Step, ...]
    is_repeated: bool = False


class Bundle(msgspec.Struct, frozen=True, kw_only=True, tag="bundle"):
    """So many pieces of goods it is for, whichever, cost one price together; the dearest are taken first."""

    units: int
    price_minor: int


class Gift(msgspec.Struct, frozen=True, kw_only=True, tag="gift"):
    """Buy so many pieces of goods it is for, or for so much, and take units of one SKU along for nothing (买赠).

    One of `from_units`, `from_minor` is said. `is_repeated`: as often as it is reached in full.
    """

    sku_id: SkuId
    units: int = 1
    from_units: int | None = None
    from_minor: int | None = None
    is_repeated: bool = False


Effect: TypeAlias = PercentageOff | AmountOff | FixedPrice | Threshold | Bundle | Gift


class Conditions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a promotion holds: all that is named must be so; what names nothing asks for nothing.

    Channels, the selling site, a unit on the way from the top of the tree to it, the show that is bought out of, who
    buys; and of the goods any that is named as SKU, as product or by its category.
    """

    channels: tuple[str, ...] = ()
    org_unit_id: OrgUnitId | None = None
    site_id: SiteId | None = None
    live_room: str | None = None
    members_only: bool = False
    member_tier: str | None = None
    sku_ids: frozenset[SkuId] = frozenset()
    product_ids: frozenset[ProductId] = frozenset()
    categories: frozenset[str] = frozenset()


class Funder(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A bearer and its part; the parts of a promotion come to 10,000 basis points."""

    bearer: Bearer
    basis_points: int
    party_id: PartyId | None = None


ONLY_THE_SELLER = (Funder(bearer=Bearer.SELLER, basis_points=BASIS_POINTS),)


class PromotionState(StrEnum):
    """A draft may change; tried on the past, it may be published; what is published stands."""

    DRAFT = "draft"
    TRIED = "tried"
    PUBLISHED = "published"


class NewPromotion(msgspec.Struct, frozen=True, kw_only=True):
    """A draft to save: the first, or next, version under its code, or all of that code's draft anew.

    From `valid_from` (None: from its publication), included, to `valid_until`, excluded. `group`: promotions of one
    group do not add up, the best for the customer takes a line; groups follow one another by their numbers, each on
    what the ones before have left. An exclusive one leaves its lines to no other. `most_minor`: what it takes off one
    order at most.
    """

    code: str
    name: str
    currency: str
    effect: Effect
    conditions: Conditions = Conditions()
    group: int = 1
    is_exclusive: bool = False
    most_minor: int | None = None
    funders: tuple[Funder, ...] = ONLY_THE_SELLER
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    author: str
    comment: str


class Promotion(NewPromotion, frozen=True, kw_only=True):
    """A version of a promotion as it stands; `author` wrote it, `published_by` put it in force."""

    id: UUID
    version: int
    saved_at: datetime
    tried_at: datetime | None = None
    published_at: datetime | None = None
    published_by: str | None = None

    @property
    def state(self) -> PromotionState:
        """How far it has come."""
        if self.published_at is not None:
            return PromotionState.PUBLISHED
        return PromotionState.DRAFT if self.tried_at is None else PromotionState.TRIED

    @property
    def is_by_piece(self) -> bool:
        """Whether each piece is let off by itself, whatever else is bought: a till can be told such a price."""
        return self.most_minor is None and isinstance(self.effect, PercentageOff | AmountOff | FixedPrice)


class PromotionEnd(msgspec.Struct, frozen=True, kw_only=True):
    """End a published version at a moment that has not come yet."""

    promotion_id: UUID
    valid_until: datetime


class FundingAgreement(msgspec.Struct, frozen=True, kw_only=True):
    """A party's word to bear up to a part of promotions in a currency, from a moment to another, half-open."""

    id: UUID
    party_id: PartyId
    currency: str
    most_basis_points: int
    valid_from: datetime
    valid_until: datetime | None
    comment: str
    agreed_by: str
    agreed_at: datetime

    def covers(self, *, since: datetime, until: datetime | None) -> bool:
        """Tell whether it holds all the time from a moment to another (None: for good)."""
        reaches = self.valid_until is None or (until is not None and until <= self.valid_until)
        return self.valid_from <= since and reaches


class Borne(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody bears of a part that was handed over: by which promotion, as what, and who it turned out to be.

    `owed_by`: the party that owes it to the seller of record; None: the seller bears it itself. `position` counts the
    lines of one part.
    """

    part_id: UUID
    position: int
    order_id: OrderId
    line_id: LineId
    promotion_id: UUID
    bearer: Bearer
    seller_id: EntityId
    owed_by: PartyId | None
    currency: str
    units: int
    amount_minor: int
    at: datetime
