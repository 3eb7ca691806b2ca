"""The smallest and then cheapest set of sites that together have what is wanted. Pure arithmetic on arrays.

`have` is (sites × SKUs): what each site can give of each wanted SKU, never more than wanted. `wanted` is what all sites
together can give at most, so that the whole set is always a cover.
"""

from functools import lru_cache
from itertools import chain, combinations
from math import comb

import msgspec
import numpy as np
import numpy.typing as npt

from loopline.sourcing.costs import Integers

# Sets of one size are all weighed as long as there are at most this many: 4 parcels of 21 sites (5,985 sets), 3 of 33,
# 2 of 110, not counting sites that are in every set. Above that a greedy cover is taken.
SETS_MAX = 6_000

_BITS = 62  # SKUs to one word
_PLACES: Integers = 1 << np.arange(_BITS, dtype=np.int64)


class Cover(msgspec.Struct, frozen=True, kw_only=True):
    """The chosen rows of `have`, rising. `best_with`: per site the least cost of an equally small cover with it in.

    It is -1 where there is none. `is_exact`: no smaller cover and no equally small cheaper one exists.
    """

    sites: tuple[int, ...]
    cost: int
    best_with: Integers
    is_exact: bool


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """What the sites ask: `fixed` for a parcel and `per_gram` by site, `grams` of a unit by SKU."""

    fixed: Integers
    per_gram: Integers
    grams: Integers


def smallest_cover(have: Integers, wanted: Integers, prices: Prices) -> Cover:
    """Find the fewest sites that have all that is wanted; among equally few the cheapest, then the earliest.

    Sites without which something is missing are in every cover; the search is over the others. It is exact while the
    sets of the size looked at number at most SETS_MAX, and ends in a greedy cover otherwise.
    """
    forced = ((have.sum(axis=0) - have) < wanted).any(axis=1)
    missing = np.maximum(wanted - have[forced].sum(axis=0), 0)
    if not missing.any():
        return _cheapest(np.flatnonzero(forced)[None, :], have, wanted, prices)
    still = np.flatnonzero(missing)
    useful = np.flatnonzero(~forced & have[:, still].any(axis=1))
    rest, rest_missing = have[np.ix_(useful, still)], missing[still]
    size = _least_size(rest, rest_missing)
    while comb(len(useful), size) <= SETS_MAX:
        sets = _covering_sets(rest, rest_missing, size)
        if len(sets):
            return _cheapest(_with_forced(useful[sets], forced), have, wanted, prices)
        size += 1
    return _greedy(have, wanted, prices)


def _with_forced(sets: Integers, forced: npt.NDArray[np.bool_]) -> Integers:
    """Add the forced sites to each set. Sets keep their lexical order: it hangs on where two of them differ."""
    always = np.flatnonzero(forced)
    return np.sort(np.hstack([np.broadcast_to(always, (len(sets), len(always))), sets]), axis=1)


def _least_size(have: Integers, wanted: Integers) -> int:
    """Return a size below which no cover exists: the richest sites of each SKU, taken by themselves."""
    richest_first = -np.sort(-have, axis=0)
    enough = (np.cumsum(richest_first, axis=0) >= wanted).all(axis=1)
    return int(np.argmax(enough)) + 1


def _covering_sets(have: Integers, wanted: Integers, size: int) -> Integers:
    """Return all sets (as rows of positions) of one size that cover what is wanted, in lexical order."""
    if size == 1:
        return np.flatnonzero((have >= wanted).all(axis=1))[:, None]
    sets = _sets(len(have), size)
    # A set that lacks a SKU altogether is no cover. Told by one bit per SKU, which is far cheaper than adding units up.
    for first in range(0, len(wanted), _BITS):
        bits = _PLACES[: len(wanted) - first]
        has = (have[:, first : first + _BITS] > 0) @ bits
        either = has[sets[:, 0]]
        for member in range(1, size):
            either |= has[sets[:, member]]
        sets = sets[either == bits.sum()]
    together = have[sets[:, 0]]
    for member in range(1, size):
        together += have[sets[:, member]]
    return sets[(together >= wanted).all(axis=1)]


@lru_cache(maxsize=64)
def _sets(count: int, size: int) -> Integers:
    flat = chain.from_iterable(combinations(range(count), size))
    sets = np.fromiter(flat, np.int64, comb(count, size) * size).reshape(-1, size)
    sets = np.asfortranarray(sets)  # read column by column
    sets.flags.writeable = False
    return sets


def _cheapest(sets: Integers, have: Integers, wanted: Integers, prices: Prices) -> Cover:
    costs = set_costs(sets, have, wanted, prices)
    best = int(np.argmin(costs))  # the first of equals: sets stand in lexical order
    best_with = np.full(len(have), np.iinfo(np.int64).max, np.int64)
    for member in range(sets.shape[1]):
        np.minimum.at(best_with, sets[:, member], costs)
    best_with[best_with == np.iinfo(np.int64).max] = -1
    chosen = tuple(int(site) for site in sets[best])
    return Cover(sites=chosen, cost=int(costs[best]), best_with=best_with, is_exact=True)


def set_costs(sets: Integers, have: Integers, wanted: Integers, prices: Prices) -> Integers:
    """Return the least cost of each covering set: its parcels, and each SKU's grams where they cost least."""
    costs: Integers = prices.fixed[sets].sum(axis=1)
    if (prices.per_gram == prices.per_gram[0]).all():
        return costs + int(wanted @ prices.grams) * int(prices.per_gram[0])
    cheapest_first = np.take_along_axis(
        sets, np.argsort(prices.per_gram[sets], axis=1, kind="stable"), axis=1
    )
    missing: Integers = np.broadcast_to(wanted, (len(sets), len(wanted)))
    for member in range(sets.shape[1]):
        sites = cheapest_first[:, member]
        given = np.minimum(have[sites], missing)
        costs = costs + (given @ prices.grams) * prices.per_gram[sites]
        missing = missing - given
    return costs


def _greedy(have: Integers, wanted: Integers, prices: Prices) -> Cover:
    """Take the site that gives most of what is missing until nothing is; then drop what can be spared, dearest first.

    Of sites that give as much, the cheapest parcel is taken, then the earliest.
    """
    chosen: list[int] = []
    missing, left = wanted.copy(), have.copy()
    while missing.any():
        gives = np.minimum(left, missing).sum(axis=1)
        most = np.flatnonzero(gives == gives.max())
        site = int(most[np.argmin(prices.fixed[most])])
        chosen.append(site)
        missing = np.maximum(missing - have[site], 0)
        left[site] = 0
    for site in sorted(chosen, key=lambda site: (-int(prices.fixed[site]), -site)):
        others = [other for other in chosen if other != site]
        if others and (have[others].sum(axis=0) >= wanted).all():
            chosen = others
    sites = tuple(sorted(chosen))
    cost = int(set_costs(np.array([sites], np.int64), have, wanted, prices)[0])
    best_with: npt.NDArray[np.int64] = np.full(len(have), -1, np.int64)
    best_with[list(sites)] = cost
    return Cover(sites=sites, cost=cost, best_with=best_with, is_exact=False)
