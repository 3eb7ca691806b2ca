"""What the pages of headquarters refuse before anything else sees it."""

from litestar.status_codes import HTTP_403_FORBIDDEN, HTTP_422_UNPROCESSABLE_ENTITY

from loopline.kernel.refusals import Refusal
from loopline.web.touch.refusals import TOUCH_STATUSES


class TypedWrong(Refusal, frozen=True, kw_only=True):
    """{setting}: {reason}. Nothing was changed."""

    setting: str
    reason: str
    field: str


class AmountUnclear(Refusal, frozen=True, kw_only=True):
    """Say an amount, such as 500 or 99.90."""


class SayWhyItHolds(Refusal, frozen=True, kw_only=True):
    """Say in a few words why what the site says is right."""


class ProfileIsTheBrands(Refusal, frozen=True, kw_only=True):
    """The profile holds for the whole brand: only who sees all of it may change it."""


HQ_STATUSES: dict[type[Refusal], int] = {
    **TOUCH_STATUSES,
    ProfileIsTheBrands: HTTP_403_FORBIDDEN,
    **dict.fromkeys((TypedWrong, AmountUnclear, SayWhyItHolds), HTTP_422_UNPROCESSABLE_ENTITY),
}
