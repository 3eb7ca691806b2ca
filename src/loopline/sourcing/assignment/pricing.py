"""What an assignment costs, and whether it keeps the rules: said from the problem alone."""

import numpy as np

from loopline.sourcing.assignment.problem import Integers, Problem


class BrokenRule(AssertionError):  # noqa: N818 - named for what it says
    """An assignment that breaks a rule was about to be used."""


def price(problem: Problem, units: Integers) -> int:
    """Return the cost of an assignment in minor units; raises `BrokenRule` where it keeps not every rule."""
    if units.shape != problem.serving.shape or (units < 0).any():
        raise BrokenRule("units are counts, one per facility and customer")
    if (units.sum(axis=0) != problem.demand).any():
        raise BrokenRule("every customer gets its demand")
    if (units.sum(axis=1) > problem.capacity).any():
        raise BrokenRule("no facility serves more than its capacity")
    serves = units > 0
    if not problem.is_split and (serves.sum(axis=0) != 1).any():
        raise BrokenRule("one facility serves each customer")
    for one, other in problem.apart:
        if (serves[:, one] & serves[:, other]).any():
            raise BrokenRule("customers that are to be kept apart share no facility")
    serving = (problem.serving * units).sum() if problem.is_split else problem.serving[serves].sum()
    return int(problem.opening[serves.any(axis=1)].sum() + serving)


def units_of(problem: Problem, facility: Integers) -> Integers:
    """Return the units of an assignment that says one facility for each customer."""
    units = np.zeros_like(problem.serving)
    units[facility, np.arange(problem.customers)] = problem.demand
    return units
