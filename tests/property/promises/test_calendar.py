"""Time that passes while a place is open: never too early, undone exactly, whatever the hours and the zone."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from loopline.promises import Opening
from loopline.promises.calendar import (
    NEVER,
    after_open_minutes,
    before_open_minutes,
    open_minutes_between,
    open_stretches,
)
from loopline.promises.model import Stretch

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@st.composite
def openings(draw: st.DrawFn) -> Opening:
    stretches = draw(
        st.lists(
            st.tuples(st.integers(1, 7), st.integers(0, 1_439), st.integers(30, 1_440)),
            min_size=1,
            max_size=8,
        )
    )
    hours = [
        Stretch(weekday=weekday, opens_minute=opens, closes_minute=opens + length)
        for weekday, opens, length in stretches
    ]
    # Where clocks change within what is looked at, and where they do not.
    zone = draw(st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "UTC"]))
    return Opening(hours=hours, time_zone=zone)


moments = st.integers(0, 60 * 24 * 60).map(lambda minute: BEGIN + minute * MINUTE)


def is_open(opening: Opening, at: datetime) -> bool:
    """Whether a place is open at a moment, or closes at it: looked for day by day, without arithmetic."""
    days = [(at + timedelta(days=back)).date() for back in (-2, -1, 0, 1)]
    return any(begin <= at <= end for day in days for begin, end in open_stretches(opening, day))


@given(opening=openings(), start=moments, minutes=st.integers(1, 3_000))
def test_work_is_done_when_the_place_was_open_as_long_as_it_takes(
    opening: Opening, start: datetime, minutes: int
):
    done = after_open_minutes(opening, start, minutes)
    assert done < NEVER
    assert done - start >= minutes * MINUTE
    assert is_open(opening, done)
    assert open_minutes_between(opening, start, done) == minutes


@given(opening=openings(), start=moments)
def test_no_work_begins_at_the_first_moment_that_it_is_open(opening: Opening, start: datetime):
    first = after_open_minutes(opening, start, 0)
    assert first >= start
    assert is_open(opening, first)
    assert open_minutes_between(opening, start, first) == 0


@given(opening=openings(), end=moments, minutes=st.integers(0, 3_000))
def test_counting_back_leaves_just_the_time_that_is_needed(opening: Opening, end: datetime, minutes: int):
    begin = before_open_minutes(opening, end, minutes)
    assert begin <= end
    assert open_minutes_between(opening, begin, end) == minutes
    # A minute later would be too late, where anything is to be done at all.
    if minutes:
        assert open_minutes_between(opening, begin + MINUTE, end) == minutes - 1


def test_a_place_that_never_opens_is_never_done():
    shut = Opening(hours=[], time_zone="Asia/Shanghai")
    # Without hours on file a place keeps the usual ones, nine to six.
    noon = datetime(2026, 3, 2, 4, tzinfo=UTC)
    assert after_open_minutes(shut, noon, 60) == noon + timedelta(hours=1)
    assert after_open_minutes(shut, noon, 7 * 60) == datetime(2026, 3, 3, 2, tzinfo=UTC)
