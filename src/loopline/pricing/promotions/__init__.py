"""Promotions: what is taken off a list price, for whom and when, and who bears it.

Invariants: what is published is not changed, only ended earlier or followed by a later version from its beginning on,
and nothing takes effect in the past, so the same cart at the same moment is always let off the same; no line comes to
less than nothing; what each bears of a discount adds up to it; nobody is named to bear anything who did not agree.

Locks: changes take the lock of prices; quotes lock nothing.
"""

from loopline.pricing.discounts import Bearer, BearsOfLine, Discount
from loopline.pricing.promotions.model import (
    ONLY_THE_SELLER,
    AmountOff,
    Borne,
    Bundle,
    Conditions,
    Effect,
    FixedPrice,
    Funder,
    FundingAgreement,
    Gift,
    NewPromotion,
    PercentageOff,
    Promotion,
    PromotionEnd,
    PromotionState,
    Step,
    Threshold,
)
from loopline.pricing.promotions.queries import (
    LAST_VERSION,
    agreements,
    borne_of_parts,
    last_versions,
    promotion_by_id,
    promotions_by_id,
    promotions_page,
    published_promotions,
    unpublished_promotions,
)
from loopline.pricing.promotions.service import (
    agree_to_fund,
    end_promotions,
    note_borne,
    note_tried,
    publish_promotions,
    save_promotions,
    take_turn,
)

__all__ = [
    "LAST_VERSION",
    "ONLY_THE_SELLER",
    "AmountOff",
    "Bearer",
    "BearsOfLine",
    "Borne",
    "Bundle",
    "Conditions",
    "Discount",
    "Effect",
    "FixedPrice",
    "Funder",
    "FundingAgreement",
    "Gift",
    "NewPromotion",
    "PercentageOff",
    "Promotion",
    "PromotionEnd",
    "PromotionState",
    "Step",
    "Threshold",
    "agree_to_fund",
    "agreements",
    "borne_of_parts",
    "end_promotions",
    "last_versions",
    "note_borne",
    "note_tried",
    "promotion_by_id",
    "promotions_by_id",
    "promotions_page",
    "publish_promotions",
    "published_promotions",
    "save_promotions",
    "take_turn",
    "unpublished_promotions",
]
