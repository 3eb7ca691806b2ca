"""Choose one pattern for each order, by HiGHS: for all orders of a small wave, or for a neighbourhood of a large one.

The master problem of the pattern formulation (Barnhart et al. 1998, "Branch-and-price: column generation for solving
huge integer programs"): a binary for each pattern, one row an order, one row a resource that could run out. Its linear
relaxation is nearly whole, so that a few thousand columns take seconds.
"""

import os
import sys
from functools import cache
from threading import Lock
from typing import NamedTuple

import highspy
import numpy as np

from loopline.sourcing.optimiser.patterns import Found
from loopline.sourcing.optimiser.problem import FINE, Floats, Integers

_FIRST = Lock()
_FIXED_AT_ONCE = 0.12  # of the orders that are split
_RISEN_ENOUGH = 0.004


class Master(NamedTuple):
    """A master problem: its patterns in order of orders, and what there is for them by resource."""

    pool: Found
    left: Integers
    start: Integers  # the patterns of a plan that fits, one an order, by position in the pool


class Effort(NamedTuple):
    """How hard to try: HiGHS stops at whichever comes first."""

    seconds: float
    nodes: int
    gap: float


class Relaxed(NamedTuple):
    """The linear relaxation: prices by resource (0 where it cannot run out), the part of each pattern, its value."""

    price: Floats
    share: Floats
    value: float


def choose_patterns(master: Master, effort: Effort) -> Integers:
    """Return the best patterns found, one an order, at least as good as `master.start`."""
    highs, _ = _model(master, whole=True)
    highs.setOptionValue("mip_rel_gap", effort.gap)
    highs.setOptionValue("mip_max_nodes", effort.nodes)
    if np.isfinite(effort.seconds):
        highs.setOptionValue("time_limit", max(0.01, effort.seconds))
    begun = highspy.HighsSolution()
    begun.col_value = np.bincount(master.start, minlength=len(master.pool.order)).astype(float).tolist()
    begun.value_valid = True
    highs.setSolution(begun)
    highs.run()
    values = np.array(highs.getSolution().col_value)
    if len(values) != len(master.pool.order):
        return master.start
    chosen = np.flatnonzero(values > 0.5)
    is_whole = len(chosen) == len(master.start) and (np.diff(master.pool.order[chosen]) > 0).all()
    if is_whole and master.pool.cost[chosen].sum() < master.pool.cost[master.start].sum():
        return chosen
    return master.start


def relax(master: Master) -> Relaxed | None:
    """Solve the linear relaxation; None where HiGHS could not."""
    highs, resources = _model(master, whole=False)
    highs.setOptionValue("solver", "simplex")
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    found = highs.getSolution()
    return _relaxed(master, resources, np.array(found.col_value), np.array(found.row_dual), highs)


def dive(master: Master, seconds: float) -> Integers:
    """Return patterns that fit together and lie near the linear relaxation, at most one an order; the rest is open.

    The relaxation is solved again and again; each time some of the orders that it splits get the pattern of their
    largest part for good, as far as these fit together, while all others may still move (diving; Achterberg 2007,
    chapter 9). It ends when nothing is split, when the value has risen by `_RISEN_ENOUGH`, or when time is over.
    """
    highs, _ = _model(master, whole=False)
    pool = master.pool
    left = master.left.copy()
    first = np.searchsorted(pool.order, np.unique(pool.order))
    is_fixed = np.zeros(len(first), np.bool_)
    found, top = np.zeros(0, np.int64), np.inf
    if np.isfinite(seconds):
        highs.setOptionValue("time_limit", seconds)  # HiGHS counts all runs of a model together
    while True:
        highs.run()
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return found
        value = highs.getInfo().objective_function_value
        top = min(top, value)
        if value > top + _RISEN_ENOUGH * abs(top):
            return found
        share = np.array(highs.getSolution().col_value)
        found = np.flatnonzero(share > 1 - 1e-6)
        largest = np.maximum.reduceat(share, first)
        split = np.flatnonzero((largest <= 1 - 1e-6) & ~is_fixed)
        if not len(split):
            return found
        chosen = split[np.argsort(-largest[split], kind="stable")]
        chosen = chosen[: int(np.ceil(_FIXED_AT_ONCE * len(split)))]
        fixed, barred = _fitting(pool, left, share, first, chosen)
        is_fixed[np.searchsorted(first, fixed, side="right") - 1] = True
        bounds = np.concatenate([np.ones(len(fixed)), np.zeros(len(barred))])
        changed = np.concatenate([fixed, barred])
        turn = np.argsort(changed)
        highs.changeColsBounds(len(turn), changed[turn].astype(np.int32), bounds[turn], bounds[turn])


def _fitting(
    pool: Found, left: Integers, share: Floats, first: Integers, chosen: Integers
) -> tuple[Integers, Integers]:
    """Return the largest pattern of each chosen order: those that fit one after the other, taken off, and those not."""
    ends = np.append(first[1:], len(share))
    fixed: list[int] = []
    barred: list[int] = []
    for order in chosen.tolist():
        pattern = int(first[order] + np.argmax(share[first[order] : ends[order]]))
        places = slice(int(pool.first[pattern]), int(pool.first[pattern + 1]))
        if (left[pool.resource[places]] >= pool.amount[places]).all():
            left[pool.resource[places]] -= pool.amount[places]
            fixed.append(pattern)
        else:
            barred.append(pattern)
    return np.array(fixed, np.int64), np.array(barred, np.int64)


def _relaxed(
    master: Master, resources: Integers, share: Floats, duals: Floats, highs: highspy.Highs
) -> Relaxed:
    price = np.zeros(len(master.left))
    price[resources] = np.maximum(0.0, -duals[len(master.start) :]) * FINE
    return Relaxed(price, share, highs.getInfo().objective_function_value * FINE)


def _model(master: Master, *, whole: bool) -> tuple[highspy.Highs, Integers]:
    """Return the model, costs in minor units, and the resources that have rows, in their order."""
    pool = master.pool
    columns, entries = len(pool.order), len(pool.resource)
    of_entry = np.repeat(np.arange(columns), np.diff(pool.first))
    demand = _most_needed(pool, of_entry, len(master.left))
    resources = np.flatnonzero(demand > master.left)
    row_of = np.full(len(master.left), -1, np.int64)
    orders, order_row = np.unique(pool.order, return_inverse=True)
    row_of[resources] = len(orders) + np.arange(len(resources))
    kept = row_of[pool.resource[:entries]] >= 0
    row = np.concatenate([order_row, row_of[pool.resource[kept]]])
    column = np.concatenate([np.arange(columns), of_entry[kept]])
    amount = np.concatenate([np.ones(columns), pool.amount[kept].astype(np.float64)])
    by_column = np.argsort(column, kind="stable")
    start = np.zeros(columns + 1, np.int64)
    np.cumsum(np.bincount(column, minlength=columns), out=start[1:])
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = columns, len(orders) + len(resources)
    lp.col_cost_ = pool.cost.astype(np.float64) / FINE
    lp.col_lower_, lp.col_upper_ = np.zeros(columns), np.ones(columns)
    lp.row_lower_ = np.concatenate([np.ones(len(orders)), np.full(len(resources), -highspy.kHighsInf)])
    lp.row_upper_ = np.concatenate([np.ones(len(orders)), master.left[resources].astype(np.float64)])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = start
    lp.a_matrix_.index_ = row[by_column]
    lp.a_matrix_.value_ = amount[by_column]
    if whole:
        lp.integrality_ = [highspy.HighsVarType.kInteger] * columns
    highs = _quiet_highs()
    highs.setOptionValue("threads", 1)
    highs.passModel(lp)
    return highs, resources


@cache
def _let_introduce_itself() -> None:
    """Make one HiGHS with standard output shut: the first of a process prints who it is, whatever it is told."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        highspy.Highs()
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def _quiet_highs() -> highspy.Highs:
    with _FIRST:
        _let_introduce_itself()
    highs = highspy.Highs()
    highs.silent()
    return highs


def _most_needed(pool: Found, of_entry: Integers, resources: int) -> Floats:
    """Return, by resource, what would be needed if every order took its greediest pattern."""
    order = pool.order[of_entry].astype(np.int64)
    key = order * resources + pool.resource
    turn = np.lexsort((-pool.amount, key))
    first = np.ones(len(turn), np.bool_)
    first[1:] = key[turn][1:] != key[turn][:-1]
    kept = turn[first]
    needed = np.bincount(pool.resource[kept], weights=pool.amount[kept], minlength=resources)
    return needed.astype(np.float64)
