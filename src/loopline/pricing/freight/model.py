"""What freight speaks of: templates that units set, and what a delivery comes to by one."""

from datetime import datetime

import msgspec

from loopline.kernel.ids import OrgUnitId

COMMENT_MOST = 500


class Weighing(msgspec.Struct, frozen=True, kw_only=True):
    """How weight counts: the fee covers `first_grams`, and each further begun `step_grams` costs so much more.

    A unit of a SKU that nobody weighed counts `grams_default`.
    """

    first_grams: int
    step_grams: int
    step_minor: int
    grams_default: int


class RegionRule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What holds in some regions (GB/T 2260: a province by its first two digits, a city by six) in place of the rest.

    `step_minor`: what a further begun step of weight costs there; None: as elsewhere. `is_ever_free`: whether what
    makes a delivery free elsewhere does so there too.
    """

    region_codes: tuple[str, ...]
    is_delivered: bool = True
    fee_minor: int = 0
    step_minor: int | None = None
    is_ever_free: bool = True


class FreightTemplate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What delivery by parcel costs, tax included, in minor units of a currency; orders in others are not charged.

    `free_from_minor`: from so much for the goods on, after promotions and coupons and before points; `free_from_units`:
    from so many pieces on; either makes it free. Gifts neither weigh nor count. A city's rule goes before that of its
    province.
    """

    currency: str
    fee_minor: int
    free_from_minor: int | None = None
    free_from_units: int | None = None
    weighing: Weighing | None = None
    regions: tuple[RegionRule, ...] = ()


class NewFreight(msgspec.Struct, frozen=True, kw_only=True):
    """A unit wants a template; None: what holds above it is to hold again.

    `is_open`, of a brand alone: whether regions and dealers may set their own.
    """

    unit_code: str
    template: FreightTemplate | None
    comment: str
    is_open: bool = False


class KeptFreight(msgspec.Struct, frozen=True, kw_only=True):
    """The last word of a unit; `number` tells it from those before."""

    number: int
    unit_id: OrgUnitId
    template: FreightTemplate | None
    is_open: bool
    comment: str
    set_at: datetime
    set_by: str


class FreightInForce(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for a unit, and which one decided it."""

    template: FreightTemplate
    decided_by: OrgUnitId


class Parcel(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Goods on their way: to which region (empty: nobody knows), for how much, and by line units with the grams of one.

    Grams are None where nobody weighed it.
    """

    region_code: str
    goods_minor: int
    lines: tuple[tuple[int, int | None], ...]


class Freight(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a delivery costs. `full_minor`: what it would without anything that makes it free.

    `missing_minor`: for so much more of goods it is free; None: it is free, or no amount makes it so.
    """

    fee_minor: int
    full_minor: int
    missing_minor: int | None = None
