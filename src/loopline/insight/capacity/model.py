"""Days of sites, and what they tell of how much a site can do."""

from datetime import date, datetime
from enum import StrEnum

import msgspec

from loopline.kernel.ids import SiteId


class WorkedDay(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A site's day that is over: the tasks it finished, and those it had taken in time and did not get to.

    Finished is handed over, or packed where the customer collects. In time: accepted that day or the day before, and
    before four in the afternoon of this one; what lies longer is stuck and says nothing of a day.
    """

    day: date
    done: int
    left_over: int

    @property
    def work(self) -> int:
        """How much there was to do."""
        return self.done + self.left_over


class Verdict(StrEnum):
    """Why what was learnt of a site is believed, or not."""

    TOO_FEW_FULL_DAYS = "too_few_full_days"
    NEVER_AT_ITS_END = "never_at_its_end"
    NOT_LESS = "not_less"
    NOT_MEASURED = "not_measured"
    NOT_BETTER = "not_better"
    BETTER = "better"


class Learnt(msgspec.Struct, frozen=True, kw_only=True):
    """What a site's days tell.

    `per_day`: how much it does on two full days of three; None where they do not tell. Errors, on `held_back_days`, are
    the mean of how far off a day's finished tasks were foretold: by what the site says, and by what its other days
    told. `better_by_error` is the standard error of their difference.
    """

    per_day: int | None
    days: int
    full_days: int
    held_back_days: int
    stated_error: float | None
    learnt_error: float | None
    better_by_error: float | None
    verdict: Verdict


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """What was learnt once, of days from one to another, both included; the last of them, held back, measure it."""

    version: int
    learnt_at: datetime
    first_day: date
    last_day: date
    held_back_from: date


class SiteCapacity(msgspec.Struct, frozen=True, kw_only=True):
    """What a site says it does in a day, what its days tell (by the last version that knows it), and what holds.

    `lowered_to`: the limit that holds instead; None where none does. `fixed_by`: who answers for what it says.
    """

    site_id: SiteId
    stated_per_day: int
    lowered_to: int | None
    fixed_at: datetime | None
    fixed_by: str | None
    fixed_because: str | None
    version: int | None
    first_day: date | None
    last_day: date | None
    learnt_per_day: int | None
    days: int | None
    full_days: int | None
    held_back_days: int | None
    stated_error: float | None
    learnt_error: float | None
    verdict: Verdict | None

    @property
    def holds(self) -> int:
        """How many tasks the site is given on an ordinary day."""
        return self.stated_per_day if self.lowered_to is None else min(self.stated_per_day, self.lowered_to)
