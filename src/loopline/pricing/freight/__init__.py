"""Freight: what it costs to have goods delivered by parcel, by templates that units of the tree set.

Invariants: what a unit set is not changed, its last word holds; the nearest unit above who sells decides where the
brand leaves it open, else the brand; no template, no fee. The fee is never negative, and never falls as weight rises.
Shop, promises and placing all ask the one function `freight_of`.

Locks: nothing but new rows.
"""

from loopline.pricing.freight.model import (
    COMMENT_MOST,
    Freight,
    FreightInForce,
    FreightTemplate,
    KeptFreight,
    NewFreight,
    Parcel,
    RegionRule,
    Weighing,
)
from loopline.pricing.freight.queries import freight_kept, freight_of_units
from loopline.pricing.freight.refusals import (
    FreightNeedsAComment,
    FreightNotOpen,
    FreightNotUsable,
    FreightUnitUnknown,
    NotDeliveredThere,
    RegionNamedTwice,
    RegionUnknown,
    UnitSetsNoFreight,
)
from loopline.pricing.freight.rules import freight_at, freight_of, problem_of
from loopline.pricing.freight.service import set_freight

__all__ = [
    "COMMENT_MOST",
    "Freight",
    "FreightInForce",
    "FreightNeedsAComment",
    "FreightNotOpen",
    "FreightNotUsable",
    "FreightTemplate",
    "FreightUnitUnknown",
    "KeptFreight",
    "NewFreight",
    "NotDeliveredThere",
    "Parcel",
    "RegionNamedTwice",
    "RegionRule",
    "RegionUnknown",
    "UnitSetsNoFreight",
    "Weighing",
    "freight_at",
    "freight_kept",
    "freight_of",
    "freight_of_units",
    "problem_of",
    "set_freight",
]
