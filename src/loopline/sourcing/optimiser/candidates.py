"""Which sites come into question for which order, and what a parcel from each costs: worked out once."""

from typing import NamedTuple

import numpy as np

from loopline.sourcing.optimiser.columns import Columns, Prepared, Shorts
from loopline.sourcing.optimiser.compiled import compiled
from loopline.sourcing.optimiser.patterns import find_least
from loopline.sourcing.optimiser.problem import Floats, Integers, Problem
from loopline.sourcing.optimiser.shapes import divide

_EARTH_DIAMETER_METRES = 12_742_000.0


class _Geography(NamedTuple):
    """Unit vectors, and everything else that the fixed cost of a parcel is made of."""

    site_at: Floats  # sites x 3
    order_at: Floats  # orders x 3; NaN where nothing travels
    flat: Floats  # by site: fine, all but distance, lateness, refusal and surcharge
    refusal: Integers  # by order, or one row for all, and site
    per_metre: Floats
    ready_hours: Floats
    hours_per_metre: float
    promised: Floats
    late_hour: float


def prepare(problem: Problem) -> Prepared:
    """Work out candidates, costs and shapes. Candidates hold something, have capacity and are not blocked."""
    splits = divide(problem)
    geography = _geography(problem)
    lines, stock = problem.lines, problem.stock
    row_at = _rows_by_site_and_sku(problem)
    blocked = _by_order(problem.blocked.order, problem.order_count)
    surcharged = _by_order(problem.surcharges.order, problem.order_count)
    pairs = _Pairs(
        blocked[0],
        problem.blocked.site[blocked[1]].astype(np.int64),
        surcharged[0],
        problem.surcharges.site[surcharged[1]].astype(np.int64),
        problem.surcharges.amount[surcharged[1]].astype(np.float64),
    )
    first, site = _find_candidates(lines.start, lines.sku, row_at, problem.sites.capacity, pairs)
    metres, fixed = _price_candidates(first, site, geography, pairs)
    row_first, row = _find_rows(first, site, lines.start, lines.sku, row_at)
    columns = Columns(
        first=first,
        site=site,
        metres=metres,
        fixed=fixed,
        line_first=np.ascontiguousarray(lines.start, np.int64),
        row_first=row_first,
        row=row,
        grams=problem.sku_grams[lines.sku].astype(np.int64),
        unfilled=np.ascontiguousarray(lines.unfilled, np.int64),
        value=np.ascontiguousarray(lines.value, np.int64),
        price=np.ascontiguousarray(lines.price, np.int64),
        item_first=splits.item_first,
        item_count=splits.item_count,
        part_first=splits.part_first,
        part_line=splits.part_line,
        part_units=splits.part_units,
        least=np.zeros(len(splits.item_count), np.int64),
        shape=splits.shape,
        credit=np.ascontiguousarray(stock.credit, np.int64),
        gram=np.ascontiguousarray(problem.sites.gram, np.int64),
        tonne_metre=np.ascontiguousarray(problem.sites.tonne_metre, np.int64),
        margin=np.ascontiguousarray(problem.sites.margin, np.int64),
    )
    find_least(columns)
    return Prepared(columns, splits.shapes, splits.exact)


class _Pairs(NamedTuple):
    blocked_first: Integers
    blocked_site: Integers
    surcharged_first: Integers
    surcharged_site: Integers
    surcharge: Floats


def _by_order(order: Integers, orders: int) -> tuple[Integers, Integers]:
    by_order = np.argsort(order, kind="stable").astype(np.int64)
    first = np.zeros(orders + 1, np.int64)
    np.cumsum(np.bincount(order, minlength=orders), out=first[1:])
    return first, by_order


def _rows_by_site_and_sku(problem: Problem) -> Shorts:
    stock = problem.stock
    row_at = np.full((problem.site_count, len(problem.sku_grams)), -1, np.int32)
    there = np.flatnonzero(stock.units > 0)
    row_at[stock.site[there], stock.sku[there]] = there
    return row_at


def _on_sphere(latitude: Floats, longitude: Floats) -> Floats:
    lat, lng = np.radians(latitude), np.radians(longitude)
    return np.ascontiguousarray(
        np.stack([np.cos(lat) * np.cos(lng), np.cos(lat) * np.sin(lng), np.sin(lat)], axis=1)
    )


def _geography(problem: Problem) -> _Geography:
    sites, costs = problem.sites, problem.costs
    return _Geography(
        site_at=_on_sphere(sites.latitude, sites.longitude),
        order_at=_on_sphere(problem.orders.latitude, problem.orders.longitude),
        flat=(sites.handling + sites.region + sites.parcel + sites.priority).astype(np.float64),
        refusal=np.ascontiguousarray(problem.refusal),
        per_metre=sites.metre.astype(np.float64),
        ready_hours=sites.ready_minutes / 60.0,
        hours_per_metre=1.0 / (1_000.0 * costs.kilometres_per_hour),
        promised=np.where(np.isnan(problem.orders.promised_hours), np.inf, problem.orders.promised_hours),
        late_hour=float(costs.late_hour),
    )


@compiled
def _find_candidates(
    line_first: Integers, sku: Integers, row_at: Shorts, capacity: Integers, pairs: _Pairs
) -> tuple[Integers, Shorts]:
    orders, sites = len(line_first) - 1, len(capacity)
    first = np.zeros(orders + 1, np.int64)
    found = np.empty(max(16, orders * 8), np.int32)
    is_blocked = np.zeros(sites, np.bool_)
    size = 0
    for order in range(orders):
        is_blocked[:] = False
        for pair in range(pairs.blocked_first[order], pairs.blocked_first[order + 1]):
            is_blocked[pairs.blocked_site[pair]] = True
        if size + sites > len(found):
            grown = np.empty(2 * len(found) + sites, np.int32)
            grown[:size] = found[:size]
            found = grown
        for site in range(sites):
            if capacity[site] > 0 and not is_blocked[site]:
                for line in range(line_first[order], line_first[order + 1]):
                    if row_at[site, sku[line]] >= 0:
                        found[size] = site
                        size += 1
                        break
        first[order + 1] = size
    return first, found[:size].copy()


@compiled
def _price_candidates(
    first: Integers, site: Shorts, at: _Geography, pairs: _Pairs
) -> tuple[Shorts, Integers]:
    """Fill in distances and fixed costs, and sort each order's candidates by these (`site` in place)."""
    metres, fixed = np.zeros(len(site), np.int32), np.zeros(len(site), np.int64)
    for order in range(len(first) - 1):
        start, end = first[order], first[order + 1]
        travels = not np.isnan(at.order_at[order, 0])
        row = order if len(at.refusal) > 1 else 0
        for entry in range(start, end):
            one = site[entry]
            way = 0.0
            if travels:
                square = 0.0
                for axis in range(3):
                    square += (at.site_at[one, axis] - at.order_at[order, axis]) ** 2
                way = np.rint(_EARTH_DIAMETER_METRES * np.arcsin(min(1.0, np.sqrt(square) / 2)))
            hours = at.ready_hours[one] + way * at.hours_per_metre - at.promised[order]
            cost = at.flat[one] + at.refusal[row, one]
            cost += way * at.per_metre[one] + max(0.0, hours) * at.late_hour
            for pair in range(pairs.surcharged_first[order], pairs.surcharged_first[order + 1]):
                if pairs.surcharged_site[pair] == one:
                    cost += pairs.surcharge[pair]
            metres[entry] = np.int32(way)
            fixed[entry] = np.int64(np.rint(cost))
        by_cost = np.argsort(fixed[start:end], kind="mergesort")
        fixed[start:end] = fixed[start:end][by_cost]
        metres[start:end] = metres[start:end][by_cost]
        site[start:end] = site[start:end][by_cost]
    return metres, fixed


@compiled
def _find_rows(
    first: Integers, site: Shorts, line_first: Integers, sku: Integers, row_at: Shorts
) -> tuple[Integers, Shorts]:
    row_first = np.zeros(len(sku) + 1, np.int64)
    for order in range(len(line_first) - 1):
        for line in range(line_first[order], line_first[order + 1]):
            row_first[line + 1] = row_first[line] + first[order + 1] - first[order]
    row = np.empty(row_first[-1], np.int32)
    for order in range(len(line_first) - 1):
        for line in range(line_first[order], line_first[order + 1]):
            for at in range(first[order + 1] - first[order]):
                row[row_first[line] + at] = row_at[site[first[order] + at], sku[line]]
    return row_first, row
