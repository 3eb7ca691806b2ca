"""What sourcing speaks of: a wave of orders, the sites weighed for it, and the plan with its explanation.

Records that come by the hundred thousand and hold nothing but ids and numbers are hidden from the garbage collector
(`gc=False`): they cannot be part of a cycle, and looking at them cost more than making them.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import LineId, NodeId, OrderId, PartyId, SiteId, SkuId, WaveId
from loopline.kernel.temperatures import AMBIENT_ALONE, TemperatureClass
from loopline.sourcing.settings import ANSWER_MINUTES, Override, Settings


class Need(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Units of one order line that wait for a site. `price_minor`: what each brings, net of tax; 0: nobody asks."""

    line_id: LineId
    sku_id: SkuId
    units: int
    price_minor: int = 0


CERTAIN = 10_000
"""Basis points of what happens whatever else does."""


class Answering(msgspec.Struct, frozen=True, kw_only=True):
    """How a site is expected to answer: how probably it takes work, in basis points, and after how many minutes."""

    accepts_basis_points: int
    minutes: int


class OpenOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order to be sourced.

    `destination` is None where nothing travels (collected in store) or nobody knows where to: distance then costs
    nothing. `excluded_sites` refused it before; `allowed_sites`, where given, are the only ones that may serve it;
    `forbidden_sites` may not by the profile's limits; `only_from`, where given, are those that it must ship from.
    `promised_hours`: from now until it is to be there, where that was promised. `surcharges_minor`: made-up costs of a
    parcel from a site, 0 or more. `held_back`: lines that are not sent now, as others that leave with them have no
    goods yet. `is_put`: sites have its work already, so that leaving units of it unfilled costs twice as much.
    `extra_minor`: what a parcel pays a site on top because the work came back; `answering`: how sites are expected to
    answer such work for that pay, where they are known.
    """

    order_id: OrderId
    destination: Coordinates | None
    needs: tuple[Need, ...]
    excluded_sites: frozenset[SiteId] = frozenset()
    allowed_sites: frozenset[SiteId] | None = None
    forbidden_sites: frozenset[SiteId] = frozenset()
    only_from: frozenset[SiteId] | None = None
    promised_hours: float | None = None
    surcharges_minor: Mapping[SiteId, int] = {}
    held_back: frozenset[LineId] = frozenset()
    is_put: bool = False
    extra_minor: Mapping[SiteId, int] = {}
    answering: Mapping[SiteId, Answering] = {}


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
    """A site that may serve the wave. `leaf_ids`: its leaves, drawn from in this order. `capacity_left`: parcels.

    `priority_minor`: a made-up cost of each of its parcels, 0 or more; `is_fallback`: it serves what no other can.
    `region_minor`: what handling a parcel costs more in its part of the country. `margin_basis_points`: of what goods
    bring, what its dealer earns by sending them; below zero in its favour.
    `ready_minutes`: from the offer until a parcel leaves. `accept_probability` in [0, 1]. `answer_minutes`: how long it
    has to answer. `overrides`: what a region or a dealer decided for it. `sends`: the classes it is able to send.
    `is_dark`: it shows no sign of life, and gets nothing.
    """

    site_id: SiteId
    leaf_ids: tuple[NodeId, ...]
    coordinates: Coordinates
    capacity_left: int
    cost: SiteCost
    priority_minor: int = 0
    is_fallback: bool = False
    ready_minutes: int = 0
    accept_probability: float = 1.0
    answer_minutes: int = ANSWER_MINUTES
    overrides: tuple[Override, ...] = ()
    sends: frozenset[TemperatureClass] = AMBIENT_ALONE
    is_dark: bool = False
    region_minor: int = 0
    margin_basis_points: int = 0


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


class LaterWorth(msgspec.Struct, frozen=True, kw_only=True):
    """What goods and time are worth to orders that come later, minor units above 0; what is left out is worth nothing.

    Per unit of a SKU at a site, and per parcel of a site. `version`: of the prices of the day; None: of none kept.
    """

    version: int | None = None
    unit_minor: Mapping[tuple[SiteId, SkuId], int] = {}
    parcel_minor: Mapping[SiteId, int] = {}


NOTHING_LATER = LaterWorth()


class Shares(msgspec.Struct, frozen=True, kw_only=True):
    """Whose sites sites are, how many of the day's tasks each dealer has, and how many there are in all.

    Sites that are left out are the brand's own. What is decided again is not counted.
    """

    dealer_of: Mapping[SiteId, PartyId] = {}
    had: Mapping[PartyId, int] = {}
    total: int = 0

    def with_tasks(self, site_ids: Collection[SiteId]) -> "Shares":
        """The same with tasks that sites keep after all, one for each time that a site is named."""
        if not self.dealer_of:
            return self
        had = dict(self.had)
        for dealer in (self.dealer_of[one] for one in site_ids if one in self.dealer_of):
            had[dealer] = had.get(dealer, 0) + 1
        return Shares(dealer_of=self.dealer_of, had=had, total=self.total + len(site_ids))


NO_SHARES = Shares()


class Wave(msgspec.Struct, frozen=True, kw_only=True):
    """A problem: orders in order of arrival, sites in order of preference among equals, stock without repeats.

    All costs are in one currency. A SKU missing in `unit_grams` weighs nothing. `credits_minor`: what shipping a unit
    of a SKU from a site earns (ageing) or, below zero, risks (the shelf's own sale). `settings`: of the profile.
    `later`: what goods and time cost beside that, for the orders that are still to come. `classes`: how cold goods are
    kept on their way; a SKU that is missing is ambient. `companions`: what an order has of SKUs with the same word,
    and of one class, leaves in one parcel or not at all. `only_from`: the sites that SKUs must ship from; a SKU that is
    missing is sent from any. `shares`: what dealers have of the day already. `chances`: that a site takes an order, by
    (order, site), where it hangs on the order; else each site's own `accept_probability` holds.
    """

    wave_id: WaveId
    currency: str
    orders: tuple[OpenOrder, ...]
    sites: tuple[WaveSite, ...]
    stock: Sequence[StockAtLeaf]
    unit_grams: Mapping[SkuId, int] = {}
    unit_values_minor: Mapping[SkuId, int] = {}
    credits_minor: Mapping[tuple[SiteId, SkuId], int] = {}
    settings: Settings = Settings()
    profile_version: int | None = None
    later: LaterWorth = NOTHING_LATER
    classes: Mapping[SkuId, TemperatureClass] = {}
    companions: Mapping[SkuId, str] = {}
    only_from: Mapping[SkuId, frozenset[SiteId]] = {}
    shares: Shares = NO_SHARES
    chances: npt.NDArray[np.float64] | None = None


class ParcelLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Units of one order line from one leaf: what becomes an allocation."""

    line_id: LineId
    leaf_id: NodeId
    sku_id: SkuId
    units: int


class ParcelCost(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The terms of a parcel's cost, each in whole minor units; those of an order add up to what it costs.

    `lateness_minor`: hours beyond the promise; `refusal_minor`: what it would cost to source it again, as likely as
    that is; `preference_minor`: what the profile adds for the site, for the territory, or for moving work that another
    site has; `split_minor`: for every parcel of an order but the first of each class; `opportunity_minor`: what its
    goods and time are worth to orders that come later; `waiting_minor`: what it pays the site on top because the work
    came back; `region_minor`: what handling costs more in the site's part of the country; `margin_minor`: what its
    dealer earns by the goods, below 0 where that counts in the site's favour; `credit_minor` is taken off: what ageing
    goods earn less what the shelf risks.
    """

    handling_minor: int
    distance_minor: int
    weight_minor: int
    lateness_minor: int = 0
    refusal_minor: int = 0
    preference_minor: int = 0
    split_minor: int = 0
    opportunity_minor: int = 0
    waiting_minor: int = 0
    region_minor: int = 0
    margin_minor: int = 0
    credit_minor: int = 0

    @property
    def total_minor(self) -> int:
        """The sum of the terms, the credit taken off."""
        return (
            self.handling_minor
            + self.distance_minor
            + self.weight_minor
            + self.lateness_minor
            + self.refusal_minor
            + self.preference_minor
            + self.split_minor
            + self.opportunity_minor
            + self.waiting_minor
            + self.region_minor
            + self.margin_minor
            - self.credit_minor
        )


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """One order's goods of one class from one site, at least one unit."""

    order_id: OrderId
    site_id: SiteId
    lines: tuple[ParcelLine, ...]
    cost: ParcelCost
    temperature_class: TemperatureClass = TemperatureClass.AMBIENT


class UnfilledReason(StrEnum):
    """Why units of a line found no site; the first that applies."""

    NOTHING_ASKED = "nothing_asked"  # zero units or fewer
    NO_CAPACITY = "no_capacity"  # sites that have them can take no more parcels
    EXCLUDED = "excluded"  # only sites that refused, are dark, or that the order does not allow, have them
    NOT_EQUIPPED = "not_equipped"  # only sites that are not equipped to send them have them
    MUST_SHIP_FROM = "must_ship_from"  # only other sites than those they must ship from have them
    TOGETHER = "together"  # no site has all that leaves in one parcel
    LIMITS = "limits"  # no way within the profile's limits
    LEFT_OVER = (
        "left_over"  # goods and time are there: no way costs less than leaving them, or than others lose
    )
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
    NOT_WEIGHED = "w"  # too many possibilities: a plan was found without it
    FORBIDDEN = "f"  # the profile's limits do not let it serve this order
    FALLBACK = "b"  # the profile lets it serve only what no other site can
    GOODS_NEEDED = "g"  # it would be cheaper; its goods save other orders of the wave more
    TIME_NEEDED = "q"  # it would be cheaper; its time saves other orders of the wave more
    NOT_EQUIPPED = "e"  # it has goods that it is not equipped to send so cold
    NOT_NAMED = "m"  # the order, or a rule of the profile, names other sites that all of it must ship from
    DARK = "s"  # it shows no sign of life: it is asked for nothing until somebody there does something
    SHARE_FULL = "h"  # its dealer has as much of the day's work as the profile lets one have
    OWED = "o"  # the order is given to a dealer who got too little of the day's work
    KEPT = "k"  # it would be cheaper; its goods and time are kept for orders that come later


class Method(StrEnum):
    """How an order was decided."""

    EXACT = "exact"  # proved: no plan sends as many units in fewer parcels, nor in as few at less cost
    GREEDY = "greedy"  # a cover none of whose parcels can be spared; fewer or cheaper ones may exist
    OPTIMISED = (
        "optimised"  # with all other orders of its wave, at the least cost found; the wave says how near
    )


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided for one order, and why.

    `verdicts` has one letter of `Verdict` per site of the wave, in the wave's order. `prices_minor` stands beside it:
    for a chosen, dearer or tied site the total cost of the best equally small set of parcels with that site in it;
    for any other what all goods of the order that can be sent would cost in one parcel from there, had it all of them;
    of several classes, in one parcel for each. `late_minor`: what of each price is for coming later than promised;
    empty where nobody would.
    """

    order_id: OrderId
    parcels: tuple[Parcel, ...]
    unfilled: tuple[Unfilled, ...]
    method: Method
    cost_minor: int
    verdicts: str
    prices_minor: tuple[int, ...]
    late_minor: tuple[int, ...] = ()


class WaveFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What a wave came to as a whole. No plan costs less than `bound_minor`. `terms`: the cost by term, minor units."""

    cost_minor: int
    bound_minor: int
    seconds: float
    terms: dict[str, int]

    @property
    def gap(self) -> float:
        """How far the plan may be above the best, as a part of the bound."""
        return (self.cost_minor - self.bound_minor) / max(abs(self.bound_minor), 1)


class OpportunityPrice(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one more unit of a SKU at a site would have saved its wave; without a SKU: one more parcel of the site."""

    site_id: SiteId
    sku_id: SkuId | None
    price_minor: int


class SitePrice(msgspec.Struct, frozen=True, kw_only=True):
    """What one more unit of an order's goods, and one more parcel, at a site would have saved a wave; None: nothing."""

    wave_id: WaveId
    site_id: SiteId
    unit_minor: int | None
    parcel_minor: int | None


class WavePlan(msgspec.Struct, frozen=True, kw_only=True):
    """A result: one decision per order of the wave, in its order. `solver` names who decided, with its version."""

    wave_id: WaveId
    solver: str
    decisions: tuple[Decision, ...]
    figures: WaveFigures | None = None
    prices: tuple[OpportunityPrice, ...] = ()

    @property
    def parcels(self) -> list[Parcel]:
        """All parcels, in order of the orders."""
        return [parcel for decision in self.decisions for parcel in decision.parcels]


class WaveTold(msgspec.Struct, frozen=True, kw_only=True):
    """A wave that was decided, as a whole. Figures are None where it was decided order by order."""

    wave_id: WaveId
    decided_at: datetime
    solver: str
    currency: str
    sites: int
    profile_version: int | None
    orders: int
    parcels: int
    unfilled_units: int
    cost_minor: int | None
    bound_minor: int | None
    seconds: float | None
    terms: dict[str, int] | None

    @property
    def gap(self) -> float | None:
        """How far the plan may be above the best, as a part of the bound."""
        if self.cost_minor is None or self.bound_minor is None:
            return None
        return (self.cost_minor - self.bound_minor) / max(abs(self.bound_minor), 1)


class StoredParcel(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel as the explanation keeps it: where from, how much, at what cost by term.

    `overrides`: what a region or a dealer had set for the site, of what the profile left open.
    """

    site_id: SiteId
    units: int
    cost: ParcelCost
    overrides: tuple[Override, ...] = ()
    temperature_class: TemperatureClass = TemperatureClass.AMBIENT


class EliminatedSite(msgspec.Struct, frozen=True, kw_only=True):
    """A site that was not chosen, why, and its price as `Decision` says; `late_minor` of it for coming late."""

    site_id: SiteId
    verdict: Verdict
    price_minor: int
    late_minor: int = 0


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """A stored decision, spelt out. `eliminated` in order of the wave's sites.

    `gap`: how far the whole wave may be above the best, as a part of the bound; None: it was decided order by order.
    `day_prices_version`: of the prices of the day that it counted, if any.
    """

    order_id: OrderId
    wave_id: WaveId
    decided_at: datetime
    profile_version: int | None
    gap: float | None
    day_prices_version: int | None
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
