"""What lies where when the made-up brand opens, and what lorries bring: as the brand's own planners would have it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from random import Random

import msgspec

from loopline.simulator.brand.goods import Item, items
from loopline.simulator.brand.places import WAREHOUSES, Place

FEATURED = ("LZ015-AM", "LZ015-AL", "LZ029-AM", "LZ029-AS", "LZ035-AM", "LZ041-AM", "LZ045-A", "LZ053-A")
"""What the streamer shows: bought in large numbers, but not so large that nothing ever sells out."""
_FEATURED_UNITS = (520, 300)
_WAREHOUSE_UNITS = ((60, 90), (30, 50))
_STORE_UNITS = 5.0
_SPREAD = 0.45


class Units(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a SKU at a place."""

    site_code: str
    sku_code: str
    units: int


class Shelves:
    """What the people at each place believe lies on their shelves: counted by them, not read from any system."""

    def __init__(self) -> None:
        self._units: Counter[tuple[str, str]] = Counter()
        self._gone: Counter[tuple[str, str]] = Counter()

    def put(self, there: Iterable[Units]) -> None:
        """Goods came in."""
        for one in there:
            self._units[one.site_code, one.sku_code] += one.units

    def take(self, site_code: str, sku_code: str, units: int) -> None:
        """Goods left, to be brought again by a lorry."""
        self._units[site_code, sku_code] -= units
        self._gone[site_code, sku_code] += units

    def has(self, site_code: str, sku_code: str) -> bool:
        """Whether a customer finds it on the shelf."""
        return self._units[site_code, sku_code] > 0

    def to_bring(self) -> list[Units]:
        """Return what left since the last lorry, in the order of place and SKU; the next lorry begins at nothing."""
        gone, self._gone = self._gone, Counter()
        return [
            Units(site_code=site_code, sku_code=sku_code, units=units)
            for (site_code, sku_code), units in sorted(gone.items())
            if units > 0
        ]


def opening_stock(stores: Sequence[Place], chance: Random) -> list[Units]:
    """Return what lies in the warehouses and in these stores on the first morning."""
    stock = [
        Units(site_code=place.code, sku_code=item.code, units=_warehouse_units(number, item))
        for number, place in enumerate(WAREHOUSES)
        for item in items()
    ]
    for store in stores:
        for item in items():
            guess = _STORE_UNITS * item.popularity * store.weight / 60
            units = round(guess * chance.uniform(1 - _SPREAD, 1 + _SPREAD))
            if units:
                stock.append(Units(site_code=store.code, sku_code=item.code, units=units))
    return stock


def _warehouse_units(number: int, item: Item) -> int:
    base, by_popularity = _WAREHOUSE_UNITS[number]
    featured = _FEATURED_UNITS[number] if item.code in FEATURED else 0
    return round(base + by_popularity * item.popularity) + featured
