"""Solve a wave: prices first, then a plan at those prices, then a better plan until it is time to stop."""

import time
from typing import NamedTuple

import numpy as np

from loopline.sourcing.optimiser.candidates import prepare
from loopline.sourcing.optimiser.columns import Prepared
from loopline.sourcing.optimiser.compiled import in_threads
from loopline.sourcing.optimiser.master import Effort, Master, choose_patterns, relax
from loopline.sourcing.optimiser.neighbourhoods import (
    Standing,
    around,
    left_after,
    lost_by_pattern,
    part_of,
    regret,
)
from loopline.sourcing.optimiser.patterns import Terms, find_in_threads, least_possible
from loopline.sourcing.optimiser.pool import Kept, leaving_all, merged, order_first, picked
from loopline.sourcing.optimiser.prices import Steps, raise_prices
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
from loopline.sourcing.optimiser.result import Progress, Result, Settings, Status, Tell
from loopline.sourcing.optimiser.shortages import explain_short
from loopline.sourcing.optimiser.stop import Clock, Stop
from loopline.sourcing.optimiser.writing import allocations_of

# How far above the best value the steps of each round of prices aim, and how far from cheapest patterns are looked for.
ROUNDS = (
    (0.03, 2_000),
    (0.03, 2_000),
    (0.02, 1_500),
    (0.02, 1_000),
    (0.01, 800),
    (0.01, 600),
    (0.007, 600),
    (0.005, 600),
    (0.003, 600),
    (0.003, 600),
)
_RELAXED_ORDERS_MAX = 6_000  # beyond these the linear relaxation of the whole takes too long
_TOGETHER_ORDERS_MAX = 1_500  # up to these, one master problem of the whole is solved
_TOGETHER = (
    2  # parts solved at the same time, whatever the processors, so that the result does not depend on these
)
_WHOLE_ORDERS_MAX = 300  # up to these, a plan is bettered as a whole
_WARM, _COLD = 400.0, 1.0  # minor units: about how much dearer a plan may get, at first and at last
_TURNS, _TURNS_TIMED = (
    60,
    1 << 30,
)  # of orders out and back, where the clock does not end it, and where it does
# Of the time that is left when there is a first plan, where a master problem of the whole follows, and where none does.
_RECREATED_OF_SMALL, _RECREATED = 0.3, 0.9
_CLUSTER = 60  # orders that compete with one, taken together into a part
_USUAL = Settings()


class _Wide(NamedTuple):
    """Of how many patterns of an order a plan is made, and how much dearer than its cheapest these are at most."""

    keep: int
    within: int  # minor units


_WIDE, _WIDE_OF_MANY = _Wide(150, 6_000), _Wide(40, 3_000)


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
        price: Floats = np.zeros(len(self.left))
        self._learn(price, keep=40, within=2_000)
        for reach, within in ROUNDS:
            if self.stop.is_over() or self.stop.part() > 0.35:
                break
            raised = raise_prices(
                self.pool, self.left.astype(np.float64), price, Steps(100, reach, self.dearest)
            )
            price = raised.price
            if self._learn(price, keep=40, within=within) < self.bound:
                price = self.bound_prices.astype(np.float64)
            self.stop.work += 1
            self._told("prices")

    def _learn(self, price: Floats, *, keep: int, within: int) -> int:
        """Find patterns at prices and take them into the pool; return the Lagrangian there, a bound, exactly."""
        whole = np.rint(price).astype(np.int64)
        terms = Terms(
            row_price=whole[: self.rows],
            site_price=whole[self.rows :],
            row_left=self.left[: self.rows],
            site_left=self.left[self.rows :],
            split=self.problem.costs.split,
            least_value=self.problem.limits.least_value,
            keep=keep,
            within=within * FINE,
        )
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
        """Make a plan at prices, better it by taking orders out and back, and finish a small wave as a whole."""
        self._sort_pool()
        self.price = self.bound_prices.astype(np.float64)
        count = len(self.orders)
        if (
            count <= _RELAXED_ORDERS_MAX
            and self.stop.left() > _RELAXED_ORDERS_MAX / 400
            and not self.stop.is_over()
        ):
            self.price = self._relax(self.price)
        if not self.stop.is_over():
            wide = _WIDE if count <= _RELAXED_ORDERS_MAX else _WIDE_OF_MANY
            self._learn(self.price, keep=wide.keep, within=wide.within)
            self._sort_pool()
        self._plan_from()
        is_whole = count <= _TOGETHER_ORDERS_MAX
        self._recreate(_RECREATED_OF_SMALL if is_whole else _RECREATED)
        if is_whole and not self.stop.is_over():
            self._choose_together()

    def _choose_together(self) -> None:
        """Choose among the patterns that lose little, for all orders at once."""
        first = order_first(self.pool, len(self.orders))
        lost = lost_by_pattern(self.pool, first, self.price)
        left = left_after(self.pool, self.plan, self.left)
        standing = Standing(self.pool, first, self.plan, left, lost)
        master, patterns = part_of(standing, self.orders, left, 600.0 * FINE)
        self.plan = patterns[choose_patterns(master, self._effort(0.6, 1e-4))]
        self._told("plan")

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
        """Take orders out and put them back for a part of the time that is left, colder and colder."""
        first = order_first(self.pool, len(self.orders))
        lost = lost_by_pattern(self.pool, first, self.price)
        desk = new_desk(self.pool, first, self.left)
        take_some(desk, self.plan)
        state = np.array([int(self.random.integers(1, 1 << 62))], np.int64)
        ground = Ground(desk, by_price(lost, first), lost, state)
        order_of = order_of_entries(self.pool)
        begun, is_timed = self.stop.part(), self.settings.seconds is not None
        until = begun + part * (1.0 - begun)
        for turn in range(_TURNS_TIMED if is_timed else _TURNS):
            gone = (self.stop.part() - begun) / max(until - begun, 1e-9) if is_timed else turn / _TURNS
            if gone >= 1.0 or self.stop.is_over(reserve=0.3) or self.is_near:
                break
            warmth = _WARM * FINE * (_COLD / _WARM) ** min(1.0, max(0.0, gone))
            recreate(ground, order_of, self.orders, min(4 * len(self.orders), 20_000), warmth)
            if self.pool.cost[desk.plan].sum() < self.cost:
                self.plan = desk.plan.copy()
            self._told("orders out and back")
        self.stop.work += 1

    def _relax(self, price: Floats) -> Floats:
        """Raise the bound to that of the linear relaxation, learning what it lacks; return its prices."""
        self._narrow(1_500 if len(self.orders) <= _TOGETHER_ORDERS_MAX else 600)
        for _ in range(3):
            relaxed = relax(Master(self.pool, self.left, self.plan))
            if relaxed is None:
                return price
            value = self._learn(relaxed.price, keep=8, within=300)
            self.stop.work += 1
            self._sort_pool()
            if value == self.bound:
                price = relaxed.price
            if value > relaxed.value - 0.0003 * abs(relaxed.value) or self.stop.part() > 0.4:
                break
        return price

    def _narrow(self, within: int) -> None:
        first = order_first(self.pool, len(self.orders))
        lost = lost_by_pattern(self.pool, first, self.bound_prices.astype(np.float64))
        stays = lost <= within * FINE
        stays |= self.pool.first[1:] == self.pool.first[:-1]
        stays[self.plan] = True
        kept = np.flatnonzero(stays)
        where = np.cumsum(stays) - 1
        self.pool, self.plan = picked(self.pool, kept), where[self.plan]

    def _sort_pool(self) -> None:
        turn = np.lexsort((self.pool.cost, self.pool.order))
        where = np.empty(len(turn), np.int64)
        where[turn] = np.arange(len(turn))
        self.pool, self.plan = picked(self.pool, turn), where[self.plan]

    def _effort(self, part: float, gap: float) -> Effort:
        return Effort(seconds=max(0.05, part * self.stop.left()), nodes=2_000, gap=gap)

    # neighbourhoods

    def better_plan(self) -> None:
        """Solve parts of the plan anew until it is time to stop, or nothing has got better for long."""
        if len(self.orders) <= _WHOLE_ORDERS_MAX and not self.is_near:
            # No pattern that loses more than the gap is in a better plan: with all others the answer is exact.
            self.price = self.bound_prices.astype(np.float64)
            self._learn(self.price, keep=500, within=(self.cost - self.bound) // FINE + 1)
            self._sort_pool()
        first = order_first(self.pool, len(self.orders))
        lost = lost_by_pattern(self.pool, first, self.price)
        visits, idle = np.zeros(len(self.orders)), 0
        size = self._size()
        while not (self.stop.is_over(reserve=0.3) or self.is_near or idle > 60):
            standing = Standing(
                self.pool, first, self.plan, left_after(self.pool, self.plan, self.left), lost
            )
            parts = self._parts(standing, visits, size)
            before = self.cost
            self._solve_parts(standing, parts)
            for part in parts:
                visits[part] += 1
            idle = 0 if self.cost < before else idle + 1
            self.stop.work += 1
            self._told("neighbourhoods")
            if len(parts[0]) == len(self.orders):
                break

    def _size(self) -> int:
        count = len(self.orders)
        if count <= _WHOLE_ORDERS_MAX:
            return count
        return 350 if count <= 2_000 else 900

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
        if size == len(self.orders):
            return [self.orders]
        return parts

    def _solve_parts(self, standing: Standing, parts: list[Integers]) -> None:
        turn = self.random.integers(0, len(parts), len(standing.left))
        spares = [np.where(turn == number, standing.left, 0) for number in range(len(parts))]
        within = 400.0 * FINE
        if len(parts[0]) == len(self.orders):
            within = max(within, float(self.cost - self.bound))
        masters = [part_of(standing, part, spare, within) for part, spare in zip(parts, spares, strict=True)]
        effort = self._effort(0.3, 2e-5)._replace(nodes=200)
        effort = effort._replace(seconds=min(effort.seconds, 8.0))
        chosen = in_threads(
            lambda master: choose_patterns(master, effort),
            [master for master, _ in masters],
            self.settings.threads,
        )
        for (_, patterns), one in zip(masters, chosen, strict=True):
            taken = patterns[one]
            self.plan[self.pool.order[taken]] = taken

    def _told(self, stage: str) -> None:
        self.tell(Progress(stage=stage, cost=self.cost, bound=self.bound))

    def result(self) -> Result:
        """Price the plan again and say what there is to say of it."""
        problem = self.problem
        allocations = allocations_of(problem, self.prepared.columns, picked(self.pool, self.plan))
        terms = reprice(problem, allocations)
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
            short=explain_short(problem, allocations),
            bound=self.bound,
            stock_prices=self.bound_prices[: self.rows],
            capacity_prices=self.bound_prices[self.rows :],
            seed=self.settings.seed,
            seconds=self.stop.seconds,
            work=self.stop.work,
        )
