"""Trials: a version of the settings tried on the orders of past days, beside another."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from loopline.kernel.refusals import Refusal

TRIAL_DAYS_MOST = 92


class TrialAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Try a version on the orders of some days, both included, beside another (None: the settings as they are made)."""

    trial_id: UUID
    version: int
    against: int | None
    from_day: date
    until_day: date


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """A version tried on the orders of past days, beside another. `done_days` of them are done; ended with either."""

    id: UUID
    version: int
    against: int | None
    from_day: date
    until_day: date
    asked_at: datetime
    asked_by: str
    done_days: int
    report: "TrialReport | None"
    failure: str | None
    ended_at: datetime | None

    @property
    def days(self) -> int:
        """How many days it looks at."""
        return (self.until_day - self.from_day).days + 1


class SideOfTrial(msgspec.Struct, frozen=True, kw_only=True):
    """What one version makes of the period.

    `late_orders`: with a parcel that comes after what was promised for the order first, where anything was.
    `regional_minor`, `margin_minor`: what handling costs more by part of the country, and what dealers' margins weigh;
    for both sides as the version that is tried says.
    `unnamed_units`: of the unfilled those that lie at other sites than they must ship from.
    """

    cost_minor: int
    parcels: int
    split_orders: int
    unfilled_units: int
    kilometres: int
    late_orders: int
    parcels_by_site: dict[str, int]
    earned_by_dealer: dict[str, int]
    unnamed_units: int = 0
    regional_minor: int = 0
    margin_minor: int = 0


class TrialReport(msgspec.Struct, frozen=True, kw_only=True):
    """Before and after: the version in force (or the one named) and the draft, both measured alike."""

    currency: str
    orders: int
    before: SideOfTrial
    after: SideOfTrial


class TrialDaysWrong(Refusal, frozen=True, kw_only=True):
    """A trial looks at whole days of the past, at most {most}, from the first to the last."""

    most: int
