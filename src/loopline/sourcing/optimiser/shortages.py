"""Why units of a line found no site, as the finished plan shows it."""

from collections import defaultdict

import numpy as np

from loopline.sourcing.optimiser.problem import CLASSES_MOST, Problem
from loopline.sourcing.optimiser.result import Allocations, Short, ShortReason


def explain_short(problem: Problem, plan: Allocations) -> tuple[Short, ...]:
    """Return what is not sent, in order of the lines, each with the first reason that applies."""
    got = np.bincount(plan.line, weights=plan.units, minlength=len(problem.lines.sku)).astype(np.int64)
    missing = problem.lines.units - got
    short = np.flatnonzero(missing > 0)
    if not len(short):
        return ()
    left, room = _what_is_left(problem, plan)
    site_of: list[int] = problem.stock.site.tolist()
    rows_of_sku: dict[int, list[int]] = {}
    for row in np.flatnonzero(problem.stock.units > 0).tolist():
        rows_of_sku.setdefault(int(problem.stock.sku[row]), []).append(row)
    blocked = set(zip(problem.blocked.order.tolist(), problem.blocked.site.tolist(), strict=True))
    order_of_line = np.repeat(np.arange(problem.order_count), np.diff(problem.lines.start))
    kinds: list[int] = problem.line_class.tolist()
    parcels: dict[int, set[tuple[int, int]]] = defaultdict(set)  # by order: (class, site)
    sent: list[list[int]] = np.stack([plan.order, plan.line, plan.site], axis=1).tolist()
    for at_order, at_line, site in sent:
        parcels[at_order].add((kinds[at_line], site))
    found: list[Short] = []
    for line in short.tolist():
        rows = rows_of_sku.get(int(problem.lines.sku[line]), [])
        order = int(order_of_line[line])
        served = [row for row in rows if _may_serve(problem, order, row, blocked)]
        here = {site for kind, site in parcels[order] if kind == kinds[line]}
        splits = len(parcels[order]) - len({kind for kind, _ in parcels[order]})
        if not rows:
            reason = ShortReason.NO_GOODS
        elif not served:
            reason = ShortReason.BLOCKED
        elif not any(left[row] for row in served):
            reason = ShortReason.TAKEN
        elif not any(left[row] and (room[site_of[row]] or site_of[row] in here) for row in served):
            reason = ShortReason.NO_CAPACITY
        elif (
            (here and splits + 1 >= problem.limits.parcels)
            or problem.lines.together[line] >= 0
            or problem.limits.least_value
        ):
            reason = ShortReason.LIMITS
        else:
            reason = ShortReason.TOO_DEAR
        found.append(Short(line=line, units=int(missing[line]), reason=reason))
    return tuple(found)


def _may_serve(problem: Problem, order: int, row: int, blocked: set[tuple[int, int]]) -> bool:
    site = int(problem.stock.site[row])
    return problem.sites.capacity[site] > 0 and (order, site) not in blocked


def _what_is_left(problem: Problem, plan: Allocations) -> tuple[list[int], list[int]]:
    left: list[int] = problem.stock.units.tolist()
    row_of = {
        pair: row
        for row, pair in enumerate(zip(problem.stock.site.tolist(), problem.stock.sku.tolist(), strict=True))
    }
    skus = problem.lines.sku[plan.line].tolist()
    for site, sku, units in zip(plan.site.tolist(), skus, plan.units.tolist(), strict=True):
        left[row_of[site, sku]] -= units
    kind = problem.line_class[plan.line]
    named = np.unique((plan.order * CLASSES_MOST + kind) * problem.site_count + plan.site)
    used = np.bincount(named % max(problem.site_count, 1), minlength=problem.site_count)
    return left, (problem.sites.capacity - used).tolist()
