"""Annealing for one facility per customer: shift a customer, swap two, close a facility, exchange it, open one.

Simulated annealing (Kirkpatrick, Gelatt and Vecchi, Science 220, 1983) over moves as Ceschia and Schaerf's (Computers &
Industrial Engineering 188, 2024). Capacity may be exceeded at a price per unit that rises while it is and falls while
it is not, so that tight capacities can be crossed.
"""

from typing import Any, NamedTuple

import numpy as np

from loopline.sourcing.assignment.problem import Integers, Problem
from loopline.sourcing.optimiser.compiled import compiled, inlined

# Enough to cool down in: some hundreds for each pair of facility and customer.
STEPS_PER_PAIR, STEPS_LEAST, STEPS_MOST = 700, 20_000, 5_000_000
# Of all moves, up to here; the rest close, exchange or open a facility.
_SHIFTS, _SWAPS = 0.55, 0.985
_PRICED_EVERY = 500
_PRICE_FIRST, _PRICE_LEAST, _PRICE_MOST = 5.0, 0.5, 1e4


class _Ground(NamedTuple):
    """What does not change. Arrays are of the compiler's own kind, of which the type checker knows nothing."""

    capacity: Any
    opening: Any
    demand: Any
    serving: Any


class _Stand(NamedTuple):
    """Who is where, how much each facility serves, and how many."""

    at: Any
    load: Any
    count: Any


class _Moves(NamedTuple):
    """Who is moved, and from where: to be taken back, last first."""

    who: Any
    whence: Any


def anneal(problem: Problem, begin: Integers, *, seed: int) -> Integers | None:
    """Return the facility of each customer that was best, None where capacity was always exceeded somewhere.

    The same seed gives the same. `begin`: where to start, capacity exceeded or not.
    """
    hot = max(float(np.median(problem.serving.min(axis=0))) + 1.0, float(problem.opening.mean()) / 2)
    steps = min(STEPS_MOST, max(STEPS_LEAST, STEPS_PER_PAIR * problem.serving.size))
    ground = _Ground(problem.capacity, problem.opening, problem.demand, problem.serving)
    cost, facility = _anneal(ground, begin, steps, hot, np.random.default_rng(seed))
    return facility if cost >= 0 else None


def first_fit(problem: Problem) -> Integers:
    """Return a beginning: the largest customers first, each to where it costs least and still fits, if anywhere."""
    left, facility = problem.capacity.copy(), np.zeros(problem.customers, np.int64)
    spread = problem.opening / np.maximum(problem.capacity, 1)
    price = problem.serving + spread[:, None] * problem.demand
    for customer in np.argsort(-problem.demand, kind="stable"):
        fits = left >= problem.demand[customer]
        choice = price[:, customer] if not fits.any() else np.where(fits, price[:, customer], np.inf)
        facility[customer] = int(choice.argmin())
        left[facility[customer]] -= problem.demand[customer]
    return facility


@inlined
def _over(load: int, capacity: int) -> int:
    return load - capacity if load > capacity else 0


@compiled
def _move(ground: _Ground, stand: _Stand, who: int, to: int) -> tuple[int, int]:
    """Move a customer, and return how much dearer it became and how much more capacity is exceeded."""
    whence, units = stand.at[who], ground.demand[who]
    dearer = ground.serving[to, who] - ground.serving[whence, who]
    more = -_over(stand.load[whence], ground.capacity[whence]) - _over(stand.load[to], ground.capacity[to])
    if stand.count[to] == 0:
        dearer += ground.opening[to]
    if stand.count[whence] == 1:
        dearer -= ground.opening[whence]
    stand.at[who] = to
    stand.load[whence] -= units
    stand.load[to] += units
    stand.count[whence] -= 1
    stand.count[to] += 1
    more += _over(stand.load[whence], ground.capacity[whence]) + _over(stand.load[to], ground.capacity[to])
    return dearer, more


@compiled
def _open(ground: _Ground, stand: _Stand, facility: int, first: int, moves: _Moves) -> tuple[int, int, int]:
    """Open a facility and let it take, from `first` on, whom it serves at less and has room for."""
    count, dearer, more = 0, 0, 0
    for offset in range(len(stand.at)):
        who = (offset + first) % len(stand.at)
        whence = stand.at[who]
        is_cheaper = ground.serving[facility, who] < ground.serving[whence, who]
        if is_cheaper and stand.load[facility] + ground.demand[who] <= ground.capacity[facility]:
            moves.who[count], moves.whence[count] = who, whence
            by, excess = _move(ground, stand, who, facility)
            count, dearer, more = count + 1, dearer + by, more + excess
    return count, dearer, more


@compiled
def _close(
    ground: _Ground, stand: _Stand, pair: tuple[int, int], price: float, moves: _Moves
) -> tuple[int, int, int]:
    """Close the first of a pair: whom it serves goes to where it costs least, excess priced, among those open.

    The second, where it is not -1, counts as open. Who finds no place stays.
    """
    count, dearer, more = 0, 0, 0
    closed, opened = pair
    for who in range(len(stand.at)):
        if stand.at[who] != closed:
            continue
        chosen, least = -1, 0.0
        for to in range(len(stand.load)):
            if to == closed or (stand.count[to] == 0 and to != opened):
                continue
            room = ground.capacity[to] - stand.load[to]
            excess = _over(ground.demand[who] - room, 0) - _over(-room, 0)
            cost = ground.serving[to, who] + price * excess
            if chosen < 0 or cost < least:
                chosen, least = to, cost
        if chosen >= 0:
            moves.who[count], moves.whence[count] = who, closed
            by, excess = _move(ground, stand, who, chosen)
            count, dearer, more = count + 1, dearer + by, more + excess
    return count, dearer, more


@compiled
def _count_up(ground: _Ground, stand: _Stand) -> tuple[int, int]:
    """Fill in what each facility serves, and return the cost and by how much capacity is exceeded."""
    cost, over = 0, 0
    for who in range(len(stand.at)):
        stand.load[stand.at[who]] += ground.demand[who]
        stand.count[stand.at[who]] += 1
        cost += ground.serving[stand.at[who], who]
    for facility in range(len(stand.load)):
        over += _over(stand.load[facility], ground.capacity[facility])
        if stand.count[facility] > 0:
            cost += ground.opening[facility]
    return cost, over


@compiled
def _anneal(  # noqa: C901, PLR0912 - one loop, its moves too small to call
    ground: _Ground, begin: Any, steps: int, hot: float, chance: Any
) -> tuple[int, Any]:
    """Return the least cost met without excess (-1: never) and who was where then."""
    facilities, customers = ground.serving.shape
    stand = _Stand(begin.copy(), np.zeros(facilities, np.int64), np.zeros(facilities, np.int64))
    moves = _Moves(np.empty(customers, np.int64), np.empty(customers, np.int64))
    cost, over = _count_up(ground, stand)
    best = -1
    best_at = stand.at.copy()
    if over == 0:
        best = cost
    heat, cooling, price = hot, (1.0 / hot) ** (1.0 / steps), _PRICE_FIRST
    for step in range(steps):
        heat *= cooling
        if step % _PRICED_EVERY == 0:
            price = min(price * 1.05, _PRICE_MOST) if over > 0 else max(price * 0.95, _PRICE_LEAST)
        kind = chance.random()
        one, other = int(chance.random() * facilities), int(chance.random() * facilities)
        who = int(chance.random() * customers)
        count, dearer, more = 0, 0, 0
        if kind < _SHIFTS:
            if stand.at[who] != one:
                moves.who[0], moves.whence[0], count = who, stand.at[who], 1
                dearer, more = _move(ground, stand, who, one)
        elif kind < _SWAPS:
            with_whom = int(chance.random() * customers)
            here, there = stand.at[who], stand.at[with_whom]
            if here != there:
                moves.who[0], moves.whence[0] = who, here
                moves.who[1], moves.whence[1], count = with_whom, there, 2
                dearer, more = _move(ground, stand, who, there)
                by, excess = _move(ground, stand, with_whom, here)
                dearer, more = dearer + by, more + excess
        else:
            which = int(chance.random() * 3)
            if which == 0 and stand.count[one] == 0:
                count, dearer, more = _open(ground, stand, one, who, moves)
            elif which == 1 and stand.count[one] > 0:
                count, dearer, more = _close(ground, stand, (one, -1), price, moves)
            elif which == 2 and stand.count[one] > 0 and stand.count[other] == 0:
                count, dearer, more = _close(ground, stand, (one, other), price, moves)
        if count == 0:
            continue
        worse = dearer + price * more
        if worse > 0 and chance.random() >= np.exp(-worse / heat):
            for back in range(count - 1, -1, -1):
                _move(ground, stand, moves.who[back], moves.whence[back])
            continue
        cost += dearer
        over += more
        if over == 0 and (best < 0 or cost < best):
            best = cost
            best_at[:] = stand.at
    return best, best_at
