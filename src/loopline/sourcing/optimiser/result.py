"""What the optimiser answers: a plan that was priced again, how good it is at least, and what found no site."""

from collections.abc import Callable
from enum import StrEnum

import msgspec

from loopline.sourcing.optimiser.problem import FINE, Integers


class Allocations(msgspec.Struct, frozen=True, kw_only=True):
    """Which line gets how many units from which site, as columns in order of (line, site). All positions."""

    order: Integers
    line: Integers
    site: Integers
    units: Integers


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """The cost of a plan by term, in fine parts; `problem` says what each is. `credit` is what was earned."""

    parcel: int = 0
    handling: int = 0
    region: int = 0
    priority: int = 0
    distance: int = 0
    weight: int = 0
    margin: int = 0
    lateness: int = 0
    refusal: int = 0
    surcharge: int = 0
    split: int = 0
    unfilled: int = 0
    credit: int = 0

    @property
    def total(self) -> int:
        """The cost of the plan, in fine parts."""
        return sum(getattr(self, name) for name in self.__struct_fields__) - 2 * self.credit


class Status(StrEnum):
    """How a search ended."""

    OPTIMAL = "optimal"  # the bound, rounded up to a minor unit, is what the plan costs
    NEAR_ENOUGH = "near_enough"  # the gap that was asked for is reached
    STOPPED = "stopped"  # time or work ran out, or nothing was left to try


class ShortReason(StrEnum):
    """Why units of a line found no site; the first that applies to the finished plan."""

    NO_GOODS = "no_goods"  # no site has the SKU
    BLOCKED = "blocked"  # only sites that this order must not have, or that serve nobody
    TAKEN = "taken"  # all went to other orders
    NO_CAPACITY = "no_capacity"  # what is left lies at sites that take no more parcels
    LIMITS = "limits"  # no way within the limits on parcels, value and what goes together
    TOO_DEAR = "too_dear"  # sending them costs more than leaving them, or than what others would lose


class Short(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Units of a line that are not sent."""

    line: int
    units: int
    reason: ShortReason


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How long to search. `seed`: of whatever is drawn.

    `seconds` is of wall time, counted from the call; None is without end. `work` bounds the search by what it does
    instead (rounds of prices, and neighbourhoods solved): with it and without `seconds` the same problem and seed give
    the same result on any machine. `gap`: near enough, as a part of the bound. `threads`: at most so many at once; the
    result does not depend on them. `part`: orders of one master problem; a larger wave is divided.
    """

    seconds: float | None = 60.0
    work: int | None = None
    gap: float = 1e-5
    seed: int = 1
    part: int = 2_500
    threads: int = 2


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Where a search is: told now and then. Money in fine parts; None while there is none."""

    stage: str
    cost: int | None
    bound: int | None


Tell = Callable[[Progress], None]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """A plan, its price by term as `reprice` finds it, and a bound below which no plan can be.

    `bound` is the Lagrangian value of the problem at `stock_prices` (by stock row) and `capacity_prices` (by site), all
    fine and 0 or more: the sum over orders of the cheapest way to serve each when every unit and parcel pays its
    price, less prices x what there is. Anyone can work it out again.
    """

    status: Status
    allocations: Allocations
    terms: Terms
    short: tuple[Short, ...]
    bound: int
    stock_prices: Integers
    capacity_prices: Integers
    seed: int
    seconds: float
    work: int

    @property
    def cost(self) -> int:
        """What the plan costs, in fine parts."""
        return self.terms.total

    @property
    def cost_minor(self) -> int:
        """What the plan costs, rounded half up."""
        return (self.cost + FINE // 2) // FINE

    @property
    def bound_minor(self) -> int:
        """The bound, rounded down."""
        return self.bound // FINE

    @property
    def gap(self) -> float:
        """How far the plan may be above the best, as a part of the bound."""
        return (self.cost - self.bound) / max(abs(self.bound), 1)
