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
from loopline.sourcing.optimiser.problem import Floats


class Climb(NamedTuple):
    """Where a climb stands; every call goes on from it, and changes it in place."""

    price: Floats  # by resource: the best yet over the pool
    mean: Floats  # by resource: the average of what was used
    pace: Floats  # the scale of steps, how much each counts in the average, and 1.0 once it has begun


class Steps(NamedTuple):
    """How prices are raised."""

    most: int
    reach: float  # steps aim so far above the best value yet, as a part of it
    dearest: float  # no price is above this: leaving everything would be cheaper


def new_climb(resources: int) -> Climb:
    """Return a climb that begins at prices of zero."""
    return Climb(np.zeros(resources), np.zeros(resources), np.array([1.0, 0.1, 0.0]))


@compiled
def choose(pool: Found, price: Floats, usage: Floats) -> float:
    """Choose each order's cheapest pattern under prices; fill in `usage` by resource; return their priced cost."""
    usage[:] = 0.0
    total, pattern = 0.0, 0
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
        for at in range(pool.first[best], pool.first[best + 1]):
            usage[pool.resource[at]] += pool.amount[at]
    return total


@compiled
def raise_prices(pool: Found, left: Floats, climb: Climb, steps: Steps) -> None:  # noqa: C901, PLR0912 - one loop
    """Raise the Lagrangian over a pool, from where the climb stands. `left` by resource."""
    centre, mean = climb.price, climb.mean
    usage, price = np.zeros(len(left)), centre.copy()
    best = choose(pool, price, usage) - np.sum(price * left)
    scale, blend, red = climb.pace[0], climb.pace[1], 0
    if climb.pace[2] == 0.0:
        mean[:] = usage
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
        value = choose(pool, price, usage) - np.sum(price * left)
        along = 0.0
        for one in range(len(left)):
            along += (usage[one] - left[one]) * (mean[one] - left[one])
            mean[one] += blend * (usage[one] - mean[one])
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
    climb.pace[0], climb.pace[1], climb.pace[2] = scale, blend, 1.0
