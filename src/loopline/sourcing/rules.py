"""Which site serves which order. The rule: send the most units there are, in the fewest parcels, at the least cost.

Orders are decided one after the other, in order of arrival, each against the stock and capacity that those before it
left. Of an order whose goods are of several temperature classes each class is decided by itself, the warmest first; a
class in which some goods leave together comes from one site, whole, or not at all.
Everything here is pure, and the same wave always gives the same plan.
"""

from collections.abc import Collection, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from loopline.kernel.ids import NodeId, SiteId, SkuId
from loopline.kernel.temperatures import TemperatureClass
from loopline.sourcing.costs import Integers, Tariff, metres_between, parcel_costs, rounded_minor
from loopline.sourcing.cover import Cover, Prices, smallest_cover
from loopline.sourcing.model import (
    Decision,
    Method,
    Need,
    OpenOrder,
    Parcel,
    ParcelLine,
    Unfilled,
    UnfilledReason,
    Verdict,
    Wave,
    WavePlan,
)

SOLVER_NAME = "fewest_parcels/1"

Flags = npt.NDArray[np.bool_]


def choose_sites(wave: Wave) -> WavePlan:
    """Decide a wave. Never raises for what cannot be served: that comes back as `unfilled` with its reason."""
    desk = _Desk(wave)
    metres = metres_between(
        [order.destination for order in wave.orders], [site.coordinates for site in wave.sites]
    )
    decisions = [
        _joined(
            order,
            [
                _decide(part, kind, desk=desk, distance=metres[row] * desk.tariff.per_metre)
                for kind, part in _by_class(order, wave)
            ],
        )
        for row, order in enumerate(wave.orders)
    ]
    return WavePlan(wave_id=wave.wave_id, solver=SOLVER_NAME, decisions=tuple(decisions))


def _by_class(order: OpenOrder, wave: Wave) -> list[tuple[TemperatureClass, OpenOrder]]:
    if not wave.classes:
        return [(TemperatureClass.AMBIENT, order)]
    needs: dict[TemperatureClass, list[Need]] = {}
    for need in order.needs:
        needs.setdefault(wave.classes.get(need.sku_id, TemperatureClass.AMBIENT), []).append(need)
    if len(needs) <= 1:
        return [(next(iter(needs), TemperatureClass.AMBIENT), order)]
    return [
        (one, msgspec.structs.replace(order, needs=tuple(needs[one])))
        for one in TemperatureClass
        if one in needs
    ]


_TELLING = (
    Verdict.CHOSEN,
    Verdict.DARK,
    Verdict.EXCLUDED,
    Verdict.NOT_NAMED,
    Verdict.NOT_EQUIPPED,
    Verdict.NO_CAPACITY,
    Verdict.MORE_PARCELS,
    Verdict.NOT_WEIGHED,
    Verdict.DEARER,
    Verdict.TIED,
    Verdict.NO_GOODS,
)
"""Which verdict on a part of an order tells most of a site."""


def _joined(order: OpenOrder, parts: Sequence[Decision]) -> Decision:
    """Put what was decided for the classes of an order together."""
    if len(parts) == 1:
        return parts[0]
    place = {need.line_id: number for number, need in enumerate(order.needs)}

    def turn(one: Unfilled) -> tuple[bool, int]:
        return one.reason is UnfilledReason.NOTHING_ASKED, place[one.line_id]

    verdicts = (
        next(one.value for one in _TELLING if one.value in letters)
        for letters in zip(*(part.verdicts for part in parts), strict=True)
    )
    return Decision(
        order_id=parts[0].order_id,
        parcels=tuple(parcel for part in parts for parcel in part.parcels),
        unfilled=tuple(sorted((one for part in parts for one in part.unfilled), key=turn)),
        method=Method.GREEDY if any(part.method is Method.GREEDY for part in parts) else Method.EXACT,
        cost_minor=sum(part.cost_minor for part in parts),
        verdicts="".join(verdicts),
        prices_minor=tuple(
            sum(prices) for prices in zip(*(part.prices_minor for part in parts), strict=True)
        ),
    )


class _Desk:
    """What is left to give away while a wave is being decided: the only thing here that changes."""

    def __init__(self, wave: Wave) -> None:
        self.sites = wave.sites
        self.companions = wave.companions
        self.only_from = wave.only_from
        self.tariff = Tariff(wave.sites)
        self.is_dark: Flags = np.array([site.is_dark for site in wave.sites], np.bool_)
        self.capacity: Integers = np.array([site.capacity_left for site in wave.sites], np.int64)
        # Ids are looked up by their integer: hashing a UUID costs a Python call, and there are tens of thousands here.
        self._column_of_sku: dict[int, int] = {}
        self._grams: list[int] = []
        for order in wave.orders:
            for need in order.needs:
                self._add_sku(need.sku_id, wave)
        self.grams: Integers = np.array(self._grams, np.int64)
        self.leaf_stock = self._read_stock(wave)
        self.site_stock: Integers = np.array(
            [self.leaf_stock[leaves].sum(axis=0) for leaves in self.leaves_of_site]
        )
        self.site_stock = self.site_stock.reshape(len(wave.sites), len(self._grams))

    def _add_sku(self, sku_id: SkuId, wave: Wave) -> None:
        if sku_id.int not in self._column_of_sku:
            self._column_of_sku[sku_id.int] = len(self._grams)
            self._grams.append(wave.unit_grams.get(sku_id, 0))

    def _read_stock(self, wave: Wave) -> Integers:
        self.leaf_ids: list[NodeId] = [leaf for site in wave.sites for leaf in site.leaf_ids]
        row_of_leaf = {leaf.int: row for row, leaf in enumerate(self.leaf_ids)}
        self.leaves_of_site = [[row_of_leaf[leaf.int] for leaf in site.leaf_ids] for site in wave.sites]
        rows: list[int] = []
        columns: list[int] = []
        units: list[int] = []
        for stock in wave.stock:
            row = row_of_leaf.get(stock.leaf_id.int)
            column = self._column_of_sku.get(stock.sku_id.int)
            if row is not None and column is not None:
                rows.append(row)
                columns.append(column)
                units.append(stock.sellable)
        table = np.zeros((len(self.leaf_ids), len(self._grams)), np.int64)
        table[rows, columns] = np.maximum(np.array(units, np.int64), 0)
        return table

    def column_of(self, sku_id: SkuId) -> int:
        return self._column_of_sku[sku_id.int]

    def take(self, site: int, columns: Sequence[int], taken: Integers) -> list[list[tuple[NodeId, int]]]:
        """Take one parcel from a site, drawing on its leaves in their order: per column what each leaf gives."""
        self.capacity[site] -= 1
        self.site_stock[site, columns] -= taken
        leaves = self.leaves_of_site[site]
        if len(leaves) == 1:
            self.leaf_stock[leaves[0], columns] -= taken
            leaf_id = self.leaf_ids[leaves[0]]
            return [[(leaf_id, units)] for units in taken.tolist()]
        drawn: list[list[tuple[NodeId, int]]] = [[] for _ in columns]
        missing = taken.copy()
        for leaf in leaves:
            given = np.minimum(self.leaf_stock[leaf, columns], missing)
            self.leaf_stock[leaf, columns] -= given
            missing -= given
            for position in np.flatnonzero(given):
                drawn[position].append((self.leaf_ids[leaf], int(given[position])))
        return drawn


class _Wish(msgspec.Struct, frozen=True, kw_only=True):
    """One order in terms of the desk, as it stood before the order took anything. Columns are its distinct SKUs."""

    needs: list[Need]  # with units, in order of the lines
    column_of_need: list[int]  # position in `columns`
    columns: list[int]
    stock: Integers  # sites × columns, whoever may send it
    is_named: Flags  # sites × columns: may send it, by what the order and the rules name
    wanted: Integers  # by column: what open sites together can send, at most what is asked
    have: Integers  # what of `stock` may be sent, at most `wanted`
    is_whole: Flags  # has all that leaves together, if anything does
    is_able: Flags  # equipped for the class of the goods
    is_allowed: Flags  # able, and not kept from it
    is_open: Flags  # allowed, and with capacity
    fixed: Integers  # by site: handling and distance
    distance: Integers


def _decide(order: OpenOrder, kind: TemperatureClass, *, desk: _Desk, distance: Integers) -> Decision:
    wish = _read_wish(order, kind, desk=desk, distance=distance)
    granted = _grant(wish)
    candidates = np.flatnonzero(wish.is_open & wish.have.any(axis=1))
    cover = None
    parcels: tuple[Parcel, ...] = ()
    if len(candidates):
        prices = Prices(
            fixed=wish.fixed[candidates],
            per_gram=desk.tariff.per_gram[candidates],
            grams=desk.grams[wish.columns],
        )
        cover = smallest_cover(wish.have[candidates], wish.wanted, prices)
        chosen = [int(site) for site in candidates[list(cover.sites)]]
        parcels = tuple(
            msgspec.structs.replace(parcel, temperature_class=kind)
            for parcel in _pack(order, wish=wish, chosen=chosen, granted=granted, desk=desk)
        )
    verdicts, prices_minor = _judge(wish, candidates=candidates, cover=cover, desk=desk)
    return Decision(
        order_id=order.order_id,
        parcels=parcels,
        unfilled=_unfilled(order, wish=wish, granted=granted),
        method=Method.EXACT if cover is None or cover.is_exact else Method.GREEDY,
        cost_minor=sum(parcel.cost.total_minor for parcel in parcels),
        verdicts=verdicts,
        prices_minor=prices_minor,
    )


def _read_wish(order: OpenOrder, kind: TemperatureClass, *, desk: _Desk, distance: Integers) -> _Wish:
    needs = [need for need in order.needs if need.units > 0 and need.line_id not in order.held_back]
    position_of_column: dict[int, int] = {}
    asked: list[int] = []
    column_of_need: list[int] = []
    for need in needs:
        position = position_of_column.setdefault(desk.column_of(need.sku_id), len(asked))
        column_of_need.append(position)
        if position == len(asked):
            asked.append(need.units)
        else:
            asked[position] += need.units
    columns = list(position_of_column)
    is_able: Flags = np.array([kind in site.sends for site in desk.sites], np.bool_)
    is_allowed = _allowed(order, desk=desk) & is_able
    is_open = is_allowed & (desk.capacity > 0)
    stock = desk.site_stock[:, columns]
    is_named = _named(order, needs, column_of_need, desk=desk, columns=len(columns))
    sendable = stock * is_named
    is_whole = np.full(len(desk.sites), fill_value=True, dtype=np.bool_)
    if _is_bound(needs, desk):
        is_whole = np.logical_and.reduce(sendable >= np.array(asked, np.int64), axis=1)
        is_open &= is_whole
    wanted = np.minimum(sendable[is_open].sum(axis=0), np.array(asked, np.int64))
    return _Wish(
        needs=needs,
        column_of_need=column_of_need,
        columns=columns,
        stock=stock,
        is_named=is_named,
        wanted=wanted,
        have=np.minimum(sendable, wanted),
        is_whole=is_whole,
        is_able=is_able,
        is_allowed=is_allowed,
        is_open=is_open,
        fixed=desk.tariff.handling + distance,
        distance=distance,
    )


def _is_bound(needs: Sequence[Need], desk: _Desk) -> bool:
    """Say whether some of the goods leave together."""
    words = [desk.companions.get(need.sku_id) for need in needs] if desk.companions else []
    return any(
        word is not None and (words.count(word) > 1 or need.units > 1)
        for word, need in zip(words, needs, strict=False)
    )


def _allowed(order: OpenOrder, *, desk: _Desk) -> Flags:
    allowed = np.full(len(desk.sites), order.allowed_sites is None, np.bool_)
    if order.allowed_sites:
        allowed[_positions(order.allowed_sites, desk=desk)] = True
    if order.excluded_sites:
        allowed[_positions(order.excluded_sites, desk=desk)] = False
    return allowed & ~desk.is_dark


def _named(
    order: OpenOrder, needs: Sequence[Need], column_of_need: Sequence[int], *, desk: _Desk, columns: int
) -> Flags:
    """Which sites may send which SKUs of an order, by what it and the rules name: (sites x its columns)."""
    named = np.full((len(desk.sites), columns), order.only_from is None, np.bool_)
    if order.only_from:
        named[_positions(order.only_from, desk=desk)] = True
    if desk.only_from:
        for need, column in zip(needs, column_of_need, strict=True):
            limit = desk.only_from.get(need.sku_id)
            if limit is not None:
                of_goods = np.full(len(desk.sites), fill_value=False, dtype=np.bool_)
                of_goods[_positions(limit, desk=desk)] = True
                named[:, column] &= of_goods
    return named


def _positions(site_ids: Collection[SiteId], *, desk: _Desk) -> list[int]:
    return [position for position, site in enumerate(desk.sites) if site.site_id in site_ids]


def _grant(wish: _Wish) -> list[int]:
    """Return how many units each need gets: where a SKU is short, earlier lines first."""
    left: list[int] = wish.wanted.tolist()
    granted: list[int] = []
    for need, column in zip(wish.needs, wish.column_of_need, strict=True):
        units = min(need.units, left[column])
        left[column] -= units
        granted.append(units)
    return granted


def _unfilled(order: OpenOrder, *, wish: _Wish, granted: Sequence[int]) -> tuple[Unfilled, ...]:
    """Return what the needs did not get, in order of the lines."""
    missing = [
        (need, need.units - units, _reason(wish, column))
        for need, column, units in zip(wish.needs, wish.column_of_need, granted, strict=True)
        if units < need.units
    ]
    if len(wish.needs) < len(order.needs):
        missing += [
            (need, need.units, UnfilledReason.TOGETHER)
            for need in order.needs
            if need.units > 0 and need.line_id in order.held_back
        ]
        missing += [(need, 0, UnfilledReason.NOTHING_ASKED) for need in order.needs if need.units <= 0]
    return tuple(
        Unfilled(line_id=need.line_id, sku_id=need.sku_id, units=units, reason=reason)
        for need, units, reason in missing
    )


def _reason(wish: _Wish, column: int) -> UnfilledReason:
    stock = wish.stock[:, column]
    if stock.any() and not (stock * wish.is_named[:, column]).any():
        return UnfilledReason.MUST_SHIP_FROM
    stock = stock * wish.is_named[:, column]
    if stock.any() and not wish.is_whole.any():
        return UnfilledReason.TOGETHER
    stock = stock * wish.is_whole
    if stock[wish.is_allowed & ~wish.is_open].any():
        return UnfilledReason.NO_CAPACITY
    if stock[~wish.is_allowed & wish.is_able].any():
        return UnfilledReason.EXCLUDED
    if stock[~wish.is_able].any():
        return UnfilledReason.NOT_EQUIPPED
    return UnfilledReason.NO_GOODS


def _pack(
    order: OpenOrder, *, wish: _Wish, chosen: Sequence[int], granted: Sequence[int], desk: _Desk
) -> tuple[Parcel, ...]:
    """Make the parcels of the chosen sites, and take their goods and capacity."""
    taken = share_out(wish.have[chosen], wish.wanted, desk.tariff.per_gram[chosen])
    grams = taken @ desk.grams[wish.columns]
    terms = [
        (
            int(desk.tariff.handling[site]),
            int(wish.distance[site]),
            int(weight) * int(desk.tariff.per_gram[site]),
        )
        for site, weight in zip(chosen, grams, strict=True)
    ]
    left = list(granted)
    parcels: list[Parcel] = []
    for site, units, cost in zip(chosen, taken, parcel_costs(terms), strict=True):
        drawn = desk.take(site, wish.columns, units)
        lines = parcel_lines(wish.needs, wish.column_of_need, drawn=drawn, left=left)
        parcels.append(
            Parcel(order_id=order.order_id, site_id=desk.sites[site].site_id, lines=lines, cost=cost)
        )
    return tuple(parcels)


def share_out(have: Integers, wanted: Integers, per_gram: Integers) -> Integers:
    """Say how many units of each SKU each chosen site sends: as many as it can where grams cost least.

    Among sites whose grams cost the same, one that can send all that is missing sends it, so that a line is not split
    without need; otherwise the fullest first.
    """
    if len(have) == 1:
        return wanted[None, :].copy()
    taken = np.zeros_like(have)
    missing = wanted.copy()
    columns = np.arange(len(wanted))
    first_to_last = np.lexsort((-have, np.broadcast_to(per_gram[:, None], have.shape)), axis=0)
    for sites in first_to_last:
        given = np.minimum(have[sites, columns], missing)
        taken[sites, columns] = given
        missing -= given
    return taken


def parcel_lines(
    needs: Sequence[Need],
    column_of_need: Sequence[int],
    *,
    drawn: Sequence[list[tuple[NodeId, int]]],
    left: list[int],
) -> tuple[ParcelLine, ...]:
    """Give what a site sends to the lines that wait for it, earlier lines first; lowers `left` by what was given.

    `drawn`: by column what each of its leaves gives, used up here; `left`: units that each need still waits for.
    """
    lines: list[ParcelLine] = []
    for position, (need, column) in enumerate(zip(needs, column_of_need, strict=True)):
        leaves = drawn[column]
        while left[position] and leaves:
            leaf_id, units = leaves[0]
            given = min(units, left[position])
            if given:
                lines.append(
                    ParcelLine(line_id=need.line_id, leaf_id=leaf_id, sku_id=need.sku_id, units=given)
                )
            left[position] -= given
            if given < units:
                leaves[0] = (leaf_id, units - given)
            else:
                leaves.pop(0)
    return tuple(lines)


_LETTER = {verdict: ord(verdict.value) for verdict in Verdict}


def _judge(
    wish: _Wish, *, candidates: npt.NDArray[np.intp], cover: Cover | None, desk: _Desk
) -> tuple[str, tuple[int, ...]]:
    """Say what became of each site and what it would have cost: `Decision.verdicts` and `Decision.prices_minor`."""
    letters = np.full(len(desk.sites), _LETTER[Verdict.MORE_PARCELS], np.uint8)
    prices = wish.fixed + int(wish.wanted @ desk.grams[wish.columns]) * desk.tariff.per_gram
    if cover is not None:
        among = np.where(cover.best_with > cover.cost, _LETTER[Verdict.DEARER], _LETTER[Verdict.TIED])
        outside = _LETTER[Verdict.MORE_PARCELS if cover.is_exact else Verdict.NOT_WEIGHED]
        among[cover.best_with < 0] = outside
        among[list(cover.sites)] = _LETTER[Verdict.CHOSEN]
        letters[candidates] = among
        prices[candidates] = np.where(cover.best_with < 0, prices[candidates], cover.best_with)
    letters[wish.is_allowed & ~wish.is_open] = _LETTER[Verdict.NO_CAPACITY]
    letters[~wish.stock.any(axis=1)] = _LETTER[Verdict.NO_GOODS]
    letters[~wish.is_able & wish.stock.any(axis=1)] = _LETTER[Verdict.NOT_EQUIPPED]
    letters[~wish.is_named.all(axis=1)] = _LETTER[Verdict.NOT_NAMED]
    letters[~wish.is_allowed & wish.is_able] = _LETTER[Verdict.EXCLUDED]
    letters[desk.is_dark] = _LETTER[Verdict.DARK]
    if cover is not None:
        letters[candidates[list(cover.sites)]] = _LETTER[Verdict.CHOSEN]
    return letters.tobytes().decode("ascii"), tuple(rounded_minor(prices).tolist())
