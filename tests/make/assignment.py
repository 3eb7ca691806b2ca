"""Small assignment problems, and what an assignment costs, worked out by code that shares nothing with the solver."""

from collections.abc import Iterator
from itertools import product

import numpy as np

from loopline.sourcing.assignment.problem import Problem


def problem(
    capacity: list[int],
    opening: list[int],
    demand: list[int],
    serving: list[list[int]],
    *,
    is_split: bool = False,
    apart: tuple[tuple[int, int], ...] = (),
) -> Problem:
    return Problem(
        name="small",
        capacity=np.array(capacity, np.int64),
        opening=np.array(opening, np.int64),
        demand=np.array(demand, np.int64),
        serving=np.array(serving, np.int64).reshape(len(capacity), len(demand)),
        is_split=is_split,
        apart=apart,
    )


def cost_of(one: Problem, units: list[list[int]]) -> int | None:
    """The cost of an assignment (facility by facility), None where it breaks a rule. Slow and plain."""
    facilities, customers = range(len(one.capacity)), range(len(one.demand))
    cost = 0
    for customer in customers:
        sources = [facility for facility in facilities if units[facility][customer]]
        if sum(units[facility][customer] for facility in facilities) != one.demand[customer]:
            return None
        if not one.is_split and len(sources) != 1:
            return None
        for facility in sources:
            each = units[facility][customer] if one.is_split else 1
            cost += int(one.serving[facility][customer]) * each
    for facility in facilities:
        if sum(units[facility]) > one.capacity[facility]:
            return None
        if any(units[facility]):
            cost += int(one.opening[facility])
        for first, second in one.apart:
            if units[facility][first] and units[facility][second]:
                return None
    return cost


def every_assignment(one: Problem) -> Iterator[list[list[int]]]:
    """Every way to deal every customer's units, whether it keeps the rules or not."""
    count = len(one.capacity)
    ways = [
        [way for way in product(range(int(units) + 1), repeat=count) if sum(way) == units]
        if one.is_split
        else [tuple(int(units) * (facility == at) for facility in range(count)) for at in range(count)]
        for units in one.demand
    ]
    for dealt in product(*ways):
        yield [
            [dealt[customer][facility] for customer in range(len(one.demand))] for facility in range(count)
        ]


def least_cost(one: Problem) -> int | None:
    """The least cost of all assignments that keep the rules, None where none does."""
    costs = [cost for units in every_assignment(one) if (cost := cost_of(one, units)) is not None]
    return min(costs, default=None)
