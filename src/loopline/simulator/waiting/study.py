"""Decide one day of orders in every way, and price each plan by the same code.

A window of 0 gives each order, as it comes, its cheapest parcels of what is left. Other windows gather what came and
solve it as one wave; deciding again, they take with them the orders of the last hour that did not move before. The plan
that knows the whole day beforehand is the measure. What is near now may be dear later: with prices, stock and capacity
cost what they were worth on another day of the same country, which is what a shop knows of today (Acimovic and Graves
2015, "Making better fulfillment decisions on the fly in an online retail environment").
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

import msgspec
import numpy as np

from loopline.simulator.waiting.country import Asked, draw_day
from loopline.sourcing.day_worth import RowPrice, is_thin, worth_of_thin
from loopline.sourcing.optimiser.candidates import prepare
from loopline.sourcing.optimiser.instance import problem_of
from loopline.sourcing.optimiser.opportunity import Worth, nothing_later, with_worth
from loopline.sourcing.optimiser.patterns import Terms, find_patterns
from loopline.sourcing.optimiser.problem import FINE, Floats, Integers, Lines, Orders, Problem, Surcharges
from loopline.sourcing.optimiser.reprice import reprice
from loopline.sourcing.optimiser.result import Allocations, Result, Settings
from loopline.sourcing.optimiser.search import solve
from loopline.sourcing.optimiser.writing import allocations_of
from loopline.sourcing.settings import Reoptimising

WAYS = ((0, 0), (15, 0), (15, 60), (60, 0), (240, 0))
"""How long orders wait, and for how long nobody begins their work, so that it may be decided again: minutes."""
_MOVE = Reoptimising().move_minor * FINE
_SKUS_OF_CATEGORY = 20
"""SKUs that sell about equally well are of one category."""
_WAVE = Settings(seconds=None, work=40, gap=5e-4)


class Waited(msgspec.Struct, frozen=True, kw_only=True):
    """One way to decide the day. `above` is the part of the clairvoyant plan's cost by which it is dearer."""

    window_minutes: int
    again_minutes: int  # for how long what was decided is decided again with later waves
    priced: bool  # whether stock and capacity had prices, of another day
    cost_minor: int
    above: float
    mean_wait_minutes: float
    parcels: int
    unfilled_units: int


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a study found. `gap` is how far the clairvoyant plan may be above the best there is."""

    orders: int
    sites: int
    seed: int
    cover: float
    load: float
    clairvoyant_minor: int
    clairvoyant_unfilled_units: int
    gap: float
    ways: list[Waited]


_NOTHING = Allocations(
    order=np.zeros(0, np.int64),
    line=np.zeros(0, np.int64),
    site=np.zeros(0, np.int64),
    units=np.zeros(0, np.int64),
)


class _Left:
    """What a day's decisions have left."""

    def __init__(self, problem: Problem) -> None:
        self._sku = problem.lines.sku
        sites, skus = problem.stock.site.tolist(), problem.stock.sku.tolist()
        self._row_of = {pair: row for row, pair in enumerate(zip(sites, skus, strict=True))}
        self.units: Integers = problem.stock.units.copy()
        self.capacity: Integers = problem.sites.capacity.copy()

    def change(self, rows: Allocations, *, sign: int) -> None:
        """Take what an order uses off (`sign` -1), or give it back (1)."""
        pairs = zip(rows.site.tolist(), self._sku[rows.line].tolist(), strict=True)
        np.add.at(self.units, [self._row_of[pair] for pair in pairs], sign * rows.units)
        np.add.at(self.capacity, np.unique(rows.site), sign)


def study(asked: Asked, *, seconds: float, told: Callable[[str], None] = lambda _: None) -> Found:
    """Decide a day in every way. `seconds` is for the plan that knows it all, and for that of the day before."""
    told("the day as it will have been")
    day = draw_day(asked, day=1)
    problem, minutes = problem_of(day.instance), np.array(day.minutes)
    best = solve(problem, Settings(seconds=seconds, seed=asked.seed))
    told("the day before")
    last = problem_of(draw_day(asked, day=0).instance)
    free = nothing_later(problem)
    known = _worth_of(last, solve(last, Settings(seconds=seconds, seed=asked.seed)))
    ways: list[Waited] = []
    for prices in (free, known):
        for window, again in WAYS:
            told(f"a window of {window} min" + ("" if prices is free else ", with prices"))
            decided = np.ceil(minutes / window) * window if window else minutes
            plan = (
                _in_waves(problem, decided, prices, again=again) if window else _one_by_one(problem, prices)
            )
            terms = reprice(_waited(problem, (decided - minutes) / 60), plan)
            ways.append(
                Waited(
                    window_minutes=window,
                    again_minutes=again,
                    priced=prices is not free,
                    cost_minor=_minor(terms.total),
                    above=terms.total / best.cost - 1.0,
                    mean_wait_minutes=round(float((decided - minutes).mean()), 1),
                    parcels=len(np.unique(plan.order * problem.site_count + plan.site)),
                    unfilled_units=int(problem.lines.units.sum() - plan.units.sum()),
                )
            )
    return Found(
        orders=asked.orders,
        sites=asked.sites,
        seed=asked.seed,
        cover=asked.cover,
        load=asked.load,
        clairvoyant_minor=_minor(best.cost),
        clairvoyant_unfilled_units=sum(one.units for one in best.short),
        gap=round(best.gap, 6),
        ways=ways,
    )


def _minor(fine: int) -> int:
    return round(fine / FINE)


def _worth_of(problem: Problem, solved: Result) -> Worth:
    """What goods and time are worth by a day that was solved: as the platform keeps it, in whole minor units."""
    stock = problem.stock
    minor: Integers = solved.stock_prices // FINE
    asked = np.bincount(problem.lines.sku, weights=problem.lines.units, minlength=len(problem.sku_grams))
    units = {sku: int(count) for sku, count in enumerate(asked.tolist())}
    category_of = {sku: sku // _SKUS_OF_CATEGORY for sku in units}
    thin = Counter(category_of[sku] for sku, count in units.items() if is_thin(count))
    rows = [
        RowPrice(site=site, sku=sku, price=price)
        for site, sku, price in zip(stock.site.tolist(), stock.sku.tolist(), minor.tolist(), strict=True)
    ]
    pooled = worth_of_thin(
        [row for row in rows if units[row.sku]], asked=units, category_of=category_of, thin_skus=thin
    )
    worth = [
        pooled.get((row.site, category_of[row.sku]), 0) if is_thin(units[row.sku]) else row.price
        for row in rows
    ]
    return Worth(stock=np.array(worth, np.int64) * FINE, capacity=solved.capacity_prices // FINE * FINE)


def _waited(problem: Problem, hours: Floats) -> Problem:
    """Return the problem of orders that have waited so long: less is left of what was promised."""
    promised = np.maximum(0.0, problem.orders.promised_hours - hours)
    orders = msgspec.structs.replace(problem.orders, promised_hours=promised)
    return msgspec.structs.replace(problem, orders=orders)


def _one_by_one(problem: Problem, prices: Worth) -> Allocations:
    """Give each order in turn its cheapest parcels of what is left."""
    prepared = prepare(with_worth(problem, prices))
    nothing = nothing_later(problem)
    terms = Terms(
        row_price=nothing.stock,
        site_price=nothing.capacity,
        row_left=problem.stock.units.copy(),
        site_left=problem.sites.capacity.copy(),
        split=problem.costs.split,
        least_value=problem.limits.least_value,
        keep=1,
        within=0,
        take=True,
    )
    found = find_patterns(prepared.columns, prepared.shapes, terms, np.arange(problem.order_count))
    return allocations_of(problem, prepared.columns, found)


def _in_waves(problem: Problem, decided: Floats, prices: Worth, *, again: int) -> Allocations:
    """Solve what came in each window as one wave of what the waves before have left.

    With it the orders that were decided less than `again` minutes ago and did not move since: their goods and places
    are free, and a parcel from another site costs `_MOVE` more.
    """
    left = _Left(problem)
    done: dict[int, Allocations] = {}
    moved: set[int] = set()
    for moment, wave in _waves(decided):
        put = {
            order: rows
            for order, rows in done.items()
            if moment - decided[order] < again and order not in moved
        }
        for rows in put.values():
            left.change(rows, sign=1)
        asked: Integers = np.sort(np.concatenate([wave, np.array(list(put), np.int64)]))
        solved = _by_order(_wave(problem, asked, left, prices, put))
        for order in asked.tolist():
            rows = solved.get(order, _NOTHING)
            left.change(rows, sign=-1)
            if order in put and rows.site.tolist() != put[order].site.tolist():
                moved.add(order)
            done[order] = rows
    return Allocations(
        order=np.concatenate([part.order for part in done.values()]),
        line=np.concatenate([part.line for part in done.values()]),
        site=np.concatenate([part.site for part in done.values()]),
        units=np.concatenate([part.units for part in done.values()]),
    )


def _by_order(plan: Allocations) -> dict[int, Allocations]:
    """The rows of each order, by line and site."""
    found: dict[int, Allocations] = {}
    for order in np.unique(plan.order).tolist():
        rows = np.flatnonzero(plan.order == order)
        rows = rows[np.lexsort((plan.site[rows], plan.line[rows]))]
        found[order] = Allocations(
            order=plan.order[rows], line=plan.line[rows], site=plan.site[rows], units=plan.units[rows]
        )
    return found


def _waves(decided: Floats) -> Iterator[tuple[float, Integers]]:
    for moment in np.unique(decided).tolist():
        yield moment, np.flatnonzero(decided == moment)


def _wave(
    problem: Problem, wave: Integers, left: _Left, prices: Worth, put: Mapping[int, Allocations]
) -> Allocations:
    """Solve one wave of what is left; `put`: where its orders are already. Positions are those of the whole day."""
    order_of_line = np.repeat(np.arange(problem.order_count), np.diff(problem.lines.start))
    lines: Integers = np.flatnonzero(np.isin(order_of_line, wave)).astype(np.int64)
    start: Integers = np.zeros(len(wave) + 1, np.int64)
    np.cumsum(np.diff(problem.lines.start)[wave], out=start[1:])
    small = msgspec.structs.replace(
        problem,
        orders=_picked(problem.orders, wave),
        lines=msgspec.structs.replace(_picked_lines(problem.lines, lines), start=start),
        stock=msgspec.structs.replace(problem.stock, units=left.units),
        sites=msgspec.structs.replace(problem.sites, capacity=left.capacity),
        surcharges=_moving(problem, wave, put),
    )
    plan = solve(with_worth(small, prices), _WAVE).allocations
    return Allocations(order=wave[plan.order], line=lines[plan.line], site=plan.site, units=plan.units)


def _moving(problem: Problem, wave: Integers, put: Mapping[int, Allocations]) -> Surcharges:
    """What parcels cost more from sites that do not have an order's work already."""
    order: list[int] = []
    site: list[int] = []
    for at, known in enumerate(wave.tolist()):
        others = set(range(problem.site_count)) - set(put[known].site.tolist()) if known in put else ()
        order += [at] * len(others)
        site += sorted(others)
    return Surcharges(
        order=np.array(order, np.int64),
        site=np.array(site, np.int64),
        amount=np.full(len(order), _MOVE, np.int64),
    )


def _picked(orders: Orders, some: Integers) -> Orders:
    return Orders(
        latitude=orders.latitude[some],
        longitude=orders.longitude[some],
        promised_hours=orders.promised_hours[some],
    )


def _picked_lines(lines: Lines, some: Integers) -> Lines:
    return msgspec.structs.replace(
        lines,
        sku=lines.sku[some],
        units=lines.units[some],
        unfilled=lines.unfilled[some],
        value=lines.value[some],
        price=lines.price[some],
        together=lines.together[some],
    )
