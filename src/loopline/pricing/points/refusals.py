"""Why a version of the programme does not stand, and why points cannot be used or changed."""

from loopline.kernel.refusals import Refusal


class ProgrammeNotUsable(Refusal, frozen=True, kw_only=True):
    """The programme of points cannot say this in {field}."""

    field: str


class ProgrammeChangedMeanwhile(Refusal, frozen=True, kw_only=True):
    """The programme of points was changed since you looked at it. Look again before it is published."""


class NoProgrammeDrafted(Refusal, frozen=True, kw_only=True):
    """Nothing of the programme of points waits to be published."""


class ProgrammeOtherCurrency(Refusal, frozen=True, kw_only=True):
    """Points are in {currency}, and stay so: members have some."""

    currency: str


class PointsNotOffered(Refusal, frozen=True, kw_only=True):
    """Points cannot be used here just now."""


class PointsNotEnough(Refusal, frozen=True, kw_only=True):
    """{points} points are wanted, and {available} can be used."""

    points: int
    available: int


class PointsBusy(Refusal, frozen=True, kw_only=True):
    """The points are just changing: try again in a moment."""


class PointsPayTooMuch(Refusal, frozen=True, kw_only=True):
    """Of this order points pay {most_minor} at most (minor units of {currency})."""

    most_minor: int
    currency: str


class PointsPayTooLittle(Refusal, frozen=True, kw_only=True):
    """Points are used from {least_minor} on (minor units of {currency})."""

    least_minor: int
    currency: str


class PointsNotAdjusted(Refusal, frozen=True, kw_only=True):
    """Points cannot be corrected like that: look at {field}."""

    field: str


class AdjustedOtherwise(Refusal, frozen=True, kw_only=True):
    """Points were corrected under this id before, with another {field}. Give a new correction an id of its own."""

    field: str
