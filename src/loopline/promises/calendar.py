"""Opening hours as time that passes: adding minutes that a place is open, and taking them off.

Hours are stretches of a weekday's wall clock. A place without hours on file keeps `USUAL_HOURS`. Work that waits for a
closed place waits until it opens; nothing is ever found before it may be.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from loopline.kernel.times import zone
from loopline.promises.model import Opening, OpenTime, Stretch

USUAL_HOURS: tuple[OpenTime, ...] = tuple(
    Stretch(weekday=weekday, opens_minute=9 * 60, closes_minute=18 * 60) for weekday in range(1, 8)
)
_DAYS_MOST = 800
_MINUTE = timedelta(minutes=1)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def open_stretches(opening: Opening, day: date) -> list[tuple[datetime, datetime]]:
    """Return the moments between which a place is open that opens on a day, in UTC and in order, merged."""
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - wall clock, its zone is put on below
    spelt = sorted(
        (
            _moment(midnight + one.opens_minute * _MINUTE, opening.time_zone),
            _moment(midnight + one.closes_minute * _MINUTE, opening.time_zone),
        )
        for one in opening.hours or USUAL_HOURS
        if one.weekday == day.isoweekday()
    )
    return _merged(spelt)


def _open_within(opening: Opening, day: date) -> list[tuple[datetime, datetime]]:
    """Return when a place is open within a calendar day, what was opened the day before included; in order, apart."""
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - as above
    begins = _moment(midnight, opening.time_zone)
    ends = _moment(midnight + timedelta(days=1), opening.time_zone)
    both = open_stretches(opening, day - timedelta(days=1)) + open_stretches(opening, day)
    return _merged([(max(opens, begins), min(closes, ends)) for opens, closes in both])


def _merged(stretches: Sequence[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Merge stretches in order of their beginnings that touch or overlap; empty ones are left out."""
    merged: list[tuple[datetime, datetime]] = []
    for opens, closes in stretches:
        if opens >= closes:
            continue
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], closes))
        else:
            merged.append((opens, closes))
    return merged


def _moment(wall: datetime, time_zone: str) -> datetime:
    return wall.replace(tzinfo=zone(time_zone)).astimezone(UTC)


def after_open_minutes(opening: Opening, start: datetime, minutes: int) -> datetime:
    """Return when so many minutes have passed while a place was open, from `start` on; NEVER for one that never opens.

    With 0 minutes: the first moment from `start` on at which it is open.
    """
    left = timedelta(minutes=minutes)
    day = start.astimezone(zone(opening.time_zone)).date()
    reached = start
    for _ in range(_DAYS_MOST):
        for opens, closes in _open_within(opening, day):
            begins = max(opens, reached)
            if begins >= closes:
                continue
            # At the very end of a stretch the work is done; nothing begins there.
            if begins + left < closes or (minutes and begins + left == closes):
                return begins + left
            left -= closes - begins
            reached = closes
        day += timedelta(days=1)
    return NEVER


def before_open_minutes(opening: Opening, end: datetime, minutes: int) -> datetime:
    """Return the latest moment from which so many open minutes have passed by `end`: `after_open_minutes` undone."""
    left = timedelta(minutes=minutes)
    day = end.astimezone(zone(opening.time_zone)).date()
    reached = end
    for _ in range(_DAYS_MOST):
        for opens, closes in reversed(_open_within(opening, day)):
            ends = min(closes, reached)
            if ends <= opens:
                continue
            if ends - left >= opens:
                return ends - left
            left -= ends - opens
            reached = opens
        day -= timedelta(days=1)
    return reached


def open_minutes_between(opening: Opening, start: datetime, end: datetime) -> int:
    """Return how many whole minutes a place was open between two moments."""
    passed = timedelta(0)
    day = start.astimezone(zone(opening.time_zone)).date()
    last = end.astimezone(zone(opening.time_zone)).date()
    reached = start
    while day <= last:
        for opens, closes in _open_within(opening, day):
            begins, ends = max(opens, reached), min(closes, end)
            if begins < ends:
                passed += ends - begins
                reached = ends
        day += timedelta(days=1)
    return int(passed / _MINUTE)


def end_of_day(at: datetime, time_zone: str) -> datetime:
    """Return the end of the calendar day that a moment lies in; a midnight is the end of the day before."""
    local = (at - timedelta(microseconds=1)).astimezone(zone(time_zone)).date() + timedelta(days=1)
    return datetime(local.year, local.month, local.day, tzinfo=zone(time_zone)).astimezone(UTC)
