"""What the pages of headquarters refuse before anything else sees it."""

from loopline.kernel.refusals import Refusal


class TypedWrong(Refusal, frozen=True, kw_only=True):
    """{setting}: {reason}. Nothing was changed."""

    setting: str
    reason: str
    field: str


class AmountUnclear(Refusal, frozen=True, kw_only=True):
    """Say an amount, such as 500 or 99.90."""


class ProfileIsTheBrands(Refusal, frozen=True, kw_only=True):
    """The profile holds for the whole brand: only who sees all of it may change it."""
