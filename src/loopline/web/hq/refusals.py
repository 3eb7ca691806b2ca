"""What the pages of headquarters refuse before anything else sees it."""

from litestar.status_codes import HTTP_403_FORBIDDEN, HTTP_404_NOT_FOUND, HTTP_422_UNPROCESSABLE_ENTITY

from loopline.fulfilment.photos.rules import CategoryNeedsAWord, HoldsEverywhere, PhotoRuleNotUsable
from loopline.kernel.refusals import Refusal
from loopline.pricing.freight import (
    FreightNeedsAComment,
    FreightNotUsable,
    FreightUnitUnknown,
    RegionNamedTwice,
    RegionUnknown,
)
from loopline.processes.learnt_capacity import SayWhyItHolds
from loopline.slots import TermsNeedAComment, TermsUnitUnknown, WayNotUsable
from loopline.web.touch.refusals import TOUCH_STATUSES


class TypedWrong(Refusal, frozen=True, kw_only=True):
    """{setting}: {reason}. Nothing was changed."""

    setting: str
    reason: str
    field: str


class AmountUnclear(Refusal, frozen=True, kw_only=True):
    """Say an amount, such as 500 or 99.90."""


class UnitsUnclear(Refusal, frozen=True, kw_only=True):
    """Say a whole number of units, 0 or more."""


class ReasonMissing(Refusal, frozen=True, kw_only=True):
    """Say why: whoever looks for these goods reads it."""


class PercentUnclear(Refusal, frozen=True, kw_only=True):
    """Say whole per cents, from 0 to 100."""


class HoursUnclear(Refusal, frozen=True, kw_only=True):
    """{field} cannot be read: hours are written as 10:00, numbers as digits, fees as "3 km 5.00" line by line."""

    field: str


class FreightUnclear(Refusal, frozen=True, kw_only=True):
    """{field} cannot be read: say amounts such as 8 or 9.90, weights and pieces as whole numbers."""

    field: str


class BoxUnclear(Refusal, frozen=True, kw_only=True):
    """Say a code of letters, digits, dots and hyphens, and the inner sizes in whole millimetres, 5000 at most."""


class PhotoRuleUnclear(Refusal, frozen=True, kw_only=True):
    """Choose what asks for a photo and how much it is wanted; of dear goods, say from which price on, such as 3000."""


class ProfileIsTheBrands(Refusal, frozen=True, kw_only=True):
    """The profile holds for the whole brand: only who sees all of it may change it."""


HQ_STATUSES: dict[type[Refusal], int] = {
    **TOUCH_STATUSES,
    ProfileIsTheBrands: HTTP_403_FORBIDDEN,
    TermsUnitUnknown: HTTP_404_NOT_FOUND,
    FreightUnitUnknown: HTTP_404_NOT_FOUND,
    **dict.fromkeys(
        (
            TypedWrong,
            AmountUnclear,
            PercentUnclear,
            SayWhyItHolds,
            HoursUnclear,
            FreightNeedsAComment,
            FreightNotUsable,
            FreightUnclear,
            RegionNamedTwice,
            RegionUnknown,
            TermsNeedAComment,
            WayNotUsable,
            BoxUnclear,
            PhotoRuleUnclear,
            CategoryNeedsAWord,
            HoldsEverywhere,
            PhotoRuleNotUsable,
        ),
        HTTP_422_UNPROCESSABLE_ENTITY,
    ),
}
