"""The optimiser as a `Solver`: a wave made into a problem of columns, and its plan made into decisions with reasons.

Each order's decision says what the whole wave made of it: a nearer site may have been spared because its goods or its
time save other orders more. What they would have been worth is in the wave's prices.
"""

from collections.abc import Iterator, Sequence
from copy import copy
from time import perf_counter

import msgspec
import numpy as np

from loopline.kernel.ids import NodeId
from loopline.sourcing.costs import FINE, Integers, rounded_minor
from loopline.sourcing.model import (
    Decision,
    Method,
    OpportunityPrice,
    Parcel,
    ParcelCost,
    Unfilled,
    UnfilledReason,
    Verdict,
    Wave,
    WaveFigures,
    WavePlan,
)
from loopline.sourcing.optimiser.opportunity import with_worth
from loopline.sourcing.optimiser.problem import (
    Problem,
)
from loopline.sourcing.optimiser.reprice import reprice
from loopline.sourcing.optimiser.result import (
    Allocations,
    Result,
    Settings,
    ShortReason,
    Status,
    Terms,
)
from loopline.sourcing.optimiser.search import solve
from loopline.sourcing.rules import parcel_lines
from loopline.sourcing.wave_table import CLASSES, Ask, Flags, WaveTable

SOLVER_NAME = "optimiser/1"
_OF_SHORT: dict[ShortReason | None, UnfilledReason] = {
    ShortReason.TOO_DEAR: UnfilledReason.LEFT_OVER,
    ShortReason.LIMITS: UnfilledReason.LIMITS,
}
_SEARCH_LEAST = 0.5
"""Which part of the limit the search gets, however little building and telling leave: half a plan helps nobody."""
_TOLD_TO_MEASURE = 40
"""Of so many orders it is measured how long telling takes."""
_LETTER = {verdict: ord(verdict.value) for verdict in Verdict}


class Optimiser(msgspec.Struct, frozen=True, kw_only=True):
    """Solves a wave as one problem, at the profile's weights and within its limits.

    `solve_seconds` of the wave's settings (or `seconds`) are all the time from the call to the plan; the search, which
    gets what building the problem and telling the plan leave of it, ends as soon as the plan is within `gap` of what is
    possible. With `work` it is bounded by what it does instead, and the same wave and seed give the same plan on any
    machine.
    """

    gap: float = 0.001
    work: int | None = None
    seconds: float | None = None
    threads: int = 2

    def solve(self, wave: Wave, *, seed: int) -> WavePlan:
        """Decide the wave. Never raises for what cannot be served: that comes back as `unfilled` with its reason."""
        if not wave.orders:
            return WavePlan(wave_id=wave.wave_id, solver=SOLVER_NAME, decisions=())
        begun = perf_counter()
        table = WaveTable(wave)
        problem = table.problem()
        weighed = with_worth(problem, table.worth())
        seconds = None
        if self.work is None:
            limit = self.seconds or float(wave.settings.waiting.solve_seconds)
            telling = _seconds_to_tell(table, problem)
            seconds = max(_SEARCH_LEAST * limit, limit - telling - (perf_counter() - begun))
        result = solve(
            weighed,
            Settings(seconds=seconds, work=self.work, gap=self.gap, seed=seed, threads=self.threads),
        )
        return _Reading(table, problem, result).plan(begun)


def _seconds_to_tell(table: WaveTable, problem: Problem) -> float:
    """Measure how long it takes to say of each order what was decided, on some of them, each sent a piece if it can be.

    What the wave's table keeps of leaves is not touched.
    """
    apart = copy(table)
    apart.metres = table.metres
    begun = perf_counter()
    apart.leaf_units = {key: list(units) for key, units in table.leaf_units.items()}
    sample = range(0, len(table.asks), max(1, len(table.asks) // _TOLD_TO_MEASURE))
    rows, row_of = np.unique(problem.stock.sku, return_index=True)
    first_row: dict[int, int] = dict(zip(rows.tolist(), row_of.tolist(), strict=True))
    taken = {
        first_row[ask.columns[0]]: at
        for at, ask in ((at, table.asks[at]) for at in sample)
        if ask.columns and ask.columns[0] in first_row
    }
    by_order = sorted(taken.items(), key=lambda pair: pair[1])
    orders = np.array([at for _, at in by_order], np.int64)
    sites = problem.stock.site[[row for row, _ in by_order]] if by_order else orders
    result = Result(
        status=Status.STOPPED,
        allocations=Allocations(
            order=orders,
            line=np.array([table.asks[at].first for _, at in by_order], np.int64),
            site=sites,
            units=np.ones(len(orders), np.int64),
        ),
        terms=Terms(),
        short=(),
        bound=0,
        stock_prices=np.zeros(len(problem.stock.site), np.int64),
        capacity_prices=np.zeros(problem.site_count, np.int64),
        seed=0,
        seconds=0.0,
        work=0,
    )
    reading = _Reading(apart, problem, result)
    built = perf_counter()
    for at in sample:
        reading.decide(at)
    told = perf_counter()
    return (built - begun) + (told - built) * len(table.asks) / len(sample)


class _Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What an order gets: its parcels, each of a site and a class, and `units` by (parcel, column of the order)."""

    sites: list[int]
    kinds: list[int]
    units: Integers


class _Reading:
    """A result in the wave's own words."""

    def __init__(self, table: WaveTable, problem: Problem, result: Result) -> None:
        self.table, self.problem, self.result = table, problem, result
        self.wave = table.wave
        sites = self.wave.sites
        self.metres = table.metres
        self.preference: Integers = np.array([site.priority_minor for site in sites], np.int64) * FINE
        self.is_fallback: Flags = np.array([site.is_fallback for site in sites], np.bool_)
        self.capacity: Integers = problem.sites.capacity
        self.used: Integers = np.zeros(len(sites), np.int64)
        self.left: Integers = table.stock.copy()
        self.short_of = {one.line: one.reason for one in result.short}
        self.sent = self._sent()

    def _sent(self) -> list[_Sent]:
        plan = self.result.allocations
        ends = np.searchsorted(plan.order, np.arange(len(self.table.asks) + 1))
        sent: list[_Sent] = []
        for at, ask in enumerate(self.table.asks):
            rows = slice(int(ends[at]), int(ends[at + 1]))
            position = plan.line[rows] - ask.first
            kind = self.table.kind[ask.columns]
            named = plan.site[rows] * len(CLASSES) + kind[position]
            parcels, rank = np.unique(named, return_inverse=True)
            sites = parcels // len(CLASSES)
            units = np.zeros((len(parcels), len(ask.columns)), np.int64)
            np.add.at(units, (rank, position), plan.units[rows])
            np.add.at(self.used, sites, 1)
            for site, of_parcel in zip(sites.tolist(), units, strict=True):
                self.left[site, ask.columns] -= of_parcel
            sent.append(_Sent(sites=sites.tolist(), kinds=(parcels % len(CLASSES)).tolist(), units=units))
        return sent

    def plan(self, begun: float) -> WavePlan:
        """One decision per order, the wave's figures and its prices. `begun`: when it was asked for."""
        decisions = tuple(self.decide(at) for at in range(len(self.table.asks)))
        terms = self._terms()
        return WavePlan(
            wave_id=self.wave.wave_id,
            solver=SOLVER_NAME,
            decisions=decisions,
            figures=WaveFigures(
                cost_minor=self.result.cost_minor,
                bound_minor=self.result.bound_minor,
                seconds=perf_counter() - begun,
                terms=terms,
            ),
            prices=tuple(self._prices()),
        )

    def _terms(self) -> dict[str, int]:
        """The plan's cost by term.

        `opportunity` is what it was solved at beside that, nothing where nothing was. What single orders cost more at
        sites is told as what it is: pay on top (`waiting`), and other chances to be refused.
        """
        is_plain = self.table.worth().is_nothing
        terms = self.result.terms if is_plain else reprice(self.problem, self.result.allocations)
        waiting, refusal = self._of_what_came_back()
        terms = msgspec.structs.replace(
            terms, refusal=terms.refusal + refusal, surcharge=terms.surcharge - refusal - waiting
        )
        found = {name: _minor(getattr(terms, name)) for name in terms.__struct_fields__}
        if waiting:
            found["waiting"] = _minor(waiting)
        if not is_plain:
            found["opportunity"] = _minor(self.result.cost - terms.total)
        return found

    def _of_what_came_back(self) -> tuple[int, int]:
        """What the plan pays on top, and what its refusals are expected to cost beyond those of ordinary work."""
        waiting = refusal = 0
        for at, (ask, sent) in enumerate(zip(self.table.asks, self.sent, strict=True)):
            if ask.order.extra_minor or ask.order.answering:
                waiting += int(self.table.by_site(ask.order.extra_minor)[sent.sites].sum())
                refusal += int(self.table.refusal_more(at)[sent.sites].sum())
        return waiting, refusal

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

    def decide(self, at: int) -> Decision:
        """Say what was decided for an order, and why."""
        ask, sent = self.table.asks[at], self.sent[at]
        plain, later, late = self._prices_alone(at, ask)
        prices = rounded_minor(plain + later)
        left = list(sent.units.sum(axis=0).tolist())
        granted: list[int] = []
        position_of = {column: position for position, column in enumerate(ask.columns)}
        of_need = [position_of[self.table.column_of[need.sku_id.int]] for need in ask.needs]
        for need, position in zip(ask.needs, of_need, strict=True):
            granted.append(min(need.units, left[position]))
            left[position] -= granted[-1]
        parcels = self._pack(at, ask, sent, of_need=of_need, granted=list(granted))
        cost = sum(parcel.cost.total_minor for parcel in parcels)
        weighed = cost + self._left_minor(ask, sent)
        verdicts = self._judge(ask, sent, prices=prices, cost=weighed)
        if later.any():
            cost_now = weighed - sum(parcel.cost.opportunity_minor for parcel in parcels)
            is_kept = (rounded_minor(plain) < cost_now) & (prices >= weighed)
            verdicts = _with_kept(verdicts, is_kept & self._has_all(ask))
        return Decision(
            order_id=ask.order.order_id,
            parcels=parcels,
            unfilled=self._unfilled(ask, of_need=of_need, granted=granted),
            method=Method.OPTIMISED,
            cost_minor=cost,
            verdicts=verdicts,
            prices_minor=tuple(prices.tolist()),
            late_minor=tuple(rounded_minor(late).tolist()) if late.any() else (),
        )

    def _left_minor(self, ask: Ask, sent: _Sent) -> int:
        """What it costs to leave what an order does not get: whoever could have sent it would have been cheaper."""
        missing = np.array(ask.asked, np.int64) - sent.units.sum(axis=0)
        return _minor(int(missing @ self.problem.lines.unfilled[ask.first : ask.first + len(ask.columns)]))

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
        return {
            "handling_minor": sites.handling,
            "region_minor": sites.region,
            "distance_minor": sites.metre * metres,
            "lateness_minor": late,
            "refusal_minor": self.table.refusal(at) + self.table.refusal_more(at),
            "preference_minor": self.preference + self.table.by_site(order.surcharges_minor),
            "waiting_minor": self.table.by_site(order.extra_minor),
        }

    def _prices_alone(self, at: int, ask: Ask) -> tuple[Integers, Integers, Integers]:
        """What the order's goods would cost from each site, had it all of them: a parcel for each class, in fine parts.

        By itself, what they are worth to later orders, and what of the first is for coming late.
        """
        parcels = len(set(self.table.kind[ask.columns].tolist()))
        asked = np.array(ask.asked, np.int64)
        grams = int(asked @ self.table.grams[ask.columns])
        credit = self.table.credit[:, ask.columns] @ asked
        terms = self._fixed(at)
        fixed = sum(terms.values(), np.zeros(len(self.wave.sites), np.int64))
        later = parcels * self.table.parcel_later + self.table.unit_later[:, ask.columns] @ asked
        earned = self.table.margin * int(asked @ np.array(ask.prices, np.int64))
        plain = parcels * fixed + grams * self.problem.sites.gram + earned - credit
        return plain, later, parcels * terms["lateness_minor"]

    def _has_all(self, ask: Ask) -> Flags:
        enough: Flags = self.table.stock[:, ask.columns] >= np.array(ask.asked, np.int64)
        return np.logical_and.reduce(enough, axis=1)

    def _pack(
        self, at: int, ask: Ask, sent: _Sent, *, of_need: Sequence[int], granted: list[int]
    ) -> tuple[Parcel, ...]:
        fixed = self._fixed(at)
        parcels: list[Parcel] = []
        for row, (site, kind) in enumerate(zip(sent.sites, sent.kinds, strict=True)):
            units = sent.units[row]
            grams = int(units @ self.table.grams[ask.columns])
            terms = {name: _minor(int(values[site])) for name, values in fixed.items()}
            cost = ParcelCost(
                **terms,
                weight_minor=_minor(grams * int(self.problem.sites.gram[site])),
                split_minor=self.wave.settings.weights.split_minor if kind in sent.kinds[:row] else 0,
                opportunity_minor=_minor(
                    int(self.table.parcel_later[site]) + int(self.table.unit_later[site, ask.columns] @ units)
                ),
                margin_minor=_minor(
                    int(self.table.margin[site]) * int(units @ np.array(ask.prices, np.int64))
                ),
                credit_minor=_minor(int(self.table.credit[site, ask.columns] @ units)),
            )
            drawn = [
                self._draw(site, column, int(wanted))
                for column, wanted in zip(ask.columns, units, strict=True)
            ]
            lines = parcel_lines(ask.needs, of_need, drawn=drawn, left=granted)
            parcels.append(
                Parcel(
                    order_id=ask.order.order_id,
                    site_id=self.wave.sites[site].site_id,
                    lines=lines,
                    cost=cost,
                    temperature_class=CLASSES[kind],
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

    def _unfilled(self, ask: Ask, *, of_need: Sequence[int], granted: Sequence[int]) -> tuple[Unfilled, ...]:
        missing = [
            Unfilled(
                line_id=need.line_id,
                sku_id=need.sku_id,
                units=need.units - units,
                reason=self._reason(ask, position),
            )
            for need, position, units in zip(ask.needs, of_need, granted, strict=True)
            if units < need.units
        ]
        nothing = [need for need in ask.order.needs if need.units <= 0]
        missing += [
            Unfilled(
                line_id=need.line_id, sku_id=need.sku_id, units=need.units, reason=UnfilledReason.TOGETHER
            )
            for need in ask.order.needs
            if need.units > 0 and need.line_id in ask.order.held_back
        ]
        return tuple(missing) + tuple(
            Unfilled(line_id=need.line_id, sku_id=need.sku_id, units=0, reason=UnfilledReason.NOTHING_ASKED)
            for need in nothing
        )

    def _reason(self, ask: Ask, position: int) -> UnfilledReason:
        """Why units of a SKU are left, by where others of it lie when the wave is done."""
        left = self.left[:, ask.columns[position]] > 0
        there = left & self.table.may_send(ask)[:, position]
        if not there.any():
            return UnfilledReason.MUST_SHIP_FROM if left.any() else UnfilledReason.NO_GOODS
        whole = self._is_whole(ask, position)
        if not whole.any():
            return UnfilledReason.TOGETHER
        there = there & whole & self.table.is_able[:, ask.columns[position]]
        may_send = there & ~self.table.blocked(ask.order)
        if may_send.any():
            if not whole.all() and not (may_send & (self.used < self.capacity)).any():
                return UnfilledReason.NO_CAPACITY
            return _OF_SHORT.get(self.short_of.get(ask.first + position), UnfilledReason.NO_CAPACITY)
        if not there.any():
            return UnfilledReason.NOT_EQUIPPED
        is_refused = (there & self.table.excluded(ask.order)).any()
        return UnfilledReason.EXCLUDED if is_refused else UnfilledReason.LIMITS

    def _is_whole(self, ask: Ask, position: int) -> Flags:
        """Which sites still have, and may send, all that leaves with a SKU; for what goes by itself: all sites."""
        groups = self.table.groups(ask)
        if groups[position] < 0:
            return np.full(len(self.wave.sites), fill_value=True, dtype=np.bool_)
        members = [at for at, group in enumerate(groups) if group == groups[position]]
        asked = np.array([ask.asked[at] for at in members], np.int64)
        enough: Flags = self.left[:, [ask.columns[at] for at in members]] >= asked
        return np.logical_and.reduce(enough & self.table.may_send(ask)[:, members], axis=1)

    def _judge(self, ask: Ask, sent: _Sent, *, prices: Integers, cost: int) -> str:
        """Say what became of each site: `Decision.verdicts`, the first that applies."""
        stock = self.table.stock[:, ask.columns]
        asked = np.array(ask.asked, np.int64)
        has_all = self._has_all(ask)
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
        is_able = self.table.is_able[:, ask.columns]
        letters[((stock > 0) & ~is_able).any(axis=1)] = _LETTER[Verdict.NOT_EQUIPPED]
        letters[~self.table.may_send(ask).all(axis=1)] = _LETTER[Verdict.NOT_NAMED]
        letters[self.table.forbidden(ask.order)] = _LETTER[Verdict.FORBIDDEN]
        letters[self.table.excluded(ask.order)] = _LETTER[Verdict.EXCLUDED]
        letters[self.table.is_dark] = _LETTER[Verdict.DARK]
        letters[sent.sites] = _LETTER[Verdict.CHOSEN]
        return letters.tobytes().decode("ascii")


def _with_kept(verdicts: str, is_kept: Flags) -> str:
    """Say of dearer sites which are dearer only for what they are worth to later orders."""
    return "".join(
        Verdict.KEPT.value if kept and letter in {Verdict.DEARER, Verdict.TIED} else letter
        for letter, kept in zip(verdicts, is_kept.tolist(), strict=True)
    )


def _minor(fine: int) -> int:
    return (fine + FINE // 2) // FINE
