"""Choose one pattern for each order, by HiGHS: for all orders of a small wave, or for a neighbourhood of a large one.

The master problem of the pattern formulation (Barnhart et al. 1998, "Branch-and-price: column generation for solving
huge integer programs"): a binary for each pattern, one row an order, one row a resource that could run out. Its linear
relaxation is nearly whole, so that a few thousand columns take seconds.
"""

import os
import sys
from functools import cache
from threading import Lock
from time import perf_counter
from typing import Any, NamedTuple

import highspy
import numpy as np

from loopline.sourcing.optimiser.patterns import Found
from loopline.sourcing.optimiser.problem import FINE, Floats, Integers

_FIRST = Lock()


class Master(NamedTuple):
    """A master problem: its patterns in order of orders, and what there is for them by resource."""

    pool: Found
    left: Integers
    start: Integers  # the patterns of a plan that fits, one an order, by position in the pool


class Effort(NamedTuple):
    """How hard to try: HiGHS stops at whichever comes first.

    Where no clock ends it, it may ask so often whether to go on that this times the patterns is `looks`. It asks at
    each node, and before these at each round of cuts and heuristics: with many patterns they take longest.
    """

    seconds: float
    nodes: int
    gap: float
    looks: int = 2_000_000  # a minute or two of one processor, at most


def choose_patterns(master: Master, effort: Effort) -> Integers:
    """Return the best patterns found, one an order, at least as good as `master.start`."""
    begun_at = perf_counter()
    highs = _model(master)
    highs.setOptionValue("mip_rel_gap", effort.gap)
    highs.setOptionValue("mip_max_nodes", effort.nodes)
    if np.isfinite(effort.seconds):
        highs.setOptionValue("time_limit", max(0.01, effort.seconds - (perf_counter() - begun_at)))
    else:
        highs.cbMipInterrupt += _Looked(max(1, effort.looks // len(master.pool.order)))
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


class _Looked:
    """Ends HiGHS when it has asked so often: the same problem ends at the same point on any machine."""

    def __init__(self, most: int) -> None:
        self._left = most

    def __call__(self, event: Any) -> None:
        self._left -= 1
        if self._left <= 0:
            event.interrupt()


def _model(master: Master) -> highspy.Highs:
    """Return the model, costs in minor units, with a row for each order and each resource that can run out."""
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
    lp.integrality_ = [highspy.HighsVarType.kInteger] * columns
    highs = _quiet_highs()
    highs.setOptionValue("threads", 1)
    highs.passModel(lp)
    return highs


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
