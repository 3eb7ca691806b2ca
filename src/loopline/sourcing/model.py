"""What sourcing speaks of: a wave of orders, the sites weighed for it, and the plan with its explanation.

Records that come by the hundred thousand and hold nothing but ids and numbers are hidden from the garbage collector
(`gc=False`): they cannot be part of a cycle, and looking at them cost more than making them.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import LineId, NodeId, OrderId, SiteId, SkuId, WaveId


class Need(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Units of one order line that wait for a site."""

    line_id: LineId
    sku_id: SkuId
    units: int


class OpenOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order to be sourced.

    `destination` is None where nothing travels (collected in store) or nobody knows where to: distance then costs
    nothing. `excluded_sites` refused it before; `allowed_sites`, where given, are the only ones that may serve it.
    """

    order_id: OrderId
    destination: Coordinates | None
    needs: tuple[Need, ...]
    excluded_sites: frozenset[SiteId] = frozenset()
    allowed_sites: frozenset[SiteId] | None = None


class SiteCost(msgspec.Struct, frozen=True, kw_only=True):
    """What a parcel from a site costs: so much each, per 100 kilometres as the crow flies and per kilogram.

    Per 100 kilometres, because a single kilometre of a parcel costs less than the smallest coin.
    """

    site_id: SiteId
    currency: str
    handling_minor: int
    hundred_kilometres_minor: int
    kilogram_minor: int


class WaveSite(msgspec.Struct, frozen=True, kw_only=True):
    """A site that may serve the wave. `leaf_ids`: its leaves, drawn from in this order. `capacity_left`: parcels."""

    site_id: SiteId
    leaf_ids: tuple[NodeId, ...]
    coordinates: Coordinates
    capacity_left: int
    cost: SiteCost


class StockAtLeaf(Protocol):
    """Units of a SKU that may still be promised at a leaf: a shape, so that rows of other rooms fit as they are."""

    @property
    def leaf_id(self) -> NodeId: ...
    @property
    def sku_id(self) -> SkuId: ...
    @property
    def sellable(self) -> int: ...


class LeafUnits(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The plainest `StockAtLeaf`."""

    leaf_id: NodeId
    sku_id: SkuId
    sellable: int


class Wave(msgspec.Struct, frozen=True, kw_only=True):
    """A problem: orders in order of arrival, sites in order of preference among equals, stock without repeats.

    All costs are in one currency. A SKU missing in `unit_grams` weighs nothing.
    """

    wave_id: WaveId
    currency: str
    orders: tuple[OpenOrder, ...]
    sites: tuple[WaveSite, ...]
    stock: Sequence[StockAtLeaf]
    unit_grams: Mapping[SkuId, int] = {}


class ParcelLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Units of one order line from one leaf: what becomes an allocation."""

    line_id: LineId
    leaf_id: NodeId
    sku_id: SkuId
    units: int


class ParcelCost(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The terms of a parcel's cost, rounded so that all terms of an order add up to its rounded total."""

    handling_minor: int
    distance_minor: int
    weight_minor: int

    @property
    def total_minor(self) -> int:
        """The sum of the terms."""
        return self.handling_minor + self.distance_minor + self.weight_minor


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """One order's goods from one site, at least one unit."""

    order_id: OrderId
    site_id: SiteId
    lines: tuple[ParcelLine, ...]
    cost: ParcelCost


class UnfilledReason(StrEnum):
    """Why units of a line found no site; the first that applies."""

    NOTHING_ASKED = "nothing_asked"  # zero units or fewer
    NO_CAPACITY = "no_capacity"  # sites that have them can take no more parcels
    EXCLUDED = "excluded"  # only sites that refused, or that the order does not allow, have them
    NO_GOODS = "no_goods"


class Unfilled(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Units of a line that no site of the wave can send."""

    line_id: LineId
    sku_id: SkuId
    units: int
    reason: UnfilledReason


class Verdict(StrEnum):
    """What became of a site for one order; the first that applies. Values are letters of the stored explanation."""

    CHOSEN = "*"
    EXCLUDED = "x"
    NO_GOODS = "n"  # it has none of what is wanted
    NO_CAPACITY = "c"
    MORE_PARCELS = "p"  # it has a part, and no set of as few parcels contains it
    DEARER = "d"  # it is in a set of as few parcels, at a higher cost
    TIED = "t"  # as few parcels at the same cost; the chosen come earlier in the wave's list
    NOT_WEIGHED = "w"  # too many sets to weigh: a greedy cover was found without it


class Method(StrEnum):
    """How an order was decided."""

    EXACT = "exact"  # proved: no plan sends as many units in fewer parcels, nor in as few at less cost
    GREEDY = "greedy"  # a cover none of whose parcels can be spared; fewer or cheaper ones may exist


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided for one order, and why.

    `verdicts` has one letter of `Verdict` per site of the wave, in the wave's order. `prices_minor` stands beside it:
    for a chosen, dearer or tied site the total cost of the best equally small set of parcels with that site in it;
    for any other what all goods of the order that can be sent would cost in one parcel from there, had it all of them.
    """

    order_id: OrderId
    parcels: tuple[Parcel, ...]
    unfilled: tuple[Unfilled, ...]
    method: Method
    cost_minor: int
    verdicts: str
    prices_minor: tuple[int, ...]


class WavePlan(msgspec.Struct, frozen=True, kw_only=True):
    """A result: one decision per order of the wave, in its order. `solver` names who decided, with its version."""

    wave_id: WaveId
    solver: str
    decisions: tuple[Decision, ...]

    @property
    def parcels(self) -> list[Parcel]:
        """All parcels, in order of the orders."""
        return [parcel for decision in self.decisions for parcel in decision.parcels]


class StoredParcel(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel as the explanation keeps it: where from, how much, at what cost."""

    site_id: SiteId
    units: int
    cost: ParcelCost


class EliminatedSite(msgspec.Struct, frozen=True, kw_only=True):
    """A site that was not chosen, why, and its price as `Decision` says."""

    site_id: SiteId
    verdict: Verdict
    price_minor: int


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """A stored decision, spelt out. `eliminated` in order of the wave's sites."""

    order_id: OrderId
    wave_id: WaveId
    solver: str
    method: Method
    currency: str
    cost_minor: int
    chosen: tuple[StoredParcel, ...]
    eliminated: tuple[EliminatedSite, ...]
    unfilled: tuple[Unfilled, ...]


class DecisionCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How orders were decided: `split` into more parcels than one, left `short`, by a `greedy` cover."""

    decisions: int
    parcels: int
    split: int
    short: int
    greedy: int
