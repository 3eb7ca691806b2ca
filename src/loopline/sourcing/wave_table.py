"""A wave as columns: what the optimiser solves, with the way back from its positions to ids."""

from collections.abc import Collection, Mapping
from functools import cached_property

import msgspec
import numpy as np
import numpy.typing as npt

from loopline.kernel.ids import NodeId, SiteId, SkuId
from loopline.kernel.temperatures import TemperatureClass
from loopline.sourcing.costs import FINE, Integers, metres_between
from loopline.sourcing.model import CERTAIN, Need, OpenOrder, Wave, WaveSite
from loopline.sourcing.optimiser.opportunity import Worth
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
    as_sites_say,
    one_class,
)

FALLBACK_MINOR = 1_000_000
"""What a parcel from a fallback site costs more than any other; not sending it at all costs that much more again."""

CLASSES = tuple(TemperatureClass)
_BASIS_POINT = FINE // 10_000  # fine parts of a minor unit that a basis point of it is
Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
_NOTHING: Integers = np.zeros(0, np.int64)


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """An order's needs with units, and its lines in the problem from `first` on: one per SKU, `columns` their SKUs.

    `prices`: what a unit of each brings, in minor units; of two needs of one SKU what both bring on average.
    """

    order: OpenOrder
    needs: list[Need]
    columns: list[int]
    asked: list[int]
    prices: list[int]
    first: int


class WaveTable:
    """A wave in positions: sites and orders as they stand in it, SKUs as they are first named."""

    def __init__(self, wave: Wave) -> None:
        self.wave = wave
        self.column_of: dict[int, int] = {}
        self.sku_ids: list[SkuId] = []
        self.asks: list[Ask] = []
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
        classes = [wave.classes.get(sku_id, TemperatureClass.AMBIENT) for sku_id in self.sku_ids]
        self.kind: Integers = np.array([CLASSES.index(one) for one in classes], np.int64)
        sends = [[one in site.sends for one in CLASSES] for site in wave.sites]
        self.is_able: Flags = np.array(sends, np.bool_).reshape(-1, len(CLASSES))[:, self.kind]
        self.is_named: Flags = self._named()
        self.is_dark: Flags = np.array([site.is_dark for site in wave.sites], np.bool_)
        self.credit: Integers = np.zeros(shape, np.int64)
        for (site_id, sku_id), minor in wave.credits_minor.items():
            site, column = self.position_of.get(site_id), self.column_of.get(sku_id.int)
            if site is not None and column is not None:
                self.credit[site, column] = minor * FINE
        self.unit_later: Integers = np.zeros(shape, np.int64)
        for (site_id, sku_id), minor in wave.later.unit_minor.items():
            site, column = self.position_of.get(site_id), self.column_of.get(sku_id.int)
            if site is not None and column is not None:
                self.unit_later[site, column] = minor * FINE
        parcels = wave.later.parcel_minor
        self.parcel_later: Integers = (
            np.array([parcels.get(site.site_id, 0) for site in wave.sites], np.int64) * FINE
        )
        chance = np.array([site.accept_probability for site in wave.sites], np.float64)
        self._refusals: Integers = self._refusal(chance[None, :] if wave.chances is None else wave.chances)
        self.margin: Integers = _BASIS_POINT * np.array(
            [site.margin_basis_points for site in wave.sites], np.int64
        )
        self.grams: Integers = np.array([wave.unit_grams.get(sku_id, 0) for sku_id in self.sku_ids], np.int64)

    @cached_property
    def metres(self) -> Integers:
        """The ways from the sites to the orders: (orders x sites)."""
        return metres_between(
            [order.destination for order in self.wave.orders],
            [site.coordinates for site in self.wave.sites],
        )

    def _ask(self, order: OpenOrder, first: int) -> Ask:
        asked: dict[int, int] = {}
        brings: dict[int, int] = {}
        needs = [need for need in order.needs if need.units > 0 and need.line_id not in order.held_back]
        for need in needs:
            column = self.column_of.setdefault(need.sku_id.int, len(self.sku_ids))
            if column == len(self.sku_ids):
                self.sku_ids.append(need.sku_id)
            asked[column] = asked.get(column, 0) + need.units
            brings[column] = brings.get(column, 0) + need.units * need.price_minor
        return Ask(
            order=order,
            needs=needs,
            columns=list(asked),
            asked=list(asked.values()),
            prices=[brings[column] // units for column, units in asked.items()],
            first=first,
        )

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

    def _named(self) -> Flags:
        """Which sites may send which SKUs, by the rules that speak of goods."""
        named = np.full((len(self.wave.sites), len(self.sku_ids)), fill_value=True, dtype=np.bool_)
        for sku_id, site_ids in self.wave.only_from.items():
            column = self.column_of.get(sku_id.int)
            if column is not None:
                named[:, column] = False
                named[self._positions(site_ids), column] = True
        return named

    def problem(self) -> Problem:
        """The wave as columns."""
        settings = self.wave.settings
        site, column = self._rows()
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
            sku_class=self.kind if self.kind.any() else one_class(),
            refusals=as_sites_say() if self.wave.chances is None else self._refusals,
        )

    def _rows(self) -> tuple[Integers, Integers]:
        """The (site, SKU) of each stock row of the problem: what the site has and is able, and allowed, to send."""
        site, column = np.nonzero(self.stock * (self.is_able & self.is_named))
        return site, column

    def worth(self) -> Worth:
        """What the problem's stock rows and sites are worth to orders that come later."""
        site, column = self._rows()
        return Worth(stock=self.unit_later[site, column], capacity=self.parcel_later)

    def _sites(self) -> Sites:
        sites = self.wave.sites
        return Sites(
            latitude=np.array([one.coordinates.latitude for one in sites], np.float64),
            longitude=np.array([one.coordinates.longitude for one in sites], np.float64),
            capacity=np.array([max(0, one.capacity_left) for one in sites], np.int64),
            handling=np.array([one.cost.handling_minor for one in sites], np.int64) * FINE,
            region=np.array([one.region_minor for one in sites], np.int64) * FINE,
            parcel=np.zeros(len(sites), np.int64),
            metre=np.array([one.cost.hundred_kilometres_minor for one in sites], np.int64),
            gram=np.array([one.cost.kilogram_minor for one in sites], np.int64) * (FINE // 1_000),
            tonne_metre=np.zeros(len(sites), np.int64),
            margin=self.margin,
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
        unfilled, earned = self.wave.settings.weights.unfilled_unit_minor, int(self.margin.max(initial=0))
        prices = np.array([price for ask in self.asks for price in ask.prices], np.int64)
        if any(site.is_fallback for site in self.wave.sites):
            unfilled += 2 * FALLBACK_MINOR
        return Lines(
            start=np.cumsum([0, *(len(ask.columns) for ask in self.asks)]).astype(np.int64),
            sku=np.array(columns, np.int64),
            units=np.array([units for ask in self.asks for units in ask.asked], np.int64),
            # However much a dealer earns by a unit, that is no reason to leave it.
            unfilled=earned * prices
            + np.array(
                [self._unfilled(ask.order, unfilled) for ask in self.asks for _ in ask.columns], np.int64
            ),
            value=np.array([values.get(self.sku_ids[column], 0) for column in columns], np.int64),
            price=prices,
            together=np.array([one for ask in self.asks for one in self.groups(ask)], np.int64),
        )

    @staticmethod
    def _unfilled(order: OpenOrder, minor: int) -> int:
        """What leaving a unit of an order costs: twice where sites have it, and never for what it pays on top."""
        return FINE * (minor * (1 + order.is_put) + max(order.extra_minor.values(), default=0))

    def groups(self, ask: Ask) -> list[int]:
        """By column of an order: which of its parcels-in-one it is of; -1: of none, it goes by itself."""
        if not self.wave.companions:
            return [-1] * len(ask.columns)
        named = [
            (self.wave.companions.get(self.sku_ids[column]), int(self.kind[column])) for column in ask.columns
        ]
        bound = [
            one for one, units in zip(named, ask.asked, strict=True) if named.count(one) > 1 or units > 1
        ]
        return [bound.index(one) if one[0] is not None and one in bound else -1 for one in named]

    def _surcharges(self) -> Surcharges:
        order, site, amount = [_NOTHING], [_NOTHING], [_NOTHING]
        for at, ask in enumerate(self.asks):
            one = ask.order
            if not (one.surcharges_minor or one.extra_minor or one.answering):
                continue
            more = self.by_site(one.surcharges_minor) + self.by_site(one.extra_minor) + self.refusal_more(at)
            sites = np.flatnonzero(more)
            order.append(np.full(len(sites), at, np.int64))
            site.append(sites)
            amount.append(more[sites])
        return Surcharges(
            order=np.concatenate(order), site=np.concatenate(site), amount=np.concatenate(amount)
        )

    def by_site(self, minor: Mapping[SiteId, int]) -> Integers:
        """Money by site as a column, in fine parts; sites that are not in the wave are left out."""
        column = np.zeros(len(self.wave.sites), np.int64)
        for site_id, amount in minor.items():
            if site_id in self.position_of:
                column[self.position_of[site_id]] = amount * FINE
        return column

    def refusal(self, at: int) -> Integers:
        """What a refusal of an order is expected to cost by site, were it not for what came back of it."""
        return self._refusals[at if self.wave.chances is not None else 0]

    def refusal_more(self, at: int) -> Integers:
        """What a refusal is expected to cost more (or, below 0, less) as the order came back, in fine parts."""
        more, order = np.zeros(len(self.wave.sites), np.int64), self.asks[at].order
        known = [site_id for site_id in order.answering if site_id in self.position_of]
        if known:
            places = self._positions(known)
            chance = [order.answering[site_id].accepts_basis_points / CERTAIN for site_id in known]
            more[places] = self._refusal(np.array(chance, np.float64)) - self.refusal(at)[places]
        return more

    def _refusal(self, chance: Floats) -> Integers:
        """What a refusal is expected to cost, as the problem reckons it: rounded, so that differences are exact."""
        redispatch = self.wave.settings.weights.refusal_minor * FINE
        return np.rint((1 - chance) * redispatch).astype(np.int64)

    def _blocked(self) -> Blocked:
        rows = [
            (at, site)
            for at, ask in enumerate(self.asks)
            for site in np.flatnonzero(self.blocked(ask.order)).tolist()
        ]
        table = np.array(rows, np.int64).reshape(-1, 2)
        return Blocked(order=table[:, 0], site=table[:, 1])

    def blocked(self, order: OpenOrder) -> Flags:
        """Which sites may not send an order, whatever is in it."""
        return self.excluded(order) | self.forbidden(order) | ~self.named(order)

    def named(self, order: OpenOrder) -> Flags:
        """Which sites an order may ship from, by what it or its channel names."""
        flags = np.full(len(self.wave.sites), order.only_from is None, np.bool_)
        flags[self._positions(order.only_from or ())] = True
        return flags

    def may_send(self, ask: Ask) -> Flags:
        """Which sites may send each SKU of an order, by what is named: (sites x columns of the order)."""
        return self.is_named[:, ask.columns] & self.named(ask.order)[:, None]

    def excluded(self, order: OpenOrder) -> Flags:
        """Which sites refused an order, are not what it asked for, or are dark."""
        flags = np.full(len(self.wave.sites), order.allowed_sites is not None, np.bool_)
        flags[self._positions(order.allowed_sites or ())] = False
        flags[self._positions(order.excluded_sites)] = True
        return flags | self.is_dark

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
