"""Better a plan by taking a few competing orders out and putting them back, thousands of times a second.

Ruin and recreate (Schrimpf et al. 2000; the blinks are of Christiaens and Vanden Berghe 2020, "Slack induction by
string removals"): an order and some of those that have what it wants are released; each goes back, in some order, to
its cheapest pattern at prices that fits, or with a little luck to the next. What the plan costs then,
in truth, decides: it stays if it is cheaper, or not much dearer, less and less so (annealing). Prices keep an order
from taking what others need more, so that little has to be undone. One seed gives one plan.
"""
# pyright: reportArgumentType=false, reportReturnType=false

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from loopline.sourcing.optimiser.compiled import compiled, inlined
from loopline.sourcing.optimiser.patterns import Found
from loopline.sourcing.optimiser.problem import Floats, Integers

Flags = npt.NDArray[np.bool_]

_OUT_MOST = 24  # orders taken out at once, at most
_LOOKED_AT = 6  # patterns that an order wants more, at most
_BLINK = 40  # one of so many fitting patterns is passed over


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


class Ground(NamedTuple):
    """What a plan is bettered on. `by_price`: each order's patterns from `desk.first` on, cheapest at prices first."""

    desk: Desk
    by_price: Integers
    lost: Floats  # by pattern: how much dearer than the order's cheapest at prices
    state: Integers  # [0]: of the random numbers


class _Out(NamedTuple):
    """Orders that are taken out, with the patterns they had."""

    order: Integers
    old: Integers
    is_out: Flags  # by order
    size: Integers  # [0]: at most so many
    order_of: Integers  # by entry of `pool.resource`, whose pattern it is part of


@inlined
def _random(state: Integers, below: int) -> int:
    """Return a number from 0 up to but not including `below`: a linear congruential generator, its upper bits."""
    state[0] = state[0] * 6364136223846793005 + 1442695040888963407
    return ((state[0] >> 33) & 0x3FFFFFFF) % below


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
def _fits(desk: Desk, pattern: int) -> bool:
    for at in range(desk.pool.first[pattern], desk.pool.first[pattern + 1]):
        if desk.left[desk.pool.resource[at]] < desk.pool.amount[at]:
            return False
    return True


@inlined
def _seed(ground: Ground, sequence: Integers) -> int:
    """Choose the order to begin with: of some, the one that loses most."""
    seed = sequence[_random(ground.state, len(sequence))]
    for _ in range(3):
        other = sequence[_random(ground.state, len(sequence))]
        if ground.lost[ground.desk.plan[other]] > ground.lost[ground.desk.plan[seed]]:
            seed = other
    return seed


@inlined
def _ask_users(ground: Ground, out: _Out, resource: int, count: int, skips: int) -> int:
    """Ask a user of a resource to go, and by chance more of them, after fewer than `skips`; return how many are out."""
    skipped = _random(ground.state, skips)
    entry = ground.desk.head[resource]
    while entry >= 0 and count < out.size[0]:
        user = out.order_of[entry]
        if not out.is_out[user]:
            if skipped == 0:
                out.is_out[user] = True
                out.order[count] = user
                count += 1
                if _random(ground.state, 2) == 0:
                    return count
            else:
                skipped -= 1
        entry = ground.desk.ahead[entry]
    return count


@inlined
def _gather(ground: Ground, out: _Out) -> int:
    """Gather who has what the orders that are out want more than what they have; return how many are out."""
    desk = ground.desk
    count, at_order = 1, 0
    while at_order < count < out.size[0]:
        order = out.order[at_order]
        at_order += 1
        first = desk.first[order]
        for place_at in range(first, min(first + _LOOKED_AT, desk.first[order + 1])):
            pattern = ground.by_price[place_at]
            if pattern == desk.plan[order] or count == out.size[0]:
                break
            for at in range(desk.pool.first[pattern], desk.pool.first[pattern + 1]):
                resource = desk.pool.resource[at]
                if desk.left[resource] < desk.pool.amount[at]:
                    count = _ask_users(ground, out, resource, count, 8)
        if count == 1:  # it has what it wants most, or nobody is in its way: someone who has what it has
            pattern = desk.plan[order]
            for at in range(desk.pool.first[pattern], desk.pool.first[pattern + 1]):
                resource = desk.pool.resource[at]
                count = _ask_users(ground, out, resource, count, 6)
    return count


@inlined
def _shuffle(ground: Ground, out: _Out, count: int) -> None:
    """Lay the order in which they go back: by chance, or at times those first that lost most."""
    order, old = out.order, out.old
    for at in range(count - 1, 0, -1):
        swap = _random(ground.state, at + 1)
        order[at], order[swap] = order[swap], order[at]
        old[at], old[swap] = old[swap], old[at]
    if _random(ground.state, 3) == 0:
        for at in range(1, count):
            here = at
            while here > 0 and ground.lost[old[here]] > ground.lost[old[here - 1]]:
                order[here], order[here - 1] = order[here - 1], order[here]
                old[here], old[here - 1] = old[here - 1], old[here]
                here -= 1


@inlined
def _put_back(ground: Ground, out: _Out, count: int) -> int:
    """Give each its cheapest pattern at prices that fits, or with a little luck the next; return what they cost."""
    desk, cost = ground.desk, 0
    for at in range(count):
        order = out.order[at]
        chosen, fallback = -1, -1
        for place_at in range(desk.first[order], desk.first[order + 1]):
            pattern = ground.by_price[place_at]
            if _fits(desk, pattern):
                if fallback < 0:
                    fallback = pattern
                if _random(ground.state, _BLINK) != 0:
                    chosen = pattern
                    break
        if chosen < 0:
            chosen = fallback
        desk.plan[order] = chosen
        _take(desk, chosen)
        cost += desk.pool.cost[chosen]
    return cost


@compiled
def recreate(ground: Ground, order_of: Integers, sequence: Integers, tries: int, warmth: float) -> int:
    """Take out and put back `tries` times; return by how much the plan got cheaper (below zero: dearer).

    `order_of`: by entry of `pool.resource`, whose pattern it is part of. `sequence`: the orders that may be seeds,
    those that lose most more often. `warmth`, fine: about how much dearer a plan may get.
    """
    desk = ground.desk
    out = _Out(
        np.empty(_OUT_MOST, np.int64),
        np.empty(_OUT_MOST, np.int64),
        np.zeros(len(desk.plan), np.bool_),
        np.zeros(1, np.int64),
        order_of,
    )
    saved = 0
    for _ in range(tries):
        out.size[0] = 2 + _random(ground.state, _OUT_MOST - 2)
        out.order[0] = _seed(ground, sequence)
        out.is_out[out.order[0]] = True
        count = _gather(ground, out)
        before = 0
        for at in range(count):
            out.old[at] = desk.plan[out.order[at]]
            before += desk.pool.cost[out.old[at]]
        for at in range(count):
            _release(desk, out.old[at])
        _shuffle(ground, out, count)
        after = _put_back(ground, out, count)
        luck = (1 + _random(ground.state, 1 << 20)) / (1 << 20)
        if after - before > -warmth * np.log(luck):
            for at in range(count):
                _release(desk, desk.plan[out.order[at]])
            for at in range(count):
                desk.plan[out.order[at]] = out.old[at]
                _take(desk, out.old[at])
        else:
            saved += before - after
        for at in range(count):
            out.is_out[out.order[at]] = False
    return saved


@compiled
def place(desk: Desk, sequence: Integers, price: Floats) -> None:
    """Give each order in turn its cheapest pattern at prices that what is left allows, if it has none."""
    for order in sequence:
        if desk.plan[order] >= 0:
            continue
        best, least = -1, np.inf
        for pattern in range(desk.first[order], desk.first[order + 1]):
            if _fits(desk, pattern):
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
    )


@compiled
def take_some(desk: Desk, patterns: Integers) -> None:
    """Take some patterns, one an order at most."""
    for pattern in patterns:
        desk.plan[desk.pool.order[pattern]] = pattern
        _take(desk, pattern)


@compiled
def order_of_entries(pool: Found) -> Integers:
    """Return, by entry of `pool.resource`, the order whose pattern it is part of."""
    found = np.empty(len(pool.resource), np.int64)
    for pattern in range(len(pool.order)):
        for at in range(pool.first[pattern], pool.first[pattern + 1]):
            found[at] = pool.order[pattern]
    return found


def by_price(lost: Floats, first: Integers) -> Integers:
    """Return each order's patterns, those that lose least first."""
    order: Integers = np.repeat(np.arange(len(first) - 1), np.diff(first))
    return np.lexsort((lost, order)).astype(np.int64)
