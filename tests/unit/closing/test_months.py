"""Months are cut in a zone, and closed in their order, after they have ended."""

from datetime import UTC, date, datetime, timedelta

import pytest

from loopline.closing.model import MonthBeforeIsOpen, MonthBeforeTheBooks, MonthNotOver
from loopline.closing.rules.months import (
    moments_of,
    month_after,
    month_of,
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
