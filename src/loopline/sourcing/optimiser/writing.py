"""From patterns back to allocations."""

import numpy as np

from loopline.sourcing.optimiser.columns import Columns
from loopline.sourcing.optimiser.patterns import Found
from loopline.sourcing.optimiser.problem import Problem
from loopline.sourcing.optimiser.result import Allocations


def allocations_of(problem: Problem, columns: Columns, plan: Found) -> Allocations:
    """Return the allocations of a plan, one pattern an order, in order of (line, site)."""
    of_order = np.repeat(plan.order, np.diff(plan.first))
    is_stock = plan.resource < len(columns.credit)
    order, row, units = of_order[is_stock], plan.resource[is_stock], plan.amount[is_stock]
    # An order names a SKU once, so (order, SKU) is a line.
    skus = max(len(problem.sku_grams), 1)
    order_of_line = np.repeat(np.arange(problem.order_count), np.diff(problem.lines.start))
    named = order_of_line * skus + problem.lines.sku
    by_name = np.argsort(named, kind="stable")
    wanted = order.astype(np.int64) * skus + problem.stock.sku[row]
    line = by_name[np.searchsorted(named[by_name], wanted)]
    site = problem.stock.site[row]
    turn = np.lexsort((site, line))
    return Allocations(
        order=order[turn].astype(np.int64),
        line=line[turn],
        site=site[turn],
        units=units[turn].astype(np.int64),
    )
