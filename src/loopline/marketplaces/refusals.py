"""What marketplaces refuse."""

from loopline.kernel.ids import SkuId
from loopline.kernel.refusals import Refusal


class MarketplaceUnknown(Refusal, frozen=True, kw_only=True):
    """{channel} is no marketplace with terms."""

    channel: str
    field: str = "channel"


class TermsChangedMeanwhile(Refusal, frozen=True, kw_only=True):
    """The terms of {channel} are at version {version} by now: look at them again."""

    channel: str
    version: int


class PenaltyMostBelowLeast(Refusal, frozen=True, kw_only=True):
    """A late order of {channel} cannot cost {most_minor} at most and {least_minor} at least."""

    channel: str
    least_minor: int
    most_minor: int
    field: str = "late_most_minor"


class NothingLent(Refusal, frozen=True, kw_only=True):
    """{channel} is lent {units} units of it: no more can be written off."""

    channel: str
    sku_id: SkuId
    units: int


class StillAskedBack(Refusal, frozen=True, kw_only=True):
    """{channel} was asked to give units up and has not answered: wait for that."""

    channel: str
    sku_id: SkuId


class WriteOffSentBefore(Refusal, frozen=True, kw_only=True):
    """This form took something else off a loan already: open it anew."""


class WriteOffNeedsNote(Refusal, frozen=True, kw_only=True):
    """Say why these units are written off."""

    field: str = "note"
