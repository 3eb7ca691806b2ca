"""What can be promised of a cart, from columns of sites. Arithmetic on arrays, in whole units, minor units and minutes.

Moments are minutes since 1970, rounded up: a promise is never earlier than what it stands on. `have` is
(sites x lines): what each site can give of each line.

A quick answer weighs a site by what its parcel costs and by what the goods and the room it takes are worth to others:
the prices of stock and capacity (duals) of the last solved wave. So a choice made order by order comes close to what
the wave decides of all together (Acimovic and Graves, "Making better fulfillment decisions on the fly in an online
retail environment", Manufacturing & Service Operations Management 17(1), 2015).
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import numpy.typing as npt

from loopline.promises.calendar import after_open_minutes, open_stretches
from loopline.promises.model import Opening, Terms

Integers = npt.NDArray[np.int64]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
NEVER_MINUTE = 1 << 40
_DAYS_LOOKED_AT_MOST = 60


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """The sites that send, by their rows in what was asked, rising; and what weighed: minor units, opportunity too."""

    rows: tuple[int, ...]
    weight_minor: int


def minute_of(at: datetime) -> int:
    """Return a moment as minutes since 1970, rounded up."""
    return -((_EPOCH - at) // _MINUTE)


def moment_of(minute: int) -> datetime:
    """Return the moment of a minute since 1970."""
    return _EPOCH + minute * _MINUTE


def band_of(metres: int, limits: Sequence[int]) -> int:
    """Return the band of a distance: the first whose limit (in metres, rising) it is within; else the last."""
    return min(bisect_left(limits, metres), len(limits) - 1)


def choose_parcels(
    have: Integers, wanted: Integers, parcel_minor: Integers, unit_minor: Integers
) -> Choice | None:
    """Choose the fewest sites that together have what is wanted, then those that weigh least; None where none have.

    `parcel_minor` is what a parcel of each site weighs, `unit_minor` (sites x lines) a unit of each line there. With
    one parcel the choice is exact; with more, the site that gives most of what is missing is taken until nothing is.
    """
    whole = np.flatnonzero((have >= wanted).all(axis=1))
    if len(whole):
        weights = parcel_minor[whole] + unit_minor[whole] @ wanted
        best = int(np.argmin(weights))
        return Choice(rows=(int(whole[best]),), weight_minor=int(weights[best]))
    if (have.sum(axis=0) < wanted).any():
        return None
    left, missing = have.copy(), wanted.copy()
    rows: list[int] = []
    weight = 0
    while missing.any():
        gives = np.minimum(left, missing)
        units = gives.sum(axis=1)
        most = np.flatnonzero(units == units.max())
        weights = parcel_minor[most] + (unit_minor[most] * gives[most]).sum(axis=1)
        row = int(most[np.argmin(weights)])
        weight += int(weights.min())
        missing = missing - gives[row]
        left[row] = 0
        rows.append(row)
    return Choice(rows=tuple(sorted(rows)), weight_minor=weight)


def soonest(minutes: Integers) -> list[int]:
    """Return the rows by their minutes, the earliest first."""
    return np.argsort(minutes, kind="stable").tolist()


def best_sites(metres: Integers) -> list[int]:
    """Return the rows by their ways, the shortest first."""
    return np.argsort(metres, kind="stable").tolist()


def free_hours(
    opening: Opening,
    earliest: datetime,
    *,
    taken: Mapping[datetime, int],
    terms: Terms,
) -> list[datetime]:
    """Return the hours of a place that can still be chosen, by when they begin: while it is open.

    They follow each other from each opening on and lie within it whole; of each the terms say how long it is and how
    many appointments fill it, and how many days ahead are looked at.
    """
    first = after_open_minutes(opening, earliest, 0)
    length = terms.appointment_minutes * _MINUTE
    days = min(terms.horizon_days, _DAYS_LOOKED_AT_MOST)
    found: list[datetime] = []
    day = first.date() - timedelta(days=1)
    for _ in range(days + 2):
        for opens, closes in open_stretches(opening, day):
            begins = opens
            while begins + length <= closes:
                if begins >= earliest and taken.get(begins, 0) < terms.appointments_at_once:
                    found.append(begins)
                begins += length
        day += timedelta(days=1)
        if day > first.date() + timedelta(days=days):
            break
    return sorted(set(found))
