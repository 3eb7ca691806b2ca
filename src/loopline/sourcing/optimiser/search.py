"""Solve a wave: prices first, then a plan at those prices, then a better plan until it is time to stop."""

import time
from functools import partial
from typing import NamedTuple

import numpy as np

from loopline.sourcing.optimiser.candidates import prepare
from loopline.sourcing.optimiser.columns import Prepared
from loopline.sourcing.optimiser.compiled import in_threads
from loopline.sourcing.optimiser.master import Effort, Master, choose_patterns
from loopline.sourcing.optimiser.neighbourhoods import (
    Standing,
    around,
    left_after,
    lost_by_pattern,
    part_of,
    regret,
    wanted_by,
)
from loopline.sourcing.optimiser.patterns import Terms, least_possible
from loopline.sourcing.optimiser.pool import Kept, find_in_threads, leaving_all, merged, order_first, picked
from loopline.sourcing.optimiser.prices import Steps, new_climb, raise_prices
from loopline.sourcing.optimiser.problem import FINE, Floats, Integers, Problem, refuse_unsound
from loopline.sourcing.optimiser.recreate import (
    Ground,
    by_price,
    new_desk,
    order_of_entries,
    place,
    recreate,
    take_some,
)
from loopline.sourcing.optimiser.reprice import reprice
from loopline.sourcing.optimiser.result import (
    Allocations,
    Progress,
    Result,
    Settings,
    Short,
    Status,
    Tell,
)
from loopline.sourcing.optimiser.result import Terms as RepricedTerms
from loopline.sourcing.optimiser.shortages import explain_short
from loopline.sourcing.optimiser.stop import Clock, Stop
from loopline.sourcing.optimiser.writing import allocations_of


class _Round(NamedTuple):
    """A round of prices: steps on the pool, then the patterns that it lacks at the prices reached."""

    steps: int
    reach: float  # the steps aim so far above the best value yet, as a part of it
    keep: int  # at most so many patterns of an order are taken in
    within: int  # and none dearer than its cheapest by more than this, in minor units


# Early prices are far from what they will be, and so is what is cheap at them: few patterns then.
_EARLY, _LATE = _Round(100, 0.05, 10, 1_000), _Round(100, 0.02, 20, 600)
_EARLY_ROUNDS, _ROUNDS = 5, 24
_PRICED = 0.5  # no round of prices begins when this part of the time is gone
_RISEN = 1e-5  # nor when the last raised the bound by no more than this part of it


class _Wide(NamedTuple):
    """Of how many patterns of an order a plan is made, and how much dearer than its cheapest these are at most."""

    keep: int
    within: int  # minor units


_WIDE, _NARROW = _Wide(100, 4_000), _Wide(30, 2_000)
_LOSER, _OF_LOSER = 1_000, _Wide(200, 8_000)  # minor units: who loses that much in a first plan gets more
_WIDE_FROM = 0.004  # seconds an order: with less there is no time for many patterns


class _Heat(NamedTuple):
    """How orders are taken out and put back: about how much dearer a plan may get at first, and for how long."""

    warm: float  # minor units
    turns: int  # where the clock does not end it


_FIRST, _AGAIN = _Heat(400.0, 60), _Heat(60.0, 6)
_COLD = 1.0  # minor units: how much dearer it may get at last
_AGAIN_SECONDS = 0.001  # for each order of the wave, but at most so many together
_AGAIN_SECONDS_MOST = 6.0
_PARTS_BETWEEN = 4  # so often parts are chosen for before the plan is warmed up again
_TURNS_TIMED = 1 << 30
_CROSSED = (0, 200, 400)
"""Minor units: where plans differ, patterns that lose no more are chosen among besides theirs."""
_RECREATED, _RECREATED_IN_HASTE = 0.15, 0.5  # of the time that is left, where master problems follow
_TOGETHER = 2  # parts solved at once, whatever the processors, so that the result does not depend on these
_LOSING = (100, 200, 400, 800, 1_600)  # minor units: patterns that lose no more than this are chosen among
# The same for parts, and how large these are of `Settings.part`; the next when one yields less than a part of the cost.
_LOSING_OF_PART, _YIELD = ((100, 1.0), (200, 1.0), (400, 0.8)), 3e-4
_CLUSTER = 60  # orders that compete with one, taken together into a part
_ENDING = 1.3  # the last plan takes about as long to write down as the first: so much of what that took is kept back
_SMALL = 300  # up to so many orders every pattern that can matter is looked at
_USUAL = Settings()


def solve(
    problem: Problem,
    settings: Settings = _USUAL,
    *,
    tell: Tell = lambda _: None,
    clock: Clock = time.perf_counter,
) -> Result:
    """Return the best plan that time or work allows, priced again independently, with a bound.

    Raises `Refused` with an `UnsoundProblem` for a problem that cannot be right, and nothing for needs that cannot be
    served: these come back as `Result.short`.
    """
    stop = Stop(settings, clock)
    refuse_unsound(problem)
    search = _Search(problem, settings, stop, tell)
    if problem.order_count:
        search.raise_prices()
        search.make_plan()
        search.better_plan()
    return search.result()


class _Search:
    """What is known while a wave is being solved. `plan` is by order: a pattern of `pool`."""

    def __init__(self, problem: Problem, settings: Settings, stop: Stop, tell: Tell) -> None:
        self.problem = problem
        self.settings = settings
        self.stop = stop
        self.tell = tell
        self.prepared: Prepared = prepare(problem)
        self.rows = len(problem.stock.site)
        self.left: Integers = np.concatenate([problem.stock.units, problem.sites.capacity])
        self.orders: Integers = np.arange(problem.order_count)
        order_of_line = np.repeat(self.orders, np.diff(problem.lines.start))
        leaving: Integers = np.zeros(problem.order_count, np.int64)
        np.add.at(leaving, order_of_line, problem.lines.units * problem.lines.unfilled)
        self._leaving = leaving
        self.pool = leaving_all(leaving)
        self.plan: Integers = self.orders.copy()
        self.dearest = 1.0 + 4.0 * float(leaving.max(initial=0))
        self.bound = -(1 << 62) if problem.order_count else 0
        self.bound_prices: Integers = np.zeros(len(self.left), np.int64)
        self.price: Floats = np.zeros(len(self.left))
        self.random = np.random.default_rng(settings.seed)
        self.ending = 0.0

    @property
    def cost(self) -> int:
        """What the plan costs."""
        return int(self.pool.cost[self.plan].sum())

    @property
    def is_near(self) -> bool:
        """Whether the gap that was asked for is reached."""
        return self.cost - self.bound <= max(self.settings.gap * abs(self.bound), 1)

    # prices

    def raise_prices(self) -> None:
        """Raise the bound, and gather the patterns that matter at prices near the best."""
        climb = new_climb(len(self.left))
        self._learn(climb.price, keep=_EARLY.keep, within=2_000)
        for number in range(_ROUNDS):
            if self.stop.is_over() or self.stop.part() > _PRICED:
                break
            one = _EARLY if number < _EARLY_ROUNDS else _LATE
            raise_prices(
                self.pool, self.left.astype(np.float64), climb, Steps(one.steps, one.reach, self.dearest)
            )
            before = self.bound
            if self._learn(climb.price, keep=one.keep, within=one.within) < before:
                climb.price[:] = self.bound_prices
            self.stop.work += 1
            self._told("prices")
            if number > _EARLY_ROUNDS and self.bound - before <= _RISEN * abs(self.bound):
                break

    def _terms(self, whole: Integers, keep: int, within: int) -> Terms:
        return Terms(
            row_price=whole[: self.rows],
            site_price=whole[self.rows :],
            row_left=self.left[: self.rows],
            site_left=self.left[self.rows :],
            split=self.problem.costs.split,
            least_value=self.problem.limits.least_value,
            keep=keep,
            within=within * FINE,
        )

    def _learn(self, price: Floats, *, keep: int, within: int) -> int:
        """Find patterns at prices and take them into the pool; return the Lagrangian there, a bound, exactly."""
        whole = np.rint(price).astype(np.int64)
        terms = self._terms(whole, keep, within)
        found = find_in_threads(self.prepared, terms, self.orders, self.settings.threads)
        cheapest = order_first(found, len(self.orders))[:-1]
        least = found.priced[cheapest]
        unsure = np.flatnonzero(~self.prepared.exact)
        least[unsure] = least_possible(self.prepared.columns, terms, unsure)
        value = int(least.sum()) - int((whole * self.left).sum())
        if value > self.bound:
            self.bound, self.bound_prices = value, whole
        centre = self.bound_prices.astype(np.float64)
        self.pool, self.plan = merged(
            self.pool, found, len(self.orders), Kept(centre, 1.5 * within * FINE, self.plan)
        )
        return value

    # plan

    def make_plan(self) -> None:
        """Make a plan at prices, and better it by taking orders out and back."""
        self.price = self.bound_prices.astype(np.float64)
        if not self.stop.is_over():
            wide = _WIDE if self._has_time else _NARROW
            self._learn(self.price, keep=wide.keep, within=wide.within)
        self._sort_pool()
        self._plan_from()
        if self.settings.seconds is not None:
            self._time_ending()
        self._learn_for_losers()
        self._recreate(self._recreated())

    def _time_ending(self) -> None:
        """Measure on the first plan how long writing one down and pricing it again takes: that much is kept back."""
        begun = self.stop.seconds
        self._written()
        self.ending = _ENDING * (self.stop.seconds - begun)

    @property
    def _has_time(self) -> bool:
        """Whether the time allows many patterns, and master problems."""
        return (self.settings.seconds or np.inf) >= _WIDE_FROM * len(self.orders)

    def _recreated(self) -> float:
        """Return which part of the time left goes to taking out and putting back; the rest is for master problems."""
        if not self._has_time:
            return 1.0
        if len(self.orders) <= self.settings.part or self.stop.left() > 4 * _WIDE_FROM * len(self.orders):
            return _RECREATED
        return _RECREATED_IN_HASTE

    def _learn_for_losers(self) -> None:
        """Find many more patterns for the orders that lose much in the plan: what they wanted is gone."""
        first = order_first(self.pool, len(self.orders))
        lost = lost_by_pattern(self.pool, first, self.price)[self.plan]
        losers = np.flatnonzero(lost > _LOSER * FINE)
        if not len(losers):
            return
        terms = self._terms(np.rint(self.price).astype(np.int64), _OF_LOSER.keep, _OF_LOSER.within)
        found = find_in_threads(self.prepared, terms, losers, self.settings.threads)
        kept = Kept(self.price, np.inf, self.plan)
        self.pool, self.plan = merged(self.pool, found, len(self.orders), kept)
        self._sort_pool()
        self._plan_from()

    def _plan_from(self) -> None:
        """Serve orders at prices, those first that lose most by coming late; kept if it costs less."""
        first = order_first(self.pool, len(self.orders))
        lost = lost_by_pattern(self.pool, first, self.price)
        desk = new_desk(self.pool, first, self.left)
        place(desk, regret(lost, first), self.price)
        if self.pool.cost[desk.plan].sum() < self.cost:
            self.plan = desk.plan
        self._told("plan")

    def _recreate(self, part: float) -> None:
        """Take orders out and put them back for a part of the time that is left, twice, and cross what comes of it."""
        is_timed = self.settings.seconds is not None
        self._cross(self._anneal(_FIRST, seconds=part * max(0.0, self._left()) if is_timed else None))
        self.stop.work += 1

    def _anneal(self, heat: _Heat, *, seconds: float | None) -> list[Integers]:
        """Take orders out and put them back, colder and colder, from the plan as it stands; two plans by other chances.

        The cheapest seen on the way is kept as the plan.
        """
        first = order_first(self.pool, len(self.orders))
        lost = lost_by_pattern(self.pool, first, self.price)
        entries = order_of_entries(self.pool)
        cheapest = by_price(lost, first)
        grounds: list[Ground] = []
        for _ in range(_TOGETHER):
            desk = new_desk(self.pool, first, self.left)
            take_some(desk, self.plan)
            state = np.array([int(self.random.integers(1, 1 << 62))], np.int64)
            grounds.append(Ground(desk, cheapest, lost, state))
        begun, steps = self.stop.seconds, min(4 * len(self.orders), 20_000)
        for turn in range(_TURNS_TIMED if seconds is not None else heat.turns):
            gone = (
                (self.stop.seconds - begun) / max(seconds, 1e-9) if seconds is not None else turn / heat.turns
            )
            if gone >= 1.0 or self._is_done():
                break
            warmth = heat.warm * FINE * (_COLD / heat.warm) ** min(1.0, gone)
            in_threads(partial(_tried, (entries, self.orders, steps, warmth)), grounds, self.settings.threads)
            for ground in grounds:
                if self.pool.cost[ground.desk.plan].sum() < self.cost:
                    self.plan = ground.desk.plan.copy()
            self._told("orders out and back")
        return [ground.desk.plan for ground in grounds]

    def _cross(self, others: list[Integers]) -> None:
        """Choose anew, as well as HiGHS can, for the orders that other plans serve otherwise: the best of all of them.

        What all plans agree on stays, and is nearly everything: the rest is a small problem of plans that fit. Crossing
        solutions by a sub-problem is Rothberg's (2007, "An evolutionary algorithm for polishing mixed integer
        programming solutions").
        """
        first = order_first(self.pool, len(self.orders))
        lost = lost_by_pattern(self.pool, first, self.price)
        for within in _CROSSED:
            differ = np.flatnonzero(np.any([other != self.plan for other in others], axis=0))
            if not 0 < len(differ) <= _TOGETHER * self.settings.part or self._is_done():
                break
            left = left_after(self.pool, self.plan, self.left)
            standing = Standing(self.pool, first, self.plan, left, lost)
            master = part_of(standing, differ, left, float(within) * FINE, others)
            effort = Effort(seconds=self._seconds(0.5, 10.0), nodes=2_000, gap=1e-4)
            (taken,) = self._choose([master], effort)
            self.plan[self.pool.order[taken]] = taken
        self._told("crossed")

    def _sort_pool(self) -> None:
        turn = np.lexsort((self.pool.cost, self.pool.order))
        where = np.empty(len(turn), np.int64)
        where[turn] = np.arange(len(turn))
        self.pool, self.plan = picked(self.pool, turn), where[self.plan]

    # master problems

    def better_plan(self) -> None:
        """Choose among patterns by master problems: of the whole, or of parts, until it is time to stop."""
        if len(self.orders) <= _SMALL and not self.is_near:
            # No pattern that loses more than the gap is in a better plan: with all others the answer is exact.
            self.price = self.bound_prices.astype(np.float64)
            self._learn(self.price, keep=500, within=(self.cost - self.bound) // FINE + 1)
            self._sort_pool()
        first = order_first(self.pool, len(self.orders))
        lost = lost_by_pattern(self.pool, first, self.price)
        if len(self.orders) <= self.settings.part:
            self._better_whole(first, lost)
        else:
            self._better_parts(first, lost)

    def _better_whole(self, first: Integers, lost: Floats) -> None:
        """Choose for all orders at once among ever more patterns, each time from the best plan so far."""
        enough = (self.cost - self.bound) // FINE + 1
        most = enough if len(self.orders) <= _SMALL else min(enough, _LOSING[-1])
        widths = sorted({min(one, most) for one in _LOSING} | {most})
        for at in range(0, len(widths), _TOGETHER):
            if self._is_done():
                break
            left = left_after(self.pool, self.plan, self.left)
            standing = Standing(self.pool, first, self.plan, left, lost)
            masters = [
                part_of(standing, self.orders, left, float(within) * FINE)
                for within in widths[at : at + _TOGETHER]
            ]
            effort = Effort(seconds=self._seconds(0.7, np.inf), nodes=2_000, gap=1e-5)
            plans = self._choose(masters, effort)
            self.plan = min(plans, key=lambda plan: int(self.pool.cost[plan].sum()))
            self.stop.work += 1
            self._told("master")

    def _better_parts(self, first: Integers, lost: Floats) -> None:
        """Choose for two parts at once until nothing yields for long; now and then warm up, and cross what comes of it.

        Parts choose among more patterns when fewer yield no more.
        """
        visits, level, idle, turn = np.zeros(len(self.orders)), 0, 0, 0
        idle_most = 10 + 4 * len(self.orders) // self.settings.part
        while not self._is_done() and idle < idle_most:
            before = self.cost
            turn += 1
            if turn % (_PARTS_BETWEEN + 1) == 0:
                self._warm_up()
                level, idle = 0, (0 if self.cost < before else idle + 1)
                continue
            left = left_after(self.pool, self.plan, self.left)
            standing = Standing(self.pool, first, self.plan, left, lost)
            losing, of_part = _LOSING_OF_PART[level]
            size = max(1, min(int(of_part * self.settings.part), len(self.orders) // _TOGETHER))
            parts = self._parts(standing, visits, size)
            self._solve_parts(standing, parts, losing)
            for part in parts:
                visits[part] += 1
            idle = 0 if self.cost < before else idle + 1
            if before - self.cost < _YIELD * before:
                level = min(level + 1, len(_LOSING_OF_PART) - 1)
            self.stop.work += 1
            self._told("parts")

    def _warm_up(self) -> None:
        seconds = min(_AGAIN_SECONDS * len(self.orders), _AGAIN_SECONDS_MOST)
        self._cross(self._anneal(_AGAIN, seconds=None if self.settings.seconds is None else seconds))

    def _is_done(self) -> bool:
        return self.is_near or self._left() <= 0 or self.stop.is_over()

    def _left(self) -> float:
        """Return the seconds left for the search: what writing and pricing the result takes is kept back."""
        return self.stop.left() - self.ending

    def _seconds(self, part: float, most: float) -> float:
        """Return how long a master problem may take: a part of what is left; without a clock for ever."""
        left = self._left()
        return min(max(0.05, part * left), most) if np.isfinite(left) else np.inf

    def _parts(self, standing: Standing, visits: Floats, size: int) -> list[Integers]:
        is_taken = np.zeros(len(self.orders), np.int64)
        parts: list[Integers] = []
        for _ in range(_TOGETHER):
            weight = np.sqrt(standing.lost[self.plan] + 1.0) / (1.0 + visits) ** 2
            weight[is_taken > 0] = 0.0
            if weight.sum() <= 0:
                break
            part: list[Integers] = []
            while sum(len(one) for one in part) < size and weight.sum() > 0:
                seed = int(self.random.choice(len(weight), p=weight / weight.sum()))
                part.append(around(standing, seed, min(_CLUSTER, size), is_taken))
                weight[is_taken > 0] = 0.0
            parts.append(np.concatenate(part))
        return parts

    def _solve_parts(self, standing: Standing, parts: list[Integers], losing: int) -> None:
        wanted = np.stack([wanted_by(standing, part, float(losing) * FINE) for part in parts])
        turn = np.argmax(wanted, axis=0)
        spares = [np.where(turn == number, standing.left, 0) for number in range(len(parts))]
        within = float(losing) * FINE
        masters = [part_of(standing, part, spare, within) for part, spare in zip(parts, spares, strict=True)]
        effort = Effort(seconds=self._seconds(0.5, 25.0), nodes=2_000, gap=1e-4)
        for taken in self._choose(masters, effort):
            self.plan[self.pool.order[taken]] = taken

    def _choose(self, masters: list[tuple[Master, Integers]], effort: Effort) -> list[Integers]:
        """Solve master problems at once; return which patterns of the pool each chose."""
        chosen = in_threads(
            lambda master: choose_patterns(master, effort),
            [master for master, _ in masters],
            self.settings.threads,
        )
        return [patterns[one] for (_, patterns), one in zip(masters, chosen, strict=True)]

    def _told(self, stage: str) -> None:
        self.tell(Progress(stage=stage, cost=self.cost, bound=self.bound))

    def _written(self) -> tuple[Allocations, RepricedTerms, tuple[Short, ...]]:
        """The plan as allocations, priced again, and what it leaves."""
        allocations = allocations_of(self.problem, self.prepared.columns, picked(self.pool, self.plan))
        return allocations, reprice(self.problem, allocations), explain_short(self.problem, allocations)

    def result(self) -> Result:
        """Price the plan again and say what there is to say of it."""
        allocations, terms, short = self._written()
        gap = (terms.total - self.bound) / max(abs(self.bound), 1)
        status = Status.STOPPED
        if terms.total - self.bound < FINE:
            status = Status.OPTIMAL
        elif gap <= self.settings.gap:
            status = Status.NEAR_ENOUGH
        return Result(
            status=status,
            allocations=allocations,
            terms=terms,
            short=short,
            bound=self.bound,
            stock_prices=self.bound_prices[: self.rows],
            capacity_prices=self.bound_prices[self.rows :],
            seed=self.settings.seed,
            seconds=self.stop.seconds,
            work=self.stop.work,
        )


def _tried(how: tuple[Integers, Integers, int, float], ground: Ground) -> int:
    """`recreate` with the ground last."""
    return recreate(ground, *how)
