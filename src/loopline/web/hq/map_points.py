"""Points of a map, as `map.js` draws them."""

import msgspec


class MapPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A site on a map: longitude and latitude, good, warn, bad or none, how large, what is said, where it leads."""

    at: tuple[float, float]
    tone: str
    size: int
    said: str
    path: str = ""
