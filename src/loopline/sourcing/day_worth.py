"""What goods were worth on a day, from the duals of that day's problem. Pure.

Of goods that many asked for, a unit at a site is worth what one more would have saved the day. Of goods that hardly
anybody asked for, one day says little: chance decided which of them were asked. They are worth what such goods of their
category were on average at the site, times the part of them that was asked at all.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from typing import Generic, TypeVar

import msgspec

_Site = TypeVar("_Site", bound=Hashable)
_Sku = TypeVar("_Sku", bound=Hashable)
_Category = TypeVar("_Category", bound=Hashable)

THIN_BELOW_UNITS = 5
"""Goods of which a day asked fewer units are thin."""


class RowPrice(msgspec.Struct, Generic[_Site, _Sku], frozen=True, kw_only=True, gc=False):
    """What one more unit of a SKU at a site that had some would have saved, 0 or more, in any unit of the caller's."""

    site: _Site
    sku: _Sku
    price: int


def is_thin(asked_units: int) -> bool:
    """Whether a day says too little of goods of which it asked so many units."""
    return asked_units < THIN_BELOW_UNITS


def worth_of_thin(
    rows: Iterable[RowPrice[_Site, _Sku]],
    *,
    asked: Mapping[_Sku, int],
    category_of: Mapping[_Sku, _Category],
    thin_skus: Mapping[_Category, int],
) -> dict[tuple[_Site, _Category], int]:
    """Return what a unit of thin goods of a category is worth at a site, rounded down; nothing: left out.

    `rows`: of every SKU of the day at every site that had some, those of price 0 too. `asked`: units, by SKU.
    `thin_skus`: how many SKUs of the category there are of which the day asked few units or none.
    """
    total: dict[tuple[_Site, _Category], int] = defaultdict(int)
    count: dict[tuple[_Site, _Category], int] = defaultdict(int)
    for row in rows:
        category = category_of.get(row.sku)
        if category is not None and is_thin(asked.get(row.sku, 0)):
            total[row.site, category] += row.price
            count[row.site, category] += 1
    asked_thin: dict[_Category, int] = defaultdict(int)
    for sku, units in asked.items():
        if units and is_thin(units) and sku in category_of:
            asked_thin[category_of[sku]] += 1
    found: dict[tuple[_Site, _Category], int] = {}
    for (site, category), price in total.items():
        all_thin = max(thin_skus.get(category, 0), asked_thin[category])
        if all_thin:
            worth = price * asked_thin[category] // (count[site, category] * all_thin)
            if worth:
                found[site, category] = worth
    return found
