"""Search: relax, find something good, improve it, prove what can be proved; then price it again.

Holmberg, Rönnqvist and Yuan, EJOR 113 (1999), for one source; Guastaroba and Speranza, EJOR 238 (2014), for programmes
over a kernel of promising pairs. Which method does what, and what it reaches: decision 0033.
"""

import time
from collections.abc import Callable
from functools import partial
from math import ceil

import numpy as np

from loopline.sourcing.assignment.annealing import anneal, first_fit
from loopline.sourcing.assignment.neighbourhoods import Freed, deal_anew, greedy, nearness
from loopline.sourcing.assignment.pricing import price, units_of
from loopline.sourcing.assignment.problem import (
    Flags,
    Floats,
    Integers,
    Problem,
    Result,
    Settings,
    Status,
    refuse_unsound,
)
from loopline.sourcing.assignment.programme import Limits, Relaxed, Solved, relax, solve_part
from loopline.sourcing.assignment.routing import route
from loopline.sourcing.optimiser.compiled import in_threads

# Up to which part of time or work each method goes on.
_ANNEALING_PART = 0.35
_KERNEL_PART = 0.6
# Of a customer's pairs those that cost least to use: for a programme over all, and for one over a neighbourhood.
_NARROW_PAIRS, _WIDE_PAIRS = 6, 12
# So many pairs the programme takes whole, customers kept apart included.
_PROVED_PAIRS_MAX = 1_500
_NODES_PER_WORK = 20
_REPAIR_SECONDS, _REPAIR_NODES = 4.0, 100
_FREED_FIRST, _FREED_LEAST, _FREED_MOST = 10, 4, 24
_TRIES_OF_A_SIZE, _TRIES_WITH_ALL = 6, 3
_LITTLE = 1e-6


def solve(problem: Problem, settings: Settings, *, clock: Callable[[], float] = time.monotonic) -> Result:
    """Assign customers to facilities at the least cost that can be found. Raises `Refused` for an unsound problem."""
    return _Search(refuse_unsound(problem), settings, clock).run()


class _Search:
    """One run: the best assignment so far, the bound so far, and what of time and work is gone."""

    def __init__(self, problem: Problem, settings: Settings, clock: Callable[[], float]) -> None:
        self._problem = problem
        self._settings = settings
        self._clock = clock
        self._began = clock()
        self._work = 0
        self._units: Integers | None = None
        self._cost = 0
        self._bound: int | None = None
        self._is_infeasible = False
        self._chance = np.random.default_rng(settings.seed)
        self._near = nearness(problem)
        self._freed = min(_FREED_FIRST, problem.facilities)

    def run(self) -> Result:
        problem = self._problem
        if problem.demand.sum() > problem.capacity.sum():
            self._is_infeasible = True
            return self._result()
        relaxed = relax(problem, seconds=self._seconds_left())
        if relaxed is not None:
            self._raise_bound(relaxed.value)
        prices = problem.whole if relaxed is None else relaxed.serving
        self._kernel = _kernel(problem, prices, _WIDE_PAIRS)
        if problem.is_split or problem.apart:
            self._find_split(prices)
        else:
            self._anneal()
            self._prove(self._may_be_better(relaxed), until=1.0, holds_all=True)
        self._deal_anew(until=1.0)
        return self._result()

    def _find_split(self, prices: Floats | Integers) -> None:
        self._take(greedy(self._problem))
        if self._units is None or self._problem.serving.size <= _PROVED_PAIRS_MAX:
            everything = np.ones(self._problem.serving.shape, np.bool_)
            self._prove(everything, until=1.0, holds_all=True)
            return
        narrow = _kernel(self._problem, prices, _NARROW_PAIRS)
        self._prove(narrow | (self._units > 0), until=_KERNEL_PART, holds_all=False)

    def _anneal(self) -> None:
        """Anneal from several seeds, as many at a time as there are threads; at least once."""
        begin, threads = first_fit(self._problem), max(1, self._settings.threads)
        seed, longest = self._settings.seed, 0.0
        while not self._is_proved() and not self._is_over(_ANNEALING_PART, reserve=longest):
            since = self._clock()
            round_of = range(seed, seed + threads)
            for facility in in_threads(partial(self._annealed, begin), round_of, threads):
                if facility is not None:
                    self._take(units_of(self._problem, facility))
            seed += threads
            self._work += threads
            longest = (self._clock() - since) / 2

    def _annealed(self, begin: Integers, seed: int) -> Integers | None:
        return anneal(self._problem, begin, seed=seed)

    def _prove(self, keep: Flags, *, until: float, holds_all: bool) -> None:
        """Solve the programme over the pairs kept, until that part of time or work is gone.

        `holds_all`: whatever is cheaper than the best is among them, so that their bound is everybody's.
        """
        if self._is_proved() or self._is_over(until):
            return
        # A poor beginning costs a programme more time than it saves: a kernel begins by itself.
        within = holds_all and self._units is not None and not self._units[~keep].any()
        solved = solve_part(
            self._problem, keep, self._units if within else None, self._programme_limits(until)
        )
        if solved.serves is not None:
            self._take(route(self._problem, solved.serves))
        if holds_all:
            self._learn_bound(solved)
        self._work = max(self._work + 1, int((self._settings.work or 0) * until))

    def _learn_bound(self, solved: Solved) -> None:
        if solved.is_infeasible and self._units is None:
            self._is_infeasible = True
        elif solved.is_infeasible:
            self._raise_bound(self._cost)
        elif np.isfinite(solved.bound):
            self._raise_bound(solved.bound if self._units is None else min(solved.bound, self._cost))

    def _programme_limits(self, until: float) -> Limits:
        settings = self._settings
        if settings.work is not None:
            nodes = max(1, int(settings.work * until) - self._work) * _NODES_PER_WORK
            return Limits(seconds=settings.seconds, nodes=nodes, seed=settings.seed)
        left = self._seconds_left(until)
        return Limits(seconds=left, nodes=None, seed=settings.seed)

    def _may_be_better(self, relaxed: Relaxed | None) -> Flags:
        """Pairs that a cheaper assignment may use, by their reduced costs; all where nothing is known."""
        if relaxed is None or self._units is None:
            return np.ones(self._problem.serving.shape, np.bool_)
        spare = self._cost - 1 - relaxed.value + _LITTLE
        return (relaxed.serving <= spare) & (relaxed.opening <= spare)[:, None]

    def _deal_anew(self, *, until: float) -> None:
        """Deal anew what some facilities near each other serve, again and again, more of them where that is quick."""
        if self._units is None or self._problem.facilities < 2:
            return
        tries = 0
        while not self._is_proved() and not self._is_over(until):
            facilities = self._some_facilities(np.flatnonzero(self._units.any(axis=1)))
            since, before = self._clock(), self._cost
            freed = Freed(facilities=facilities, kernel=self._kernel)
            self._take(deal_anew(self._problem, self._units, freed, self._repair_limits(until)))
            self._work += 1
            tries = 0 if self._cost < before else tries + 1
            if len(facilities) == self._problem.facilities and tries > _TRIES_WITH_ALL:
                return
            self._resize(tries, self._clock() - since)

    def _some_facilities(self, opens: Integers) -> Integers:
        """One that is open, half as many as are freed nearest to it, and some of those that are near too."""
        around = self._near[int(self._chance.choice(opens)), : 2 * self._freed]
        nearest, rest = around[: self._freed // 2], self._chance.permutation(around[self._freed // 2 :])
        return np.sort(np.concatenate([nearest, rest])[: self._freed])

    def _resize(self, tries: int, seconds: float) -> None:
        """Free one more facility where the same number brought nothing for a while, fewer where it takes long."""
        if self._settings.work is None and seconds > _REPAIR_SECONDS / 2:
            self._freed = max(_FREED_LEAST, self._freed - 2)
        elif tries and tries % _TRIES_OF_A_SIZE == 0:
            self._freed = min(_FREED_MOST, self._freed + 1)

    def _repair_limits(self, until: float) -> Limits:
        if self._settings.work is not None:
            return Limits(seconds=self._settings.seconds, nodes=_REPAIR_NODES, seed=self._settings.seed)
        left = self._seconds_left(until)
        seconds = _REPAIR_SECONDS if left is None else min(_REPAIR_SECONDS, left)
        return Limits(seconds=seconds, nodes=None, seed=self._settings.seed)

    def _take(self, units: Integers | None) -> None:
        if units is None:
            return
        cost = price(self._problem, units)
        if self._units is None or cost < self._cost:
            self._units, self._cost = units, cost

    def _raise_bound(self, value: float) -> None:
        bound = ceil(value - 1e-4)  # costs are whole numbers
        self._bound = bound if self._bound is None else max(self._bound, bound)

    def _is_proved(self) -> bool:
        return self._units is not None and self._bound is not None and self._cost <= self._bound

    def _seconds_left(self, until: float = 1.0) -> float | None:
        if self._settings.seconds is None:
            return None
        return max(0.0, until * self._settings.seconds - (self._clock() - self._began))

    def _is_over(self, until: float = 1.0, *, reserve: float = 0.0) -> bool:
        """Whether that part of the work, or of the time but for a reserve of seconds, is gone."""
        left = self._seconds_left(until)
        is_worked_out = self._settings.work is not None and self._work >= self._settings.work * until
        return is_worked_out or (left is not None and left <= reserve)

    def _result(self) -> Result:
        if self._is_infeasible:
            status = Status.INFEASIBLE
        elif self._units is None:
            status = Status.NOTHING_FOUND
        else:
            status = Status.OPTIMAL if self._is_proved() else Status.STOPPED
        cost = None if self._units is None else price(self._problem, self._units)
        bound = None if self._is_infeasible else self._bound
        if bound is not None and cost is not None:
            bound = min(bound, cost)
        return Result(
            status=status,
            units=self._units,
            cost_minor=cost,
            bound_minor=bound,
            seed=self._settings.seed,
            seconds=self._clock() - self._began,
            work=self._work,
        )


def _kernel(problem: Problem, prices: Floats | Integers, pairs: int) -> Flags:
    """Return the pairs of each customer that cost least to use."""
    kernel: Flags = np.zeros(problem.serving.shape, np.bool_)
    least = np.argsort(prices, axis=0, kind="stable")[:pairs]
    kernel[least, np.arange(problem.customers)] = True
    return kernel
