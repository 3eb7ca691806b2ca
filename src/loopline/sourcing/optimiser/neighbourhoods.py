"""Better a plan by solving small parts of it anew, each as a master problem of its own.

Large neighbourhood search (Shaw 1998): orders that compete for the same stock and capacity are taken out together, and
served again as well as HiGHS can, while all others stay. Two parts that share no order are solved at the same time; of
what nobody uses each gets its own, so that both answers hold together.
"""
# pyright: reportArgumentType=false, reportReturnType=false

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from loopline.sourcing.optimiser.compiled import compiled
from loopline.sourcing.optimiser.master import Master
from loopline.sourcing.optimiser.patterns import Found
from loopline.sourcing.optimiser.pool import picked
from loopline.sourcing.optimiser.problem import Floats, Integers

_COMPETING = 5_000_000.0  # fine: a pattern that loses no more than this is wanted too


class Standing(NamedTuple):
    """A plan as neighbourhoods see it."""

    pool: Found
    first: Integers  # by order
    plan: Integers  # by order: its pattern
    left: Integers  # by resource, the plan taken off
    lost: Floats  # by pattern: how much dearer than the order's cheapest, under prices


@compiled
def lost_by_pattern(pool: Found, first: Integers, price: Floats) -> Floats:
    """Return how much dearer each pattern is than its order's cheapest under prices."""
    lost = np.empty(len(pool.order))
    for order in range(len(first) - 1):
        best = np.inf
        for pattern in range(first[order], first[order + 1]):
            cost = float(pool.cost[pattern])
            for at in range(pool.first[pattern], pool.first[pattern + 1]):
                cost += price[pool.resource[at]] * pool.amount[at]
            lost[pattern] = cost
            best = min(best, cost)
        for pattern in range(first[order], first[order + 1]):
            lost[pattern] -= best
    return lost


@compiled
def left_after(pool: Found, plan: Integers, left: Integers) -> Integers:
    """Return what a plan leaves."""
    after = left.copy()
    for pattern in plan:
        for at in range(pool.first[pattern], pool.first[pattern + 1]):
            after[pool.resource[at]] -= pool.amount[at]
    return after


@compiled
def around(  # noqa: C901 - one walk
    standing: Standing, seed: int, size: int, is_taken: Integers
) -> Integers:
    """Return up to so many orders that compete with one, nearest first by steps of competition; marks them as taken.

    Two orders compete where a pattern of one, not much worse than its best, needs what the plan gives the other and
    nobody else has.
    """
    pool = standing.pool
    users = np.zeros(len(standing.left) + 1, np.int64)
    for pattern in standing.plan:
        for at in range(pool.first[pattern], pool.first[pattern + 1]):
            users[pool.resource[at] + 1] += 1
    for one in range(len(standing.left)):
        users[one + 1] += users[one]
    user, filled = np.empty(users[-1], np.int64), users.copy()
    for order in range(len(standing.plan)):
        for at in range(pool.first[standing.plan[order]], pool.first[standing.plan[order] + 1]):
            user[filled[pool.resource[at]]] = order
            filled[pool.resource[at]] += 1
    is_seen = np.zeros(len(standing.left), np.bool_)
    queue = np.empty(size, np.int64)
    queue[0] = seed
    is_taken[seed] = 1
    count, next_one = 1, 0
    while next_one < count < size:
        order = queue[next_one]
        next_one += 1
        allowed = max(standing.lost[standing.plan[order]], _COMPETING)
        for pattern in range(standing.first[order], standing.first[order + 1]):
            if standing.lost[pattern] > allowed:
                continue
            for at in range(pool.first[pattern], pool.first[pattern + 1]):
                resource = pool.resource[at]
                if is_seen[resource] or standing.left[resource] >= pool.amount[at]:
                    continue
                is_seen[resource] = True
                for place_at in range(users[resource], users[resource + 1]):
                    other = user[place_at]
                    if is_taken[other] == 0 and count < size:
                        is_taken[other] = 1
                        queue[count] = other
                        count += 1
    return queue[:count].copy()


def part_of(
    standing: Standing, orders: Integers, spare: Integers, within: float, others: Sequence[Integers] = ()
) -> tuple[Master, Integers]:
    """Return the master problem of some orders, and where its patterns are in the pool. `spare`: what is unused.

    Patterns that lose no more than `within` are in it, all that lose less than what the order has, and those that
    `others`, plans too, give it.
    """
    pool = standing.pool
    is_in = np.zeros(len(standing.plan), np.bool_)
    is_in[orders] = True
    patterns: Integers = np.flatnonzero(is_in[pool.order]).astype(np.int64)
    is_current = standing.plan[pool.order[patterns]] == patterns
    for other in others:
        is_current |= other[pool.order[patterns]] == patterns
    is_empty = pool.first[patterns] == pool.first[patterns + 1]
    allowed = np.maximum(within, standing.lost[standing.plan[pool.order[patterns]]])
    patterns = patterns[is_current | is_empty | (standing.lost[patterns] <= allowed)]
    small = picked(pool, patterns)
    start = np.flatnonzero(standing.plan[pool.order[patterns]] == patterns)
    left = spare.copy()
    used = picked(small, start)
    np.add.at(left, used.resource, used.amount)
    return Master(small, left, start), patterns


@compiled
def wanted_by(standing: Standing, orders: Integers, within: float) -> Floats:
    """Return, by resource, how many patterns of some orders could use it: not the plan's, and such as lose little."""
    wanted = np.zeros(len(standing.left))
    for order in orders:
        allowed = max(within, standing.lost[standing.plan[order]])
        for pattern in range(standing.first[order], standing.first[order + 1]):
            if pattern == standing.plan[order] or standing.lost[pattern] > allowed:
                continue
            for at in range(standing.pool.first[pattern], standing.pool.first[pattern + 1]):
                wanted[standing.pool.resource[at]] += 1.0
    return wanted


@compiled
def _second(lost: Floats, first: Integers) -> Floats:
    """Return by order how much the second cheapest pattern loses."""
    found = np.zeros(len(first) - 1)
    for order in range(len(first) - 1):
        second = np.inf
        zeros = 0
        for pattern in range(first[order], first[order + 1]):
            if lost[pattern] <= 0.0:
                zeros += 1
            else:
                second = min(second, lost[pattern])
        found[order] = 0.0 if zeros > 1 else second
    return found


def regret(lost: Floats, first: Integers) -> Integers:
    """Return orders, those first that lose most when they do not get their cheapest pattern."""
    return np.argsort(-_second(lost, first), kind="stable")
