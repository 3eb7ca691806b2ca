"""Large neighbourhoods: a few facilities near each other give up all they serve, and it is dealt anew exactly.

Shaw, CP (1998). For customers kept apart, programmes over a part: Mansini and Zanotti, ICORES (2022). What is freed is
a problem of its own, of the same kind, with the demand that those facilities served.
"""

import msgspec
import numpy as np

from loopline.sourcing.assignment.pricing import price
from loopline.sourcing.assignment.problem import Flags, Integers, Problem
from loopline.sourcing.assignment.programme import Limits, solve_part
from loopline.sourcing.assignment.routing import route


def nearness(problem: Problem) -> Integers:
    """Return, for each facility, all facilities by how alike their costs of serving are, itself first."""
    costs = problem.serving.astype(np.float64)
    order = [np.argsort(np.abs(costs - one).mean(axis=1), kind="stable") for one in costs]
    return np.array(order, np.int64)


def greedy(problem: Problem) -> Integers | None:
    """Serve the customers with most to lose first, each where it costs least with its part of the opening.

    None where somebody finds no room: another way may yet exist.
    """
    units = np.zeros_like(problem.serving)
    left = problem.capacity.copy()
    barred = np.zeros(problem.serving.shape, np.bool_)
    spread = problem.opening / np.maximum(problem.capacity, 1)
    each = problem.whole / problem.demand
    two_best = np.partition(each, min(1, problem.facilities - 1), axis=0)[:2]
    others = _others(problem)
    for customer in np.argsort(-(two_best[-1] - two_best[0]) * problem.demand, kind="stable").tolist():
        wanted = int(problem.demand[customer])
        opens = units.any(axis=1)
        for facility in np.argsort(each[:, customer] + np.where(opens, 0, spread), kind="stable").tolist():
            room = int(left[facility])
            if barred[facility, customer] or not room or (not problem.is_split and room < wanted):
                continue
            given = min(room, wanted)
            units[facility, customer] = given
            left[facility] -= given
            barred[facility, others[customer]] = True
            wanted -= given
            if not wanted:
                break
        if wanted:
            return None
    return units


def _others(problem: Problem) -> list[list[int]]:
    others: list[list[int]] = [[] for _ in range(problem.customers)]
    for one, other in problem.apart:
        others[one].append(other)
        others[other].append(one)
    return others


class Freed(msgspec.Struct, frozen=True, kw_only=True):
    """Which facilities give up what they serve, and which pairs are worth trying besides those that are in use."""

    facilities: Integers
    kernel: Flags


def deal_anew(problem: Problem, units: Integers, freed_ones: Freed, limits: Limits) -> Integers:
    """Return the assignment with what these facilities serve dealt anew, where that costs less; else as it was."""
    facilities = freed_ones.facilities
    customers = np.flatnonzero(units[facilities].any(axis=0))
    if not len(customers):
        return units
    now = units[np.ix_(facilities, customers)]
    freed = _freed(problem, facilities, customers, now)
    keep = freed_ones.kernel[np.ix_(facilities, customers)] | (now > 0)
    solved = solve_part(freed, keep, now, limits)
    dealt = None if solved.serves is None else route(freed, solved.serves)
    if dealt is None or price(freed, dealt) >= price(freed, now):
        return units
    changed = units.copy()
    changed[np.ix_(facilities, customers)] = dealt
    return changed


def _freed(problem: Problem, facilities: Integers, customers: Integers, now: Integers) -> Problem:
    at = {int(customer): place for place, customer in enumerate(customers)}
    return msgspec.structs.replace(
        problem,
        capacity=problem.capacity[facilities],
        opening=problem.opening[facilities],
        demand=now.sum(axis=0),
        serving=problem.serving[np.ix_(facilities, customers)],
        apart=tuple((at[one], at[other]) for one, other in problem.apart if one in at and other in at),
    )
