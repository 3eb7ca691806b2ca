"""What parcels cost, in whole numbers: exact to compare, rounded once to show.

Costs are compared in `FINE` parts of a minor unit, in which metres at a rate per 100 kilometres and grams at a rate per
kilogram are whole. Only distance itself passes through floating point, and is rounded to metres first.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from loopline.kernel.geography import EARTH_RADIUS_KILOMETRES, Coordinates
from loopline.kernel.money import split_by_weight
from loopline.sourcing.model import ParcelCost, WaveSite

Integers = npt.NDArray[np.int64]

FINE = 100_000  # metres in 100 kilometres
_GRAMS = FINE // 1_000  # fine parts of a minor unit per gram, at one minor unit per kilogram


def metres_between(starts: Sequence[Coordinates | None], ends: Sequence[Coordinates]) -> Integers:
    """Return great-circle distances as (starts × ends), rounded to metres: `kernel.geography` for many at once.

    A start that is None is no way from anywhere.
    """
    here = np.radians(
        np.array([(0.0, 0.0) if at is None else (at.longitude, at.latitude) for at in starts]).reshape(-1, 2)
    )
    there = np.radians(np.array([(at.longitude, at.latitude) for at in ends]).reshape(-1, 2))
    half = (there[None, :, :] - here[:, None, :]) / 2
    chord = (
        np.sin(half[:, :, 1]) ** 2
        + np.cos(here[:, None, 1]) * np.cos(there[None, :, 1]) * np.sin(half[:, :, 0]) ** 2
    )
    kilometres = 2 * EARTH_RADIUS_KILOMETRES * np.arcsin(np.minimum(1.0, np.sqrt(chord)))
    metres = np.rint(kilometres * 1_000).astype(np.int64)
    metres[[at is None for at in starts], :] = 0
    return metres


class Tariff:
    """The cost records of a wave's sites as columns, in the order of the sites."""

    def __init__(self, sites: Sequence[WaveSite]) -> None:
        self.handling: Integers = np.array([site.cost.handling_minor for site in sites], np.int64) * FINE
        self.per_metre: Integers = np.array([site.cost.hundred_kilometres_minor for site in sites], np.int64)
        self.per_gram: Integers = np.array([site.cost.kilogram_minor for site in sites], np.int64) * _GRAMS


def rounded_minor(fine: Integers) -> Integers:
    """Round fine parts to minor units, half up."""
    return (fine + FINE // 2) // FINE


def parcel_costs(terms: Sequence[tuple[int, int, int]]) -> list[ParcelCost]:
    """Round the (handling, distance, weight) of an order's parcels together: their sum is the rounded sum."""
    flat = [term for parcel in terms for term in parcel]
    total = (sum(flat) + FINE // 2) // FINE
    shares = split_by_weight(total, flat) if total else [0] * len(flat)
    return [
        ParcelCost(handling_minor=shares[at], distance_minor=shares[at + 1], weight_minor=shares[at + 2])
        for at in range(0, len(shares), 3)
    ]
