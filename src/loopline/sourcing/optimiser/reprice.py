"""Price a plan again and look whether it breaks a rule, by code that shares nothing with the search.

The search works on candidates, states and patterns. This works on the problem's own columns and on allocations alone,
with the haversine instead of chords, and is what a result tells.
"""

from collections import Counter, defaultdict

import numpy as np

from loopline.kernel.geography import EARTH_RADIUS_KILOMETRES
from loopline.sourcing.optimiser.problem import CLASSES_MOST, Floats, Integers, Problem
from loopline.sourcing.optimiser.result import Allocations, Terms


class BrokenPlan(Exception):  # noqa: N818 - named for what it says
    """The optimiser made a plan that breaks a rule: a defect of ours, never the caller's."""


def reprice(problem: Problem, plan: Allocations) -> Terms:
    """Return a plan's cost by term. Raises `BrokenPlan` naming the first rule that it breaks."""
    _refuse_broken(problem, plan)
    kind = problem.line_class[plan.line]
    named = (plan.order * problem.site_count + plan.site) * CLASSES_MOST + kind
    keys, parcel_of = np.unique(named, return_inverse=True)
    order, site = keys // CLASSES_MOST // problem.site_count, keys // CLASSES_MOST % problem.site_count
    if not len(keys):
        return Terms(unfilled=int((problem.lines.units * problem.lines.unfilled).sum()))
    sites, costs = problem.sites, problem.costs
    metres = _metres(problem, order, site)
    unit_weight = _unit_weight(problem, plan, metres[parcel_of])
    late_hours = (
        sites.ready_minutes[site] / 60
        + metres / (1_000 * costs.kilometres_per_hour)
        - np.nan_to_num(problem.orders.promised_hours[order], nan=np.inf)
    )
    flat = sites.parcel[site] + sites.handling[site] + sites.region[site] + sites.priority[site]
    if len(problem.refusals):
        refusal = problem.refusals[order, site]
    else:
        refusal = np.rint((1 - sites.accept_probability[site]) * costs.redispatch).astype(np.int64)
    distance = sites.metre[site] * metres
    surcharge = _surcharges(problem, order, site)
    exact = (flat + refusal + distance + surcharge) + np.maximum(late_hours, 0) * costs.late_hour
    lateness = np.rint(exact).astype(np.int64) - (flat + refusal + distance + surcharge)
    got = np.bincount(plan.line, weights=plan.units, minlength=len(problem.lines.sku)).astype(np.int64)
    return Terms(
        parcel=int(sites.parcel[site].sum()),
        handling=int(sites.handling[site].sum()),
        region=int(sites.region[site].sum()),
        priority=int(sites.priority[site].sum()),
        distance=int(distance.sum()),
        weight=int((unit_weight * plan.units).sum()),
        margin=_margin(problem, plan),
        lateness=int(lateness.sum()),
        refusal=int(refusal.sum()),
        surcharge=int(surcharge.sum()),
        split=costs.split * (len(keys) - len(np.unique(order * CLASSES_MOST + keys % CLASSES_MOST))),
        unfilled=int(((problem.lines.units - got) * problem.lines.unfilled).sum()),
        credit=int((_credits(problem, plan) * plan.units).sum()),
    )


def _metres(problem: Problem, order: Integers, site: Integers) -> Integers:
    """Return great-circle distances, rounded to metres; 0 where nothing travels."""
    start, end = problem.sites, problem.orders
    lat_1, lat_2 = np.radians(start.latitude[site]), np.radians(end.latitude[order])
    lng = np.radians(end.longitude[order] - start.longitude[site])
    chord = np.sin((lat_2 - lat_1) / 2) ** 2 + np.cos(lat_1) * np.cos(lat_2) * np.sin(lng / 2) ** 2
    kilometres: Floats = 2 * EARTH_RADIUS_KILOMETRES * np.arcsin(np.minimum(1.0, np.sqrt(chord)))
    return np.rint(np.nan_to_num(kilometres, nan=0.0) * 1_000).astype(np.int64)


def _unit_weight(problem: Problem, plan: Allocations, metres: Integers) -> Integers:
    grams = problem.sku_grams[problem.lines.sku[plan.line]]
    by_way = (grams * metres * problem.sites.tonne_metre[plan.site] + 500_000) // 1_000_000
    return grams * problem.sites.gram[plan.site] + by_way


def _margin(problem: Problem, plan: Allocations) -> int:
    """Return what the owners of sites earn by a plan, row by row: of what the units bring."""
    brings: list[int] = (problem.lines.price[plan.line] * plan.units).tolist()
    rates: list[int] = problem.sites.margin[plan.site].tolist()
    return sum(rate * minor for rate, minor in zip(rates, brings, strict=True))


def _surcharges(problem: Problem, order: Integers, site: Integers) -> Integers:
    pairs = problem.surcharges
    amount_of = dict(
        zip(zip(pairs.order.tolist(), pairs.site.tolist(), strict=True), pairs.amount.tolist(), strict=True)
    )
    return np.array(
        [amount_of.get(pair, 0) for pair in zip(order.tolist(), site.tolist(), strict=True)], np.int64
    )


def _credits(problem: Problem, plan: Allocations) -> Integers:
    stock = problem.stock
    credit_of = dict(
        zip(zip(stock.site.tolist(), stock.sku.tolist(), strict=True), stock.credit.tolist(), strict=True)
    )
    skus = problem.lines.sku[plan.line]
    return np.array(
        [credit_of[pair] for pair in zip(plan.site.tolist(), skus.tolist(), strict=True)], np.int64
    )


def _refuse_broken(problem: Problem, plan: Allocations) -> None:
    lines, stock, limits = problem.lines, problem.stock, problem.limits
    left: dict[tuple[int, int], int] = dict(
        zip(zip(stock.site.tolist(), stock.sku.tolist(), strict=True), stock.units.tolist(), strict=True)
    )
    room = [int(one) for one in problem.sites.capacity]
    blocked = set(zip(problem.blocked.order.tolist(), problem.blocked.site.tolist(), strict=True))
    got: dict[int, dict[int, int]] = defaultdict(dict)
    parcels: dict[int, dict[tuple[int, int], int]] = defaultdict(dict)  # order -> (class, site) -> worth
    kinds: list[int] = problem.line_class.tolist()
    rows: list[list[int]] = np.stack([plan.order, plan.line, plan.site, plan.units], axis=1).tolist()
    for order, line, site, units in rows:
        sku = int(lines.sku[line])
        _must(
            int(lines.start[order]) <= line < int(lines.start[order + 1]),
            f"line {line} is not of order {order}",
        )
        _must(units > 0 and site not in got[line], f"line {line} has no units, or two, from site {site}")
        _must((order, site) not in blocked, f"order {order} must not have site {site}")
        left[site, sku] = left.get((site, sku), 0) - units
        _must(left[site, sku] >= 0, f"site {site} has not so much of SKU {sku}")
        got[line][site] = units
        parcel = kinds[line], site
        if parcel not in parcels[order]:
            parcels[order][parcel] = 0
            room[site] -= 1
            _must(room[site] >= 0, f"site {site} takes no more parcels")
        parcels[order][parcel] += units * int(lines.value[line])
    for line, by_site in got.items():
        _must(sum(by_site.values()) <= int(lines.units[line]), f"line {line} gets more than it asks")
    for order, worth in parcels.items():
        of_kind = Counter(kind for kind, _ in worth)
        _must(
            len(worth) - len(of_kind) < limits.parcels,
            f"order {order} gets {len(worth)} parcels of {len(of_kind)} classes",
        )
        least = min(
            (one for (kind, _), one in worth.items() if of_kind[kind] > 1), default=limits.least_value
        )
        _must(least >= limits.least_value, f"order {order} gets a parcel worth too little")
    _refuse_torn_apart(problem, got)


def _refuse_torn_apart(problem: Problem, got: dict[int, dict[int, int]]) -> None:
    lines = problem.lines
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for line in np.flatnonzero(lines.together >= 0).tolist():
        order = int(np.searchsorted(lines.start, line, side="right")) - 1
        groups[order, int(lines.together[line])].append(line)
    for members in groups.values():
        ways = [got.get(line, {}) for line in members]
        nothing = all(not way for way in ways)
        whole: bool = all(
            len(way) == 1 and set(way) == set(ways[0]) and sum(way.values()) == int(lines.units[line])
            for way, line in zip(ways, members, strict=True)
        )
        _must(nothing or whole, f"lines {members} go together or not at all")


def _must(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - it is what this asks
    if not holds:
        raise BrokenPlan(otherwise)
