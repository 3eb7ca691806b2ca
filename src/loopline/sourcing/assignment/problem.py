"""Problem and result: facilities, customers, what serving costs, and who goes to whom."""

from enum import StrEnum

import msgspec
import numpy as np
import numpy.typing as npt

from loopline.kernel.refusals import Refusal, Refused

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class UnsoundAssignment(Refusal, frozen=True, kw_only=True):
    """This is no assignment problem: {field} {problem}."""

    field: str
    problem: str


def unsound(field: str, problem: str) -> Refused:
    """Return the refusal to raise."""
    return Refused(UnsoundAssignment(field=field, problem=problem))


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Facilities (rows) and customers (columns). Whole numbers; money in minor units.

    `serving` is the cost of a customer's whole demand where one facility serves it, and of one unit where `is_split`.
    `apart`: pairs of customers that no facility serves both, smaller number first. Opening is paid where anything is
    served.
    """

    name: str
    capacity: Integers
    opening: Integers
    demand: Integers
    serving: Integers
    is_split: bool = False
    apart: tuple[tuple[int, int], ...] = ()

    @property
    def facilities(self) -> int:
        """How many facilities there are."""
        return len(self.capacity)

    @property
    def customers(self) -> int:
        """How many customers there are."""
        return len(self.demand)

    @property
    def whole(self) -> Integers:
        """What a customer's whole demand costs from each facility."""
        return self.serving * self.demand if self.is_split else self.serving


class Status(StrEnum):
    """How a search ended."""

    OPTIMAL = "optimal"  # nothing costs less
    STOPPED = "stopped"  # time or work ran out
    INFEASIBLE = "infeasible"  # proved: no assignment keeps the rules
    NOTHING_FOUND = "nothing_found"  # time or work ran out before there was any


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """When to stop. `seconds` of wall time; `work` bounds the search by what it does instead.

    With `work` and without `seconds` the same problem and seed give the same result on any machine.
    """

    seconds: float | None = 60.0
    work: int | None = None
    seed: int = 1
    threads: int = 2


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What was found. `units` (facilities × customers) is what each facility serves each customer; None without any.

    `cost_minor` is priced again by `pricing.price`, not what the search believed. No assignment costs less than
    `bound_minor`, which is None where there is none at all.
    """

    status: Status
    units: Integers | None
    cost_minor: int | None
    bound_minor: int | None
    seed: int
    seconds: float
    work: int

    @property
    def gap(self) -> float | None:
        """By what part of the bound the cost may be too high."""
        if self.cost_minor is None or self.bound_minor is None:
            return None
        return (self.cost_minor - self.bound_minor) / max(1, abs(self.bound_minor))


def refuse_unsound(problem: Problem) -> Problem:
    """Return the problem, or raise `Refused` where its numbers make no sense together."""
    facilities, customers = problem.facilities, problem.customers
    for field, numbers, shape in (
        ("capacity", problem.capacity, (facilities,)),
        ("opening", problem.opening, (facilities,)),
        ("demand", problem.demand, (customers,)),
        ("serving", problem.serving, (facilities, customers)),
    ):
        if numbers.shape != shape:
            raise unsound(field, f"has the shape {numbers.shape} instead of {shape}")
        if (numbers < 0).any():
            raise unsound(field, "is below zero")
        if (numbers > 10**9).any():
            raise unsound(field, "is above a thousand million")
    if not facilities or not customers:
        raise unsound("capacity" if not facilities else "demand", "is empty")
    if (problem.demand == 0).any():
        raise unsound("demand", "is zero: such a customer needs nobody")
    for one, other in problem.apart:
        if not 0 <= one < other < customers:
            raise unsound("apart", f"has a pair {one + 1}, {other + 1} that is none of the customers'")
    return problem
