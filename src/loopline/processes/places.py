"""Places: in which region goods go, and which site lies nearest to there."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Generic, TypeVar

import numpy as np

from loopline.kernel.cities import CITIES
from loopline.kernel.geography import EARTH_RADIUS_KILOMETRES, Coordinates

REGION_KILOMETRES_MOST = 120.0
"""A place further from every city we know lies in a region that we do not know."""
Thing = TypeVar("Thing")


class NearestOf(Generic[Thing]):
    """Things by where they lie; of two equally near, the first."""

    def __init__(self, things: Sequence[tuple[Thing, Coordinates]]) -> None:
        self._things = [thing for thing, _ in things]
        self._vectors = np.array([_vector(place) for _, place in things]).reshape(-1, 3)

    def to(self, place: Coordinates) -> tuple[Thing, float] | None:
        """Return the thing nearest to a place, and how far it is in kilometres; None where there is nothing."""
        if not self._things:
            return None
        cosines = self._vectors @ np.array(_vector(place))
        nearest = int(cosines.argmax())
        angle = float(np.arccos(min(float(cosines[nearest]), 1.0)))
        return (self._things[nearest], angle * EARTH_RADIUS_KILOMETRES)


def _vector(place: Coordinates) -> tuple[float, float, float]:
    longitude, latitude = np.radians((place.longitude, place.latitude))
    return (
        float(np.cos(latitude) * np.cos(longitude)),
        float(np.cos(latitude) * np.sin(longitude)),
        float(np.sin(latitude)),
    )


def region_of(place: Coordinates) -> str:
    """Return the code of the region that a place lies in, as that of the nearest city we know; empty where none is
    near.
    """
    return _region(round(place.longitude, 2), round(place.latitude, 2))


def region_supplied(brought_to: Coordinates | None, *, site_region: str | None) -> str:
    """Return the region in which goods are supplied: where they are brought to, else that of the site they leave.

    Empty where neither is known.
    """
    return region_of(brought_to) if brought_to is not None else site_region or ""


@lru_cache(maxsize=65_536)
def _region(longitude: float, latitude: float) -> str:
    found = _cities().to(Coordinates(longitude=longitude, latitude=latitude))
    return found[0] if found is not None and found[1] <= REGION_KILOMETRES_MOST else ""


@lru_cache(maxsize=1)
def _cities() -> NearestOf[str]:
    return NearestOf([(city.region_code, city.coordinates) for city in CITIES])
