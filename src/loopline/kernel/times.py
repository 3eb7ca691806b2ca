"""Moments, ranges and business days. Time is UTC; a business day is cut in its site's zone."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec


class TimeRange(msgspec.Struct, frozen=True, kw_only=True):
    """From `start`, included, to `end`, excluded; no end means for good."""

    start: datetime
    end: datetime | None = None

    def __post_init__(self) -> None:
        if self.end is not None and self.end <= self.start:
            raise ValueError("a time range ends after it starts")

    def contains(self, at: datetime) -> bool:
        """Tell whether `at` lies in the range."""
        return self.start <= at and (self.end is None or at < self.end)


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name; raises `zoneinfo.ZoneInfoNotFoundError` for an unknown one."""
    return ZoneInfo(name)


def business_day(at: datetime, zone_name: str) -> date:
    """Return the calendar day of `at` in a zone."""
    return at.astimezone(zone(zone_name)).date()


def day_range(day: date, zone_name: str) -> TimeRange:
    """Return the moments of a calendar day in a zone, in UTC; 23 or 25 hours where clocks change."""
    start = datetime(day.year, day.month, day.day, tzinfo=zone(zone_name))
    following = day + timedelta(days=1)
    end = datetime(following.year, following.month, following.day, tzinfo=zone(zone_name))
    return TimeRange(start=start.astimezone(UTC), end=end.astimezone(UTC))
