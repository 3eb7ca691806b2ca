"""Months are cut in a zone, and closed in their order, after they have ended."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from loopline.closing.model import MonthBeforeIsOpen, MonthBeforeTheBooks, MonthNotOver
from loopline.closing.rules.months import (
    moments_of,
    month_after,
    month_of,
    month_of_entry,
    months_from,
    read_month,
    refuse_month,
    spelt,
)

SHANGHAI, BERLIN, LORD_HOWE = "Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe"
MARCH = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("month", "zone", "start", "end"),
    [
        (MARCH, SHANGHAI, datetime(2026, 2, 28, 16, tzinfo=UTC), datetime(2026, 3, 31, 16, tzinfo=UTC)),
        # Clocks go forward on the 29th: the month is an hour short.
        (MARCH, BERLIN, datetime(2026, 2, 28, 23, tzinfo=UTC), datetime(2026, 3, 31, 22, tzinfo=UTC)),
        (
            date(2026, 4, 1),
            LORD_HOWE,
            datetime(2026, 3, 31, 13, tzinfo=UTC),
            datetime(2026, 4, 30, 13, 30, tzinfo=UTC),
        ),
        (date(2026, 12, 1), "UTC", datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_month_lasts_from_midnight_to_midnight(
    month: date, zone: str, start: datetime, end: datetime
) -> None:
    during = moments_of(month, zone)
    assert (during.start, during.end) == (start, end)
    assert month_of(start, zone) == month
    assert month_of(start - timedelta(microseconds=1), zone) == month_after(month, -1)
    assert month_of(end - timedelta(microseconds=1), zone) == month
    assert month_of(end, zone) == month_after(month)


def test_months_follow_one_another() -> None:
    assert list(months_from(date(2025, 11, 1), date(2026, 2, 1))) == [
        date(2025, 11, 1),
        date(2025, 12, 1),
        date(2026, 1, 1),
        date(2026, 2, 1),
    ]
    assert list(months_from(MARCH, date(2026, 2, 1))) == []


def test_a_month_is_read_as_it_is_spelt() -> None:
    assert spelt(MARCH) == "2026-03"
    assert read_month("2026-03") == MARCH
    for text in ("", "2026", "2026-3", "26-03", "2026-00", "2026-13", "0000-01", "2026-03-01", "２０２６-03"):
        assert read_month(text) is None


def test_only_the_first_open_month_is_closed_and_only_when_it_is_over() -> None:
    end = datetime(2026, 3, 31, 16, tzinfo=UTC)

    def refused(month: date, *, open_month: date, now: datetime) -> object:
        return refuse_month(month, first=date(2026, 2, 1), open_month=open_month, end=end, now=now)

    assert refused(MARCH, open_month=MARCH, now=end) is None
    before = end - timedelta(microseconds=1)
    assert refused(MARCH, open_month=MARCH, now=before) == MonthNotOver(month="2026-03", end_at=end)
    assert refused(MARCH, open_month=date(2026, 2, 1), now=end) == MonthBeforeIsOpen(
        month="2026-03", open_month="2026-02"
    )
    assert refused(date(2026, 1, 1), open_month=MARCH, now=end) == MonthBeforeTheBooks(
        month="2026-01", first_month="2026-02"
    )


class Stretch(msgspec.Struct, frozen=True):
    """A closed month."""

    month: date
    start_at: datetime
    end_at: datetime
    cut: int


def stretch(month: date, cut: int) -> Stretch:
    during = moments_of(month, SHANGHAI)
    assert during.end is not None
    return Stretch(month, during.start, during.end, cut)


@pytest.mark.parametrize(
    ("at", "cut", "is_estimate", "month"),
    [
        (datetime(2026, 3, 31, 15, 59, tzinfo=UTC), 3, False, MARCH),
        (
            datetime(2026, 3, 31, 15, 59, tzinfo=UTC),
            4,
            False,
            date(2026, 4, 1),
        ),  # committed after the cut of March
        (datetime(2026, 3, 31, 15, 59, tzinfo=UTC), 4, True, MARCH),  # the close itself posts there
        (datetime(2026, 3, 31, 16, tzinfo=UTC), 3, False, date(2026, 4, 1)),
        (
            datetime(2026, 3, 9, tzinfo=UTC),
            6,
            False,
            date(2026, 5, 1),
        ),  # after every cut: the first open month
        (datetime(2026, 2, 9, tzinfo=UTC), 0, False, MARCH),  # before the books: their first month
        (datetime(2026, 6, 9, tzinfo=UTC), 6, False, date(2026, 6, 1)),
    ],
)
def test_an_entry_belongs_to_its_own_month_or_to_the_first_that_was_open(
    at: datetime, cut: int, is_estimate: bool, month: date
) -> None:
    closed = [stretch(MARCH, 4), stretch(date(2026, 4, 1), 6)]
    assert month_of_entry(at, cut=cut, is_estimate=is_estimate, closed=closed, zone_name=SHANGHAI) == month


def test_without_a_close_an_entry_belongs_to_the_month_of_its_zone() -> None:
    at = datetime(2026, 3, 31, 16, tzinfo=UTC)
    for zone, month in ((SHANGHAI, date(2026, 4, 1)), (BERLIN, MARCH)):
        assert month_of_entry(at, cut=0, is_estimate=False, closed=[], zone_name=zone) == month
