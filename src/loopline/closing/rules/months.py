"""Months of a zone, and which of them may be closed."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Protocol

from loopline.closing.model import MonthBeforeIsOpen, MonthBeforeTheBooks, MonthNotOver
from loopline.kernel.refusals import Refusal
from loopline.kernel.times import TimeRange, zone

_MONTHS = 12


def month_of(at: datetime, zone_name: str) -> date:
    """Return the month of a zone that a moment lies in."""
    return at.astimezone(zone(zone_name)).date().replace(day=1)


def month_after(month: date, months: int = 1) -> date:
    """Return the month so many months later."""
    years, index = divmod(month.month - 1 + months, _MONTHS)
    return date(month.year + years, index + 1, 1)


def months_from(first: date, last: date) -> Iterator[date]:
    """Return every month from one to another, both included, in order."""
    month = first
    while month <= last:
        yield month
        month = month_after(month)


def moments_of(month: date, zone_name: str) -> TimeRange:
    """Return the moments of a month in a zone, in UTC."""
    following = month_after(month)
    return TimeRange(
        start=datetime(month.year, month.month, 1, tzinfo=zone(zone_name)).astimezone(UTC),
        end=datetime(following.year, following.month, 1, tzinfo=zone(zone_name)).astimezone(UTC),
    )


def is_month(month: date) -> bool:
    """Tell whether a month lies in the years 2000 to 2099: of others not every zone can write down the moments."""
    return 2000 <= month.year < 2100


def spelt(month: date) -> str:
    """Spell a month as 2026-11."""
    return f"{month.year:04}-{month.month:02}"


def read_month(text: str) -> date | None:
    """Read a month as it is spelt; None for anything else."""
    year, dash, month = text.partition("-")
    if not (dash and year.isascii() and year.isdigit() and month.isascii() and month.isdigit()):
        return None
    if (len(year), len(month)) != (4, 2) or not (int(year) and 1 <= int(month) <= _MONTHS):
        return None
    return date(int(year), int(month), 1)


class ClosedStretch(Protocol):
    """A closed month: its moments, the end not included, and the cut it was closed at."""

    @property
    def month(self) -> date: ...
    @property
    def start_at(self) -> datetime: ...
    @property
    def end_at(self) -> datetime: ...
    @property
    def cut(self) -> int: ...


def month_of_entry(
    at: datetime, *, cut: int, is_estimate: bool, closed: Sequence[ClosedStretch], zone_name: str
) -> date:
    """Return the month an entry belongs to, of books whose closed months are given, the first month first.

    It is the one the entry is dated in. Where that was closed before the entry was committed (`cut`), it is the first
    later one whose cut came after; estimates always belong to the month they are dated in.
    """
    for one in closed:
        if at < one.end_at and (cut < one.cut or (is_estimate and one.start_at <= at)):
            return one.month
    if closed and at < closed[-1].end_at:
        return month_after(closed[-1].month)
    return month_of(at, zone_name)


def refuse_month(
    month: date, *, first: date, open_month: date, end: datetime, now: datetime
) -> Refusal | None:
    """Refuse a month that is not the next to be closed, or is not over.

    `first` is the first month of the books, `open_month` the first that is open, `end` the end of `month`.
    """
    if month < first:
        return MonthBeforeTheBooks(month=spelt(month), first_month=spelt(first))
    if now < end:
        return MonthNotOver(month=spelt(month), end_at=end)
    if month > open_month:
        return MonthBeforeIsOpen(month=spelt(month), open_month=spelt(open_month))
    return None
