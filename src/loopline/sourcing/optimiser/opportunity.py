"""Opportunity costs: what stock and capacity are worth to orders that come later, as costs of a wave's problem.

A wave that knows nothing of later orders gives the last unit near a city to whoever comes first. With a price on each
unit and parcel it gives it only where that saves more than the price (Acimovic and Graves 2015, "Making better
fulfillment decisions on the fly in an online retail environment"). The prices are the duals of another day's problem.
"""

import msgspec
import numpy as np

from loopline.sourcing.optimiser.problem import Integers, Problem


class Worth(msgspec.Struct, frozen=True, kw_only=True):
    """What one unit of each stock row and one parcel of each site is worth later: fine parts, 0 or more."""

    stock: Integers
    capacity: Integers

    @property
    def is_nothing(self) -> bool:
        """Whether nothing has a price."""
        return not self.stock.any() and not self.capacity.any()


def nothing_later(problem: Problem) -> Worth:
    """Return no price for anything."""
    return Worth(
        stock=np.zeros(len(problem.stock.site), np.int64), capacity=np.zeros(problem.site_count, np.int64)
    )


def with_worth(problem: Problem, worth: Worth) -> Problem:
    """Return the problem in which every unit and parcel costs what it is worth later, beside what it costs.

    Leaving a unit costs as much more as the dearest way of having it could: prices choose where goods come from, and
    never keep goods from an order that is here for one that may come.
    """
    if worth.is_nothing:
        return problem
    dearest: Integers = np.zeros(len(problem.sku_grams), np.int64)
    np.maximum.at(dearest, problem.stock.sku, worth.stock)
    dearest += worth.capacity.max(initial=0)
    return msgspec.structs.replace(
        problem,
        stock=msgspec.structs.replace(problem.stock, credit=problem.stock.credit - worth.stock),
        sites=msgspec.structs.replace(problem.sites, handling=problem.sites.handling + worth.capacity),
        lines=msgspec.structs.replace(
            problem.lines, unfilled=problem.lines.unfilled + dearest[problem.lines.sku]
        ),
    )
