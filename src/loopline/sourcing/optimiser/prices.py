"""Prices of stock and capacity: the volume algorithm on a pool of patterns.

The Lagrangian of the problem with stock and capacity relaxed (Held and Karp 1971; Fisher 1981) is raised by steps along
an average of past violations, and the same average of past choices comes near the best fractional plan (Barahona and
Anbil 2000, "The volume algorithm: producing primal solutions with a subgradient method"). Steps are taken on a pool of
patterns, where one costs milliseconds; what the pool lacks is found by `patterns` at the new prices, exactly.
"""

from typing import NamedTuple

import numpy as np

from loopline.sourcing.optimiser.compiled import compiled
from loopline.sourcing.optimiser.patterns import Found
from loopline.sourcing.optimiser.problem import Floats, Integers


class Raised(NamedTuple):
    """Where the prices came to. `share` is each pattern's part of the averaged plan, in [0, 1]."""

    price: Floats  # by resource
    share: Floats  # by pattern
    value: float  # of the Lagrangian over the pool alone


class Steps(NamedTuple):
    """How prices are raised."""

    most: int
    reach: float  # steps aim so far above the best value yet, as a part of it
    dearest: float  # no price is above this: leaving everything would be cheaper
    scale: float = 1.0
    blend: float = 0.1


@compiled
def choose(pool: Found, price: Floats, usage: Floats, chosen: Integers) -> float:
    """Choose each order's cheapest pattern under prices; fill in `usage` by resource; return their priced cost."""
    usage[:] = 0.0
    total, pattern, order = 0.0, 0, 0
    while pattern < len(pool.order):
        of = pool.order[pattern]
        best, least = pattern, np.inf
        while pattern < len(pool.order) and pool.order[pattern] == of:
            cost = float(pool.cost[pattern])
            for at in range(pool.first[pattern], pool.first[pattern + 1]):
                cost += price[pool.resource[at]] * pool.amount[at]
            if cost < least:
                best, least = pattern, cost
            pattern += 1
        total += least
        chosen[order] = best
        order += 1
        for at in range(pool.first[best], pool.first[best + 1]):
            usage[pool.resource[at]] += pool.amount[at]
    return total


@compiled
def raise_prices(  # noqa: C901, PLR0912 - one loop, its steps too small to call
    pool: Found, left: Floats, start: Floats, steps: Steps
) -> Raised:
    """Raise the Lagrangian over a pool from given prices. `left` by resource."""
    orders = 0
    for pattern in range(len(pool.order)):
        if pattern == 0 or pool.order[pattern] != pool.order[pattern - 1]:
            orders += 1
    chosen = np.zeros(orders, np.int64)
    usage, price = np.zeros(len(left)), start.copy()
    share = np.zeros(len(pool.order))
    best = choose(pool, price, usage, chosen) - np.sum(price * left)
    centre, mean = price.copy(), usage.copy()
    for order in range(orders):
        share[chosen[order]] = 1.0
    scale, blend, red = steps.scale, steps.blend, 0
    target = best + steps.reach * abs(best)
    for step in range(steps.most):
        length = 0.0
        for one in range(len(left)):
            over = mean[one] - left[one]
            if over > 0 or centre[one] > 0:
                length += over * over
        if length < 1e-9:
            break
        size = scale * (target - best) / length
        for one in range(len(left)):
            price[one] = min(steps.dearest, max(0.0, centre[one] + size * (mean[one] - left[one])))
        value = choose(pool, price, usage, chosen) - np.sum(price * left)
        along = 0.0
        for one in range(len(left)):
            along += (usage[one] - left[one]) * (mean[one] - left[one])
        mean *= 1.0 - blend
        mean += blend * usage
        share *= 1.0 - blend
        for order in range(orders):
            share[chosen[order]] += blend
        if value > best:
            if along > 0:
                scale *= 1.1
            best = value
            if best > target - 0.5 * steps.reach * abs(best):
                target = best + steps.reach * abs(best)
            centre[:] = price
            red = 0
        else:
            red += 1
            if red >= 10:
                scale *= 0.66
                red = 0
        if step % 50 == 49:
            blend = max(0.01, blend * 0.8)
    return Raised(centre, share, best)
