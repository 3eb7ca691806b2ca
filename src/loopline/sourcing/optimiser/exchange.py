"""Make a plan from prices, and better it by ejection chains.

An order takes a cheaper pattern though a resource of it is used up; one of those who use it makes room by going
elsewhere, for which another may have to make room, and so on (Glover 1996, "Ejection chains, reference structures and
alternating path methods"). A chain is carried out as soon as it costs less in all. Everything is whole numbers, and the
same order of trying gives the same plan.
"""
# pyright: reportArgumentType=false, reportReturnType=false

from typing import NamedTuple

import numpy as np

from loopline.sourcing.optimiser.compiled import compiled, inlined
from loopline.sourcing.optimiser.patterns import Found
from loopline.sourcing.optimiser.problem import Floats, Integers

_USERS = 40  # of one resource, at most so many are asked to make room


class Desk(NamedTuple):
    """A plan that is being changed. Users of a resource are a list: `head` by resource, `ahead` and `back` by entry.

    Entry e is a place in `pool.resource`; those of the patterns in the plan are in the lists.
    """

    pool: Found
    first: Integers  # by order: its patterns, cheapest first
    plan: Integers  # by order: its pattern
    left: Integers  # by resource
    head: Integers
    ahead: Integers
    back: Integers
    tries: Integers  # [0]: how many more patterns may be looked at


@inlined
def _take(desk: Desk, pattern: int) -> None:
    for at in range(desk.pool.first[pattern], desk.pool.first[pattern + 1]):
        resource = desk.pool.resource[at]
        desk.left[resource] -= desk.pool.amount[at]
        follower = desk.head[resource]
        desk.ahead[at] = follower
        desk.back[at] = -1
        if follower >= 0:
            desk.back[follower] = at
        desk.head[resource] = at


@inlined
def _release(desk: Desk, pattern: int) -> None:
    for at in range(desk.pool.first[pattern], desk.pool.first[pattern + 1]):
        resource = desk.pool.resource[at]
        desk.left[resource] += desk.pool.amount[at]
        before, after = desk.back[at], desk.ahead[at]
        if before >= 0:
            desk.ahead[before] = after
        else:
            desk.head[resource] = after
        if after >= 0:
            desk.back[after] = before


@inlined
def _lacking(desk: Desk, pattern: int) -> int:
    """Return the one resource that a pattern lacks, -1 for none, -2 for several."""
    found = -1
    for at in range(desk.pool.first[pattern], desk.pool.first[pattern + 1]):
        if desk.left[desk.pool.resource[at]] < desk.pool.amount[at]:
            if found >= 0:
                return -2
            found = desk.pool.resource[at]
    return found


class _Chain(NamedTuple):
    """A chain being tried, by level: who looks for a pattern, at which, and who was asked to make room for it."""

    order: Integers
    budget: Integers
    pattern: Integers
    old: Integers
    lacking: Integers
    user: Integers  # levels x users: their entries
    users: Integers
    asked: Integers
    leaving: Integers  # the pattern of the user that was asked last


@inlined
def _ask(desk: Desk, chain: _Chain, level: int) -> None:
    """Take a pattern that lacks one resource, and list who could make room."""
    order = chain.order[level]
    count, at = 0, desk.head[chain.lacking[level]]
    while at >= 0 and count < _USERS:
        chain.user[level, count] = at
        count += 1
        at = desk.ahead[at]
    chain.users[level], chain.asked[level] = count, 0
    chain.old[level] = desk.plan[order]
    desk.plan[order] = chain.pattern[level]
    _take(desk, chain.pattern[level])


@inlined
def _begin(desk: Desk, chain: _Chain, level: int, order: int, budget: int) -> None:
    chain.order[level], chain.budget[level] = order, budget
    chain.pattern[level], chain.users[level] = desk.first[order] - 1, -1


@compiled
def _settle(desk: Desk, chain: _Chain, released: int, depth: int) -> bool:
    """Give a released order a pattern, so that all that changes costs less than before; else change nothing.

    A walk over the tree of chains, depth first: at each level patterns in order of cost, under each the users
    of what it lacks.
    """
    level = 0
    _begin(desk, chain, 0, released, 0)
    while level >= 0:
        order = chain.order[level]
        pattern = chain.pattern[level]
        if chain.users[level] >= 0:  # a pattern is taken, and users are asked in turn
            if chain.asked[level] == chain.users[level]:
                _release(desk, pattern)
                desk.plan[order] = chain.old[level]
                chain.users[level] = -1
                continue
            user = _order_of(desk, chain.user[level, chain.asked[level]])
            chain.asked[level] += 1
            leaving = desk.plan[user]
            _release(desk, leaving)
            if desk.left[chain.lacking[level]] < 0:
                _take(desk, leaving)
                continue
            chain.leaving[level] = leaving
            more = desk.pool.cost[pattern] - desk.pool.cost[chain.old[level]]
            _begin(desk, chain, level + 1, user, chain.budget[level] - more)
            level += 1
            continue
        pattern += 1
        chain.pattern[level] = pattern
        more = chain.budget[level]
        if pattern < desk.first[order + 1] and desk.tries[0] > 0:
            more = desk.pool.cost[pattern] - desk.pool.cost[desk.plan[order]]
        if more >= chain.budget[level]:
            level -= 1
            if level >= 0:
                _take(desk, chain.leaving[level])
            continue
        desk.tries[0] -= 1
        lacking = _lacking(desk, pattern)
        if lacking == -1:
            desk.plan[order] = pattern
            _take(desk, pattern)
            return True
        if level < depth and lacking >= 0:
            chain.lacking[level] = lacking
            _ask(desk, chain, level)
    return False


@inlined
def _order_of(desk: Desk, entry: int) -> int:
    low, high = 0, len(desk.pool.order)
    while high - low > 1:
        middle = (low + high) // 2
        if desk.pool.first[middle] <= entry:
            low = middle
        else:
            high = middle
    return desk.pool.order[low]


@compiled
def improve(desk: Desk, sequence: Integers, depth: int) -> int:
    """Try to better each order in turn; return what was saved. Looks at no more patterns than `desk.tries` says."""
    saved = 0
    before = 0
    for order in range(len(desk.plan)):
        before += desk.pool.cost[desk.plan[order]]
    budget = desk.tries[0]
    levels = depth + 1
    chain = _Chain(
        np.zeros(levels, np.int64),
        np.zeros(levels, np.int64),
        np.zeros(levels, np.int64),
        np.zeros(levels, np.int64),
        np.zeros(levels, np.int64),
        np.zeros((levels, _USERS), np.int64),
        np.zeros(levels, np.int64),
        np.zeros(levels, np.int64),
        np.zeros(levels, np.int64),
    )
    for order in sequence:
        old = desk.plan[order]
        if old == desk.first[order]:
            continue
        desk.tries[0] = min(budget, 20_000)
        given = desk.tries[0]
        _release(desk, old)
        if not _settle(desk, chain, order, depth):
            _take(desk, old)
        budget -= given - desk.tries[0]
        if budget <= 0:
            break
    desk.tries[0] = budget
    for order in range(len(desk.plan)):
        saved -= desk.pool.cost[desk.plan[order]]
    return saved + before


@compiled
def place(desk: Desk, sequence: Integers, price: Floats) -> None:
    """Give each order in turn its cheapest pattern at prices that what is left allows, if it has none."""
    for order in sequence:
        if desk.plan[order] >= 0:
            continue
        best, least = -1, np.inf
        for pattern in range(desk.first[order], desk.first[order + 1]):
            if _lacking(desk, pattern) == -1:
                cost = float(desk.pool.cost[pattern])
                for at in range(desk.pool.first[pattern], desk.pool.first[pattern + 1]):
                    cost += price[desk.pool.resource[at]] * desk.pool.amount[at]
                if cost < least:
                    best, least = pattern, cost
        desk.plan[order] = best
        _take(desk, best)


def new_desk(pool: Found, first: Integers, left: Integers) -> Desk:
    """Return a desk where nothing is taken. Patterns of an order are sorted by cost, and one of them needs nothing."""
    return Desk(
        pool=pool,
        first=first,
        plan=np.full(len(first) - 1, -1, np.int64),
        left=left.copy(),
        head=np.full(len(left), -1, np.int64),
        ahead=np.full(len(pool.resource), -1, np.int64),
        back=np.full(len(pool.resource), -1, np.int64),
        tries=np.zeros(1, np.int64),
    )


@compiled
def take_some(desk: Desk, patterns: Integers) -> None:
    """Take some patterns, one an order at most."""
    for pattern in patterns:
        desk.plan[desk.pool.order[pattern]] = pattern
        _take(desk, pattern)
