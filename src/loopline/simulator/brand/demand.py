"""When customers come: by the hour of the day, by the size of stores; from a seed, the same every time."""

import math
from collections.abc import Generator, Sequence
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import msgspec

from loopline.simulator.brand.places import TIME_ZONE

_ZONE = ZoneInfo(TIME_ZONE)
# How busy each hour of the day is, against the average hour of the day; stores are open from ten to ten.
STORE_HOURS = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1.0, 1.4, 1.8, 1.6, 1.5, 1.6, 1.8, 2.0, 2.6, 3.0, 2.6, 1.7, 0, 0)
ONLINE_HOURS = (
    *(0.8, 0.4, 0.2, 0.1, 0.1, 0.1, 0.2, 0.4, 0.7, 0.9, 1.1, 1.2),
    *(1.4, 1.2, 1.0, 1.0, 1.1, 1.1, 1.2, 1.4, 2.0, 2.4, 2.2, 1.5),
)
_MINUTE = timedelta(minutes=1)


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How many sales an average hour brings at all tills and online, and how quiet the quietest hour may be.

    With `floor` above zero a world has customers at any hour: whoever looks at it may sit in any time zone. Who pays an
    order does so within `pays_within_minutes`.
    """

    till_per_hour: float = 600.0
    online_per_hour: float = 450.0
    floor: float = 0.0
    pays_within_minutes: float = 6.0


def busy_at(hours: Sequence[float], at: datetime, *, floor: float) -> float:
    """Return how busy a moment is, against an average hour."""
    return max(float(hours[at.astimezone(_ZONE).hour]), floor)


def arrivals(
    chance: Random, start: datetime, *, per_hour: float, hours: Sequence[float], floor: float
) -> Generator[datetime]:
    """Yield the moments at which customers come, without end: a Poisson stream whose rate follows the hours.

    Drawn by thinning (Lewis and Shedler, 1979): candidates at the highest rate, kept in proportion to the rate then.
    """
    highest = max(*hours, floor)
    at = start
    while True:
        at += timedelta(seconds=-math.log(1.0 - chance.random()) * 3600.0 / (per_hour * highest))
        if chance.random() * highest < busy_at(hours, at, floor=floor):
            yield at


def minutes(chance: Random, low: float, high: float) -> timedelta:
    """Return a while between two numbers of minutes."""
    return _MINUTE * chance.uniform(low, high)
