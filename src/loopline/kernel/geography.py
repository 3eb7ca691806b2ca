"""Places on the earth and the way between them."""

from math import asin, cos, radians, sin, sqrt

import msgspec

EARTH_RADIUS_KILOMETRES = 6371.0


class Coordinates(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A place: longitude in [-180, 180] and latitude in [-90, 90], in degrees (WGS 84)."""

    longitude: float
    latitude: float

    def __post_init__(self) -> None:
        if not (-180 <= self.longitude <= 180 and -90 <= self.latitude <= 90):
            raise ValueError("longitude must lie in [-180, 180] and latitude in [-90, 90]")


def great_circle_kilometres(start: Coordinates, end: Coordinates) -> float:
    """Return the great-circle distance on a sphere of 6,371 km (haversine formula)."""
    latitude_1, latitude_2 = radians(start.latitude), radians(end.latitude)
    half_latitude = (latitude_2 - latitude_1) / 2
    half_longitude = radians(end.longitude - start.longitude) / 2
    chord = sin(half_latitude) ** 2 + cos(latitude_1) * cos(latitude_2) * sin(half_longitude) ** 2
    return 2 * EARTH_RADIUS_KILOMETRES * asin(min(1.0, sqrt(chord)))
