"""Solve a wave: prices first, then a plan at those prices, then a better plan until it is time to stop."""

import time

import numpy as np

from loopline.sourcing.optimiser.candidates import prepare
from loopline.sourcing.optimiser.columns import Prepared
from loopline.sourcing.optimiser.patterns import Found, Terms, find_in_threads, find_patterns
from loopline.sourcing.optimiser.pool import Kept, merged, order_first
from loopline.sourcing.optimiser.prices import Steps, raise_prices
from loopline.sourcing.optimiser.problem import FINE, Floats, Integers, Problem, refuse_unsound
from loopline.sourcing.optimiser.reprice import reprice
from loopline.sourcing.optimiser.result import Progress, Result, Settings, Status, Tell
from loopline.sourcing.optimiser.shortages import explain_short
from loopline.sourcing.optimiser.stop import Clock, Stop
from loopline.sourcing.optimiser.writing import allocations_of

# How far above the best value the steps of each round of prices aim.
REACHES = (0.03, 0.02, 0.02, 0.01, 0.01, 0.005, 0.005, 0.003)
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
    search.run()
    return search.result()


class _Search:
    """What is known while a wave is being solved."""

    def __init__(self, problem: Problem, settings: Settings, stop: Stop, tell: Tell) -> None:
        self.problem = problem
        self.settings = settings
        self.stop = stop
        self.tell = tell
        self.prepared: Prepared = prepare(problem)
        self.rows = len(problem.stock.site)
        self.left: Integers = np.concatenate([problem.stock.units, problem.sites.capacity])
        self.orders: Integers = np.arange(problem.order_count)
        self.bound = 0 if not len(self.orders) else -(1 << 62)
        self.bound_prices: Integers = np.zeros(len(self.left), np.int64)
        self.dearest = 1.0 + float((problem.lines.units * problem.lines.unfilled).max(initial=0)) * 4
        self.plan: Found = self._place(np.zeros(len(self.left), np.int64), self.orders)
        self.cost = int(self.plan.cost.sum())

    def run(self) -> None:
        self._told("prices")
        if not len(self.orders):
            return
        price: Floats = np.zeros(len(self.left))
        pool = self._find(price, keep=40, within=2_000)
        for reach in REACHES:
            raised = raise_prices(pool, self.left.astype(np.float64), price, Steps(100, reach, self.dearest))
            price = raised.price
            fresh = self._find(price, keep=40, within=2_000)
            none = np.full(len(self.orders), -1, np.int64)
            pool, _ = merged(pool, fresh, len(self.orders), Kept(price, 3_000.0 * FINE, none))
            self.stop.work += 1
            self._told("prices")
            if self.stop.is_over():
                break
        plan = self._place(self.bound_prices, self._by_regret(pool))
        if int(plan.cost.sum()) < self.cost:
            self.plan, self.cost = plan, int(plan.cost.sum())
        self._told("plan")

    def _told(self, stage: str) -> None:
        self.tell(Progress(stage=stage, cost=self.cost, bound=self.bound))

    def _terms(self, price: Integers, *, keep: int, within: int, take: bool = False) -> Terms:
        left = self.left.copy() if take else self.left
        return Terms(
            row_price=price[: self.rows],
            site_price=price[self.rows :],
            row_left=left[: self.rows],
            site_left=left[self.rows :],
            split=self.problem.costs.split,
            least_value=self.problem.limits.least_value,
            keep=keep,
            within=within * FINE,
            take=take,
        )

    def _find(self, price: Floats, *, keep: int, within: int) -> Found:
        """Find patterns at prices, and raise the bound if the Lagrangian is higher there than it ever was."""
        whole = np.rint(price).astype(np.int64)
        terms = self._terms(whole, keep=keep, within=within)
        found = find_in_threads(self.prepared, terms, self.orders, self.settings.threads)
        first = order_first(found, len(self.orders))[:-1]
        value = int(found.priced[first].sum()) - int((whole * self.left).sum())
        if value > self.bound:
            self.bound, self.bound_prices = value, whole
        return found

    def _place(self, price: Integers, orders: Integers) -> Found:
        """Serve orders in turn, each by its cheapest pattern at prices within what is left."""
        terms = self._terms(price, keep=1, within=0, take=True)
        return find_patterns(self.prepared.columns, self.prepared.shapes, terms, orders)

    def _by_regret(self, pool: Found) -> Integers:
        first = order_first(pool, len(self.orders))
        regret = np.zeros(len(self.orders), np.int64)
        many = np.flatnonzero(np.diff(first) > 1)
        regret[many] = pool.priced[first[many] + 1] - pool.priced[first[many]]
        return np.argsort(-regret, kind="stable")

    def result(self) -> Result:
        """Price the plan again and say what there is to say of it."""
        problem = self.problem
        allocations = allocations_of(problem, self.prepared.columns, self.plan)
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
