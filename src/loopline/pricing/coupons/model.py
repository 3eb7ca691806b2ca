"""The records of coupons: batches, what they give and to whom, and each coupon with where it stands."""

from datetime import datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

import msgspec

from loopline.kernel.ids import CouponBatchId, CouponId, LineId, MemberId, OrderId
from loopline.pricing.promotions.model import ONLY_THE_SELLER, Conditions, Funder


class OffAmount(msgspec.Struct, frozen=True, kw_only=True, tag="amount"):
    """An amount off the goods it is for together, at most what they cost."""

    amount_minor: int


class OffPercentage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="percentage"):
    """A part of what the goods it is for cost together, at most `most_minor`."""

    basis_points: int
    most_minor: int | None = None


CouponEffect: TypeAlias = OffAmount | OffPercentage


class BatchState(StrEnum):
    """A draft may change; what is published stands, and gives coupons until it is stopped."""

    DRAFT = "draft"
    PUBLISHED = "published"
    STOPPED = "stopped"


class NewBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A draft of a batch to save, under its code.

    `least_minor`: what has to be spent on the goods it is for, after promotions. `with_promotions`: it also takes from
    lines that promotions let off; `with_coupons`: it may stand beside coupons of other batches that may, too.
    A coupon can be used from `valid_from` (None: from when it is given), included, to `valid_until`, excluded, and no
    longer than `days` after it can first be used. `total` and `per_person`: how many are ever given, and to one member.
    Members claim one by `shared_code` (None: they do not); staff of the stores it holds at give it where `by_staff`.
    """

    code: str
    name: str
    currency: str
    effect: CouponEffect
    total: int
    conditions: Conditions = Conditions()
    least_minor: int = 0
    with_promotions: bool = True
    with_coupons: bool = False
    funders: tuple[Funder, ...] = ONLY_THE_SELLER
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    days: int | None = None
    per_person: int | None = 1
    shared_code: str | None = None
    by_staff: bool = False
    author: str
    comment: str


class Batch(NewBatch, frozen=True, kw_only=True):
    """A batch as it stands; `given` counts its coupons."""

    id: CouponBatchId
    saved_at: datetime
    published_at: datetime | None = None
    published_by: str | None = None
    stopped_at: datetime | None = None
    stopped_by: str | None = None
    given: int = 0

    @property
    def state(self) -> BatchState:
        """How far it has come."""
        if self.published_at is None:
            return BatchState.DRAFT
        return BatchState.PUBLISHED if self.stopped_at is None else BatchState.STOPPED


class GivenHow(StrEnum):
    """How a coupon came about: made as a code for whoever has it, claimed by a member, or given to one."""

    CODE = "code"
    CLAIMED = "claimed"
    GIVEN = "given"


class CouponState(StrEnum):
    """Free to be used, held with an order that waits to be paid, or spent on one."""

    FREE = "free"
    HELD = "held"
    SPENT = "spent"


class CouponStep(StrEnum):
    """What happened to a coupon; the last one says where it stands."""

    GIVEN = "given"
    HELD = "held"
    SPENT = "spent"
    BACK = "back"


class Coupon(msgspec.Struct, frozen=True, kw_only=True):
    """A coupon. Who has its code may use it, a member's alone that member.

    Half-open from `valid_from` to `valid_until`. `order_id`, `taken_at`, what it takes off that order and what the
    order comes to after it: of the order that holds it or that it was spent on.
    """

    id: CouponId
    batch_id: CouponBatchId
    secret: str
    member_id: MemberId | None
    how: GivenHow
    given_by: str
    given_at: datetime
    valid_from: datetime
    valid_until: datetime
    state: CouponState = CouponState.FREE
    order_id: OrderId | None = None
    taken_at: datetime | None = None
    off_minor: int = 0
    order_minor: int = 0


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A coupon with what its batch says."""

    coupon: Coupon
    batch: Batch


class Gift(msgspec.Struct, frozen=True, kw_only=True):
    """A coupon to give: to a member, or to nobody yet."""

    batch_id: CouponBatchId
    how: GivenHow
    by: str
    member_id: MemberId | None = None


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """A coupon that an order takes: what off each line, what the order comes to; `is_spent`: nothing is to be paid."""

    coupon_id: CouponId
    order_id: OrderId
    is_spent: bool
    order_minor: int
    lines: tuple[tuple[LineId, int], ...]

    @property
    def off_minor(self) -> int:
        """What it takes off in all."""
        return sum(minor for _, minor in self.lines)


class LineOff(msgspec.Struct, frozen=True, kw_only=True):
    """What a coupon took off a line of the order that has it."""

    coupon_id: CouponId
    order_id: OrderId
    line_id: LineId
    amount_minor: int


class BatchFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch: its coupons that orders have, what they took off, and what their orders came to."""

    batch_id: CouponBatchId
    held: int = 0
    spent: int = 0
    off_minor: int = 0
    brought_minor: int = 0


class DiscountName(msgspec.Struct, frozen=True, kw_only=True):
    """What takes something off is called: a version of a promotion, or a batch of coupons."""

    id: UUID
    code: str
    name: str
