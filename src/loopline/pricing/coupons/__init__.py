"""Coupons: batches with what they give, coupons of them, and which order has which.

Invariants: what a published batch gives is never changed; no batch gives more coupons than its total, nor one member
more than its limit; one order at a time has a coupon; where a coupon stands is what its last entry says; a coupon comes
back once nothing is left with the customer of what it took something off.

Locks: batches by code, then by id, then coupons by id; orders take free coupons and wait for nobody.
"""

from loopline.pricing.coupons.changes import is_guessable
from loopline.pricing.coupons.codes import SECRET_LENGTH_MAX, shown_code
from loopline.pricing.coupons.events import CouponGiven, CouponNotTaken, CouponsCameBack, CouponsTaken
from loopline.pricing.coupons.model import (
    Batch,
    BatchFigures,
    BatchState,
    Coupon,
    CouponEffect,
    CouponState,
    DiscountName,
    Gift,
    GivenHow,
    LineOff,
    NewBatch,
    OffAmount,
    Offer,
    OffPercentage,
    Use,
)
from loopline.pricing.coupons.queries import (
    batch_by_shared_code,
    batches_by_code,
    batches_by_id,
    batches_for_staff,
    batches_page,
    coupons_of_batch,
    figures_of_batches,
    line_offs,
    lock_coupons_of_orders,
    lock_free_offers,
    names_of_discounts,
    offers_by_code,
    offers_of_member,
)
from loopline.pricing.coupons.service import (
    claim_coupon,
    give_back,
    give_coupons,
    lock_to_retake,
    publish_batches,
    retake_coupons,
    save_batches,
    spend_coupons,
    stop_batches,
    take_coupons,
    take_turn,
)

__all__ = [
    "SECRET_LENGTH_MAX",
    "Batch",
    "BatchFigures",
    "BatchState",
    "Coupon",
    "CouponEffect",
    "CouponGiven",
    "CouponNotTaken",
    "CouponState",
    "CouponsCameBack",
    "CouponsTaken",
    "DiscountName",
    "Gift",
    "GivenHow",
    "LineOff",
    "NewBatch",
    "OffAmount",
    "OffPercentage",
    "Offer",
    "Use",
    "batch_by_shared_code",
    "batches_by_code",
    "batches_by_id",
    "batches_for_staff",
    "batches_page",
    "claim_coupon",
    "coupons_of_batch",
    "figures_of_batches",
    "give_back",
    "give_coupons",
    "is_guessable",
    "line_offs",
    "lock_coupons_of_orders",
    "lock_free_offers",
    "lock_to_retake",
    "names_of_discounts",
    "offers_by_code",
    "offers_of_member",
    "publish_batches",
    "retake_coupons",
    "save_batches",
    "shown_code",
    "spend_coupons",
    "stop_batches",
    "take_coupons",
    "take_turn",
]
