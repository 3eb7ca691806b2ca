"""Why a template cannot be set, and why a parcel does not go somewhere."""

from loopline.kernel.refusals import Refusal


class NotDeliveredThere(Refusal, frozen=True, kw_only=True):
    """Nothing is delivered to region {region_code}: choose another address, or collect it in a store."""

    region_code: str
    field: str = "region_code"


class FreightUnitUnknown(Refusal, frozen=True, kw_only=True):
    """There is no unit {unit_code} for delivery fees, or it is not for you."""

    unit_code: str


class UnitSetsNoFreight(Refusal, frozen=True, kw_only=True):
    """{unit_code} is a {kind}: the brand sets delivery fees and, where it leaves them open, regions and dealers."""

    unit_code: str
    kind: str


class FreightNotOpen(Refusal, frozen=True, kw_only=True):
    """The brand does not leave delivery fees open to {unit_code}."""

    unit_code: str


class FreightNotUsable(Refusal, frozen=True, kw_only=True):
    """These delivery fees are not usable: {field} must be between {least} and {most}."""

    field: str
    least: int
    most: int


class RegionUnknown(Refusal, frozen=True, kw_only=True):
    """{region_code} is no region that fees are set for: name a province (two digits) or a city (six, ending in 00)."""

    region_code: str
    field: str = "region_codes"


class RegionNamedTwice(Refusal, frozen=True, kw_only=True):
    """Region {region_code} is in two groups: which of their fees it has would not be known."""

    region_code: str
    field: str = "region_codes"


class FreightNeedsAComment(Refusal, frozen=True, kw_only=True):
    """Delivery fees are set with a comment, of at most {most} characters: why they are so."""

    most: int
    field: str = "comment"
