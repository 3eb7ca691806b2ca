"""The optimiser as a `Solver`: a wave made into a problem of columns, and its plan made into decisions with reasons.

Each order's decision says what the whole wave made of it: a nearer site may have been spared because its goods or its
time save other orders more. What they would have been worth is in the wave's prices.
"""

from collections.abc import Collection, Iterator, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from loopline.kernel.ids import NodeId, SiteId, SkuId
from loopline.sourcing.costs import FINE, Integers, metres_between, rounded_minor
from loopline.sourcing.model import (
    Decision,
    Method,
    Need,
    OpenOrder,
    OpportunityPrice,
    Parcel,
    ParcelCost,
    Unfilled,
    UnfilledReason,
    Verdict,
    Wave,
    WaveFigures,
    WavePlan,
    WaveSite,
)
from loopline.sourcing.optimiser.problem import (
    Blocked,
    Costs,
    Limits,
    Lines,
    Orders,
    Problem,
    Sites,
    Stock,
    Surcharges,
)
from loopline.sourcing.optimiser.result import Result, Settings
from loopline.sourcing.optimiser.search import solve
from loopline.sourcing.rules import parcel_lines

SOLVER_NAME = "optimiser/1"
FALLBACK_MINOR = 1_000_000
"""What a parcel from a fallback site costs more than any other; not sending it at all costs that much more again."""

Flags = npt.NDArray[np.bool_]
_LETTER = {verdict: ord(verdict.value) for verdict in Verdict}


class Optimiser(msgspec.Struct, frozen=True, kw_only=True):
    """Solves a wave as one problem, at the profile's weights and within its limits.

    `solve_seconds` of the wave's settings bound the search, which ends as soon as the plan is within `gap` of what is
    possible; with `work` it is bounded by what it does instead, and the same wave and seed give the same plan on any
    machine.
    """

    gap: float = 0.001
    work: int | None = None
    threads: int = 2

    def solve(self, wave: Wave, *, seed: int) -> WavePlan:
        """Decide the wave. Never raises for what cannot be served: that comes back as `unfilled` with its reason."""
        if not wave.orders:
            return WavePlan(wave_id=wave.wave_id, solver=SOLVER_NAME, decisions=())
        table = _Table(wave)
        problem = table.problem()
        result = solve(
            problem,
            Settings(
                seconds=None if self.work is not None else float(wave.settings.waiting.solve_seconds),
                work=self.work,
                gap=self.gap,
                seed=seed,
                threads=self.threads,
            ),
        )
        return _Reading(table, problem, result).plan()


class _Ask(msgspec.Struct, frozen=True, kw_only=True):
    """An order's needs with units, and its lines in the problem from `first` on: one per SKU, `columns` their SKUs."""

    order: OpenOrder
    needs: list[Need]
    columns: list[int]
    asked: list[int]
    first: int


class _Table:
    """A wave in positions: sites and orders as they stand in it, SKUs as they are first named."""

    def __init__(self, wave: Wave) -> None:
        self.wave = wave
        self.column_of: dict[int, int] = {}
        self.sku_ids: list[SkuId] = []
        self.asks: list[_Ask] = []
        first = 0
        for order in wave.orders:
            ask = self._ask(order, first)
            first += len(ask.columns)
            self.asks.append(ask)
        self.position_of = {site.site_id: position for position, site in enumerate(wave.sites)}
        shape = (len(wave.sites), len(self.sku_ids))
        self.stock: Integers = np.zeros(shape, np.int64)
        self.leaf_units: dict[tuple[int, int], list[tuple[NodeId, int]]] = {}
        self._read_stock()
        self.credit: Integers = np.zeros(shape, np.int64)
        for (site_id, sku_id), minor in wave.credits_minor.items():
            site, column = self.position_of.get(site_id), self.column_of.get(sku_id.int)
            if site is not None and column is not None:
                self.credit[site, column] = minor * FINE
        self.grams: Integers = np.array([wave.unit_grams.get(sku_id, 0) for sku_id in self.sku_ids], np.int64)

    def _ask(self, order: OpenOrder, first: int) -> _Ask:
        asked: dict[int, int] = {}
        needs = [need for need in order.needs if need.units > 0]
        for need in needs:
            column = self.column_of.setdefault(need.sku_id.int, len(self.sku_ids))
            if column == len(self.sku_ids):
                self.sku_ids.append(need.sku_id)
            asked[column] = asked.get(column, 0) + need.units
        return _Ask(order=order, needs=needs, columns=list(asked), asked=list(asked.values()), first=first)

    def _read_stock(self) -> None:
        site_of_leaf = {
            leaf_id.int: (position, place)
            for position, site in enumerate(self.wave.sites)
            for place, leaf_id in enumerate(site.leaf_ids)
        }
        drawn: dict[tuple[int, int], list[tuple[int, NodeId, int]]] = {}
        for row in self.wave.stock:
            at, column = site_of_leaf.get(row.leaf_id.int), self.column_of.get(row.sku_id.int)
            if at is not None and column is not None and row.sellable > 0:
                self.stock[at[0], column] += row.sellable
                drawn.setdefault((at[0], column), []).append((at[1], row.leaf_id, row.sellable))
        for key, rows in drawn.items():
            self.leaf_units[key] = [(leaf_id, units) for _, leaf_id, units in sorted(rows, key=_place)]

    def problem(self) -> Problem:
        """The wave as columns."""
        settings = self.wave.settings
        site, column = np.nonzero(self.stock)
        return Problem(
            sites=self._sites(),
            orders=self._orders(),
            lines=self._lines(),
            stock=Stock(
                site=site.astype(np.int64),
                sku=column.astype(np.int64),
                units=self.stock[site, column],
                credit=self.credit[site, column],
            ),
            sku_grams=self.grams,
            costs=Costs(
                split=settings.weights.split_minor * FINE,
                late_hour=settings.weights.late_hour_minor * FINE,
                redispatch=settings.weights.refusal_minor * FINE,
                kilometres_per_hour=float(settings.weights.kilometres_per_hour),
            ),
            limits=Limits(
                parcels=1 if settings.limits.ship_together else settings.limits.parcels_most,
                least_value=settings.limits.parcel_value_least_minor,
            ),
            surcharges=self._surcharges(),
            blocked=self._blocked(),
        )

    def _sites(self) -> Sites:
        sites = self.wave.sites
        return Sites(
            latitude=np.array([one.coordinates.latitude for one in sites], np.float64),
            longitude=np.array([one.coordinates.longitude for one in sites], np.float64),
            capacity=np.array([max(0, one.capacity_left) for one in sites], np.int64),
            handling=np.array([one.cost.handling_minor for one in sites], np.int64) * FINE,
            parcel=np.zeros(len(sites), np.int64),
            metre=np.array([one.cost.hundred_kilometres_minor for one in sites], np.int64),
            gram=np.array([one.cost.kilogram_minor for one in sites], np.int64) * (FINE // 1_000),
            tonne_metre=np.zeros(len(sites), np.int64),
            priority=np.array([_priority(one) for one in sites], np.int64) * FINE,
            ready_minutes=np.array([one.ready_minutes for one in sites], np.int64),
            accept_probability=np.array([one.accept_probability for one in sites], np.float64),
        )

    def _orders(self) -> Orders:
        at = [ask.order.destination for ask in self.asks]
        hours = [ask.order.promised_hours for ask in self.asks]
        return Orders(
            latitude=np.array([np.nan if one is None else one.latitude for one in at], np.float64),
            longitude=np.array([np.nan if one is None else one.longitude for one in at], np.float64),
            promised_hours=np.array([np.nan if one is None else max(0.0, one) for one in hours], np.float64),
        )

    def _lines(self) -> Lines:
        columns = [column for ask in self.asks for column in ask.columns]
        values = self.wave.unit_values_minor
        unfilled = self.wave.settings.weights.unfilled_unit_minor
        if any(site.is_fallback for site in self.wave.sites):
            unfilled += 2 * FALLBACK_MINOR
        return Lines(
            start=np.cumsum([0, *(len(ask.columns) for ask in self.asks)]).astype(np.int64),
            sku=np.array(columns, np.int64),
            units=np.array([units for ask in self.asks for units in ask.asked], np.int64),
            unfilled=np.full(len(columns), unfilled * FINE, np.int64),
            value=np.array([values.get(self.sku_ids[column], 0) for column in columns], np.int64),
            together=np.full(len(columns), -1, np.int64),
        )

    def _surcharges(self) -> Surcharges:
        rows = [
            (at, self.position_of[site_id], minor * FINE)
            for at, ask in enumerate(self.asks)
            for site_id, minor in ask.order.surcharges_minor.items()
            if minor and site_id in self.position_of
        ]
        table = np.array(rows, np.int64).reshape(-1, 3)
        return Surcharges(order=table[:, 0], site=table[:, 1], amount=table[:, 2])

    def _blocked(self) -> Blocked:
        rows = [
            (at, site)
            for at, ask in enumerate(self.asks)
            for site in np.flatnonzero(self.excluded(ask.order) | self.forbidden(ask.order)).tolist()
        ]
        table = np.array(rows, np.int64).reshape(-1, 2)
        return Blocked(order=table[:, 0], site=table[:, 1])

    def excluded(self, order: OpenOrder) -> Flags:
        """Which sites refused an order, or are not what it asked for."""
        flags = np.full(len(self.wave.sites), order.allowed_sites is not None, np.bool_)
        flags[self._positions(order.allowed_sites or ())] = False
        flags[self._positions(order.excluded_sites)] = True
        return flags

    def forbidden(self, order: OpenOrder) -> Flags:
        """Which sites the profile's limits keep from an order."""
        flags = np.zeros(len(self.wave.sites), np.bool_)
        flags[self._positions(order.forbidden_sites)] = True
        return flags

    def _positions(self, site_ids: Collection[SiteId]) -> list[int]:
        return [self.position_of[one] for one in site_ids if one in self.position_of]


def _priority(site: WaveSite) -> int:
    return site.priority_minor + FALLBACK_MINOR * site.is_fallback


def _place(row: tuple[int, NodeId, int]) -> int:
    return row[0]


class _Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What an order gets: `units` by (site, column of the order)."""

    sites: list[int]
    units: Integers


class _Reading:
    """A result in the wave's own words."""

    def __init__(self, table: _Table, problem: Problem, result: Result) -> None:
        self.table, self.problem, self.result = table, problem, result
        self.wave = table.wave
        sites = self.wave.sites
        self.metres = metres_between(
            [ask.order.destination for ask in table.asks], [site.coordinates for site in sites]
        )
        self.preference: Integers = np.array([site.priority_minor for site in sites], np.int64) * FINE
        self.is_fallback: Flags = np.array([site.is_fallback for site in sites], np.bool_)
        self.capacity: Integers = problem.sites.capacity
        self.used: Integers = np.zeros(len(sites), np.int64)
        self.left: Integers = table.stock.copy()
        self.sent = self._sent()

    def _sent(self) -> list[_Sent]:
        plan = self.result.allocations
        ends = np.searchsorted(plan.order, np.arange(len(self.table.asks) + 1))
        sent: list[_Sent] = []
        for at, ask in enumerate(self.table.asks):
            rows = slice(int(ends[at]), int(ends[at + 1]))
            sites = np.unique(plan.site[rows])
            units = np.zeros((len(sites), len(ask.columns)), np.int64)
            rank = np.searchsorted(sites, plan.site[rows])
            np.add.at(units, (rank, plan.line[rows] - ask.first), plan.units[rows])
            self.used[sites] += 1
            self.left[sites[:, None], ask.columns] -= units
            sent.append(_Sent(sites=sites.tolist(), units=units))
        return sent

    def plan(self) -> WavePlan:
        """One decision per order, the wave's figures and its prices."""
        decisions = tuple(
            self._decide(at, ask, sent)
            for at, (ask, sent) in enumerate(zip(self.table.asks, self.sent, strict=True))
        )
        terms = self.result.terms
        return WavePlan(
            wave_id=self.wave.wave_id,
            solver=SOLVER_NAME,
            decisions=decisions,
            figures=WaveFigures(
                cost_minor=self.result.cost_minor,
                bound_minor=self.result.bound_minor,
                seconds=self.result.seconds,
                terms={name: _minor(getattr(terms, name)) for name in terms.__struct_fields__},
            ),
            prices=tuple(self._prices()),
        )

    def _prices(self) -> Iterator[OpportunityPrice]:
        sites, stock = self.wave.sites, self.problem.stock
        for row in np.flatnonzero(self.result.stock_prices >= FINE).tolist():
            yield OpportunityPrice(
                site_id=sites[int(stock.site[row])].site_id,
                sku_id=self.table.sku_ids[int(stock.sku[row])],
                price_minor=int(self.result.stock_prices[row]) // FINE,
            )
        for at in np.flatnonzero(self.result.capacity_prices >= FINE).tolist():
            price = int(self.result.capacity_prices[at]) // FINE
            yield OpportunityPrice(site_id=sites[at].site_id, sku_id=None, price_minor=price)

    def _decide(self, at: int, ask: _Ask, sent: _Sent) -> Decision:
        prices = self._prices_alone(at, ask)
        left = list(sent.units.sum(axis=0).tolist())
        granted: list[int] = []
        position_of = {column: position for position, column in enumerate(ask.columns)}
        of_need = [position_of[self.table.column_of[need.sku_id.int]] for need in ask.needs]
        for need, position in zip(ask.needs, of_need, strict=True):
            granted.append(min(need.units, left[position]))
            left[position] -= granted[-1]
        parcels = self._pack(at, ask, sent, of_need=of_need, granted=list(granted))
        cost = sum(parcel.cost.total_minor for parcel in parcels)
        return Decision(
            order_id=ask.order.order_id,
            parcels=parcels,
            unfilled=self._unfilled(ask, of_need=of_need, granted=granted),
            method=Method.OPTIMISED,
            cost_minor=cost,
            verdicts=self._judge(ask, sent, prices=prices, cost=cost),
            prices_minor=tuple(prices.tolist()),
        )

    def _fixed(self, at: int) -> dict[str, Integers]:
        """The terms of a parcel to an order that do not hang on what is in it, by site, in fine parts."""
        sites, costs, metres = self.problem.sites, self.problem.costs, self.metres[at]
        order = self.table.asks[at].order
        late = np.zeros(len(metres), np.int64)
        if order.promised_hours is not None:
            hours = sites.ready_minutes / 60 + metres / 1_000 / costs.kilometres_per_hour
            late = np.rint(np.maximum(0.0, hours - max(0.0, order.promised_hours)) * costs.late_hour).astype(
                np.int64
            )
        surcharge = np.zeros(len(metres), np.int64)
        for site_id, minor in order.surcharges_minor.items():
            if site_id in self.table.position_of:
                surcharge[self.table.position_of[site_id]] = minor * FINE
        return {
            "handling_minor": sites.handling,
            "distance_minor": sites.metre * metres,
            "lateness_minor": late,
            "refusal_minor": np.rint((1 - sites.accept_probability) * costs.redispatch).astype(np.int64),
            "preference_minor": self.preference + surcharge,
        }

    def _prices_alone(self, at: int, ask: _Ask) -> Integers:
        """What the order's goods would cost in one parcel from each site, had it all of them; minor units."""
        asked = np.array(ask.asked, np.int64)
        grams = int(asked @ self.table.grams[ask.columns])
        credit = self.table.credit[:, ask.columns] @ asked
        fixed = sum(self._fixed(at).values(), np.zeros(len(self.wave.sites), np.int64))
        return rounded_minor(fixed + grams * self.problem.sites.gram - credit)

    def _pack(
        self, at: int, ask: _Ask, sent: _Sent, *, of_need: Sequence[int], granted: list[int]
    ) -> tuple[Parcel, ...]:
        fixed = self._fixed(at)
        parcels: list[Parcel] = []
        for row, site in enumerate(sent.sites):
            units = sent.units[row]
            grams = int(units @ self.table.grams[ask.columns])
            terms = {name: _minor(int(values[site])) for name, values in fixed.items()}
            cost = ParcelCost(
                **terms,
                weight_minor=_minor(grams * int(self.problem.sites.gram[site])),
                split_minor=self.wave.settings.weights.split_minor if row else 0,
                credit_minor=_minor(int(self.table.credit[site, ask.columns] @ units)),
            )
            drawn = [
                self._draw(site, column, int(wanted))
                for column, wanted in zip(ask.columns, units, strict=True)
            ]
            lines = parcel_lines(ask.needs, of_need, drawn=drawn, left=granted)
            parcels.append(
                Parcel(
                    order_id=ask.order.order_id, site_id=self.wave.sites[site].site_id, lines=lines, cost=cost
                )
            )
        return tuple(parcels)

    def _draw(self, site: int, column: int, wanted: int) -> list[tuple[NodeId, int]]:
        """Take units of a SKU from a site's leaves, in their order."""
        drawn: list[tuple[NodeId, int]] = []
        leaves = self.table.leaf_units.get((site, column), [])
        while wanted:
            leaf_id, units = leaves[0]
            given = min(units, wanted)
            drawn.append((leaf_id, given))
            wanted -= given
            if given < units:
                leaves[0] = (leaf_id, units - given)
            else:
                leaves.pop(0)
        return drawn

    def _unfilled(self, ask: _Ask, *, of_need: Sequence[int], granted: Sequence[int]) -> tuple[Unfilled, ...]:
        missing = [
            Unfilled(
                line_id=need.line_id,
                sku_id=need.sku_id,
                units=need.units - units,
                reason=self._reason(ask, ask.columns[position]),
            )
            for need, position, units in zip(ask.needs, of_need, granted, strict=True)
            if units < need.units
        ]
        nothing = [need for need in ask.order.needs if need.units <= 0]
        return tuple(missing) + tuple(
            Unfilled(line_id=need.line_id, sku_id=need.sku_id, units=0, reason=UnfilledReason.NOTHING_ASKED)
            for need in nothing
        )

    def _reason(self, ask: _Ask, column: int) -> UnfilledReason:
        """Why units of a SKU are left, by where others of it lie when the wave is done."""
        there = self.left[:, column] > 0
        excluded, forbidden = self.table.excluded(ask.order), self.table.forbidden(ask.order)
        is_full = self.used >= self.capacity
        if (there & ~excluded & ~forbidden & is_full).any():
            return UnfilledReason.NO_CAPACITY
        if (there & ~excluded & ~forbidden).any():
            return UnfilledReason.LIMITS
        if (there & excluded).any():
            return UnfilledReason.EXCLUDED
        if there.any():
            return UnfilledReason.LIMITS
        return UnfilledReason.NO_GOODS

    def _judge(self, ask: _Ask, sent: _Sent, *, prices: Integers, cost: int) -> str:
        """Say what became of each site: `Decision.verdicts`, the first that applies."""
        stock = self.table.stock[:, ask.columns]
        asked = np.array(ask.asked, np.int64)
        has_all = (stock >= asked).all(axis=1)
        still_all = (self.left[:, ask.columns] >= asked).all(axis=1)
        letters = np.full(len(self.wave.sites), _LETTER[Verdict.NOT_WEIGHED], np.uint8)
        letters[~still_all] = _LETTER[Verdict.GOODS_NEEDED]
        letters[self.used >= self.capacity] = _LETTER[Verdict.TIME_NEEDED]
        letters[~has_all] = _LETTER[Verdict.MORE_PARCELS]
        letters[prices == cost] = _LETTER[Verdict.TIED]
        letters[prices > cost] = _LETTER[Verdict.DEARER]
        letters[self.is_fallback] = _LETTER[Verdict.FALLBACK]
        letters[self.capacity <= 0] = _LETTER[Verdict.NO_CAPACITY]
        letters[~stock.any(axis=1)] = _LETTER[Verdict.NO_GOODS]
        letters[self.table.forbidden(ask.order)] = _LETTER[Verdict.FORBIDDEN]
        letters[self.table.excluded(ask.order)] = _LETTER[Verdict.EXCLUDED]
        letters[sent.sites] = _LETTER[Verdict.CHOSEN]
        return letters.tobytes().decode("ascii")


def _minor(fine: int) -> int:
    return (fine + FINE // 2) // FINE
