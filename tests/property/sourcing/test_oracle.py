"""The rule against a slow and plain oracle that tries everything, on small waves; and what holds for any wave."""

from collections import Counter
from fractions import Fraction
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from loopline.kernel.geography import great_circle_kilometres
from loopline.sourcing.model import Decision, Method, OpenOrder, Verdict, Wave
from loopline.sourcing.rules import choose_sites
from tests.make.sourcing import order, random_wave, site, site_id, sku_id, wave

Stock = dict[tuple[int, int], int]  # (position of the site, SKU number) → units
GRAMS = {7: 400, 8: 1_500, 9: 0}
SKUS = tuple(GRAMS)


@st.composite
def waves(draw: st.DrawFn) -> Wave:
    count = draw(st.integers(1, 5))
    number = st.integers(0, 6)
    sites = [
        site(
            position,
            capacity=draw(st.integers(0, 3)),
            at=draw(st.sampled_from([0.0, 0.25, 1.0])),
            cost=(
                draw(st.sampled_from([0, 100, 101])),
                draw(st.sampled_from([0, 100])),
                draw(st.sampled_from([100, 300])),
            ),
        )
        for position in range(count)
    ]
    stock = {(place, sku): draw(number) for place, sku in product(range(count), SKUS)}
    some_sites = st.lists(st.integers(0, count - 1), max_size=1)
    orders = [
        order(
            position,
            draw(st.lists(st.tuples(st.sampled_from(SKUS), st.integers(0, 5)), max_size=4)),
            excluded=draw(some_sites),
            allowed=draw(st.none() | some_sites) if position == 2 else None,
            only_from=draw(st.none() | st.lists(st.integers(0, count - 1), max_size=2)),
        )
        for position in range(draw(st.integers(1, 3)))
    ]
    named = draw(
        st.dictionaries(st.sampled_from(SKUS), some_sites.map(lambda found: [*found, count - 1]), max_size=1)
    )
    return replace(
        wave(orders, sites, stock, grams=GRAMS),
        only_from={sku_id(sku): frozenset(site_id(one) for one in found) for sku, found in named.items()},
    )


class Oracle:
    """Plays the wave order by order on the decisions made, and says what the best was at each."""

    def __init__(self, one: Wave) -> None:
        self.wave = one
        self.capacity = [place.capacity_left for place in one.sites]
        position = {leaf: row for row, place in enumerate(one.sites) for leaf in place.leaf_ids}
        self.stock: Stock = {
            (position[row.leaf_id], row.sku_id.int & 0xFF): row.sellable for row in one.stock
        }

    def best(self, asks: OpenOrder) -> tuple[int, int, Fraction]:
        """Return (most units, fewest parcels, least cost) over all sets of open sites and all ways to share out."""
        wanted: Counter[int] = Counter()
        for need in asks.needs:
            wanted[need.sku_id.int & 0xFF] += max(0, need.units)
        is_open = [
            row
            for row, place in enumerate(self.wave.sites)
            if self.capacity[row] > 0
            and place.site_id not in asks.excluded_sites
            and (asks.allowed_sites is None or place.site_id in asks.allowed_sites)
            and (asks.only_from is None or place.site_id in asks.only_from)
        ]
        outcomes = [
            (-units, size, cost)
            for size in range(len(is_open) + 1)
            for chosen in combinations(is_open, size)
            for units, cost in [self._served_by(chosen, wanted, asks)]
        ]
        units, size, cost = min(outcomes)
        return -units, size, cost

    def _served_by(
        self, chosen: tuple[int, ...], wanted: Counter[int], asks: OpenOrder
    ) -> tuple[int, Fraction]:
        units, cost = 0, sum((self._parcel(row, asks) for row in chosen), Fraction())
        for sku, asked in wanted.items():
            have = {row: self._sendable(row, sku) for row in chosen}
            most = min(asked, sum(have.values()))
            ways = product(*(range(min(most, have[row]) + 1) for row in chosen))
            units += most
            cost += min(
                sum(
                    (
                        Fraction(given * GRAMS[sku] * self._per_kilogram(row), 1000)
                        for given, row in zip(way, chosen, strict=True)
                    ),
                    Fraction(),
                )
                for way in ways
                if sum(way) == most
            )
        return units, cost

    def _sendable(self, row: int, sku: int) -> int:
        """What a site has of a SKU and may send of it, by the rules that name sites for goods."""
        limit = self.wave.only_from.get(sku_id(sku))
        may = limit is None or self.wave.sites[row].site_id in limit
        return self.stock[row, sku] if may else 0

    def _per_kilogram(self, row: int) -> int:
        return self.wave.sites[row].cost.kilogram_minor

    def _parcel(self, row: int, asks: OpenOrder) -> Fraction:
        place = self.wave.sites[row]
        assert asks.destination is not None
        metres = round(great_circle_kilometres(asks.destination, place.coordinates) * 1000)
        return place.cost.handling_minor + Fraction(metres * place.cost.hundred_kilometres_minor, 100_000)

    def exact_cost(self, asks: OpenOrder, decision: Decision) -> Fraction:
        cost = Fraction()
        for parcel in decision.parcels:
            row = [place.site_id for place in self.wave.sites].index(parcel.site_id)
            grams = sum(GRAMS[line.sku_id.int & 0xFF] * line.units for line in parcel.lines)
            cost += self._parcel(row, asks) + Fraction(grams * self._per_kilogram(row), 1000)
        return cost

    def apply(self, decision: Decision) -> None:
        for parcel in decision.parcels:
            row = [place.site_id for place in self.wave.sites].index(parcel.site_id)
            self.capacity[row] -= 1
            for line in parcel.lines:
                self.stock[row, line.sku_id.int & 0xFF] -= line.units
        assert min(self.capacity) >= 0
        assert min(self.stock.values()) >= 0


@settings(max_examples=300, deadline=None)
@given(waves())
def test_agrees_with_trying_everything(one: Wave):
    oracle = Oracle(one)
    for asks, decision in zip(one.orders, choose_sites(one).decisions, strict=True):
        units, parcels, cost = oracle.best(asks)
        assert sum(line.units for parcel in decision.parcels for line in parcel.lines) == units
        assert len(decision.parcels) == parcels
        assert oracle.exact_cost(asks, decision) == cost
        assert decision.cost_minor == int(cost + Fraction(1, 2))
        assert decision.method is Method.EXACT
        oracle.apply(decision)


@settings(max_examples=200, deadline=None)
@given(waves())
def test_every_unit_is_accounted_for_and_every_site_explained(one: Wave):
    check_plan(one)


@pytest.mark.parametrize("seed", [1, 2])
def test_holds_on_waves_of_the_size_of_the_replay(seed: int):
    one = random_wave(seed, orders=60, capacity=25)
    assert any(decision.method is Method.GREEDY for decision in choose_sites(one).decisions)
    check_plan(one)


def check_plan(one: Wave) -> None:
    plan = choose_sites(one)
    assert plan == choose_sites(one)
    stock = Counter({(row.leaf_id, row.sku_id): max(0, row.sellable) for row in one.stock})
    capacity = Counter({place.site_id: max(0, place.capacity_left) for place in one.sites})
    for asks, decision in zip(one.orders, plan.decisions, strict=True):
        check_decision(one, asks, decision)
        for parcel in decision.parcels:
            capacity[parcel.site_id] -= 1
            for line in parcel.lines:
                stock[line.leaf_id, line.sku_id] -= line.units
    assert min(stock.values(), default=0) >= 0
    assert min(capacity.values(), default=0) >= 0


def check_decision(one: Wave, asks: OpenOrder, decision: Decision) -> None:
    assert decision.order_id == asks.order_id
    accounted: Counter[object] = Counter()
    for parcel in decision.parcels:
        assert parcel.lines
        assert parcel.order_id == asks.order_id
        leaves = next(place.leaf_ids for place in one.sites if place.site_id == parcel.site_id)
        for line in parcel.lines:
            assert line.units > 0
            assert line.leaf_id in leaves
            accounted[line.line_id, line.sku_id] += line.units
    for unfilled in decision.unfilled:
        accounted[unfilled.line_id, unfilled.sku_id] += unfilled.units
    assert +accounted == +Counter({(need.line_id, need.sku_id): max(0, need.units) for need in asks.needs})
    chosen = [
        place.site_id
        for place, letter in zip(one.sites, decision.verdicts, strict=True)
        if letter == Verdict.CHOSEN
    ]
    assert chosen == [parcel.site_id for parcel in decision.parcels]
    assert decision.cost_minor == sum(parcel.cost.total_minor for parcel in decision.parcels)
    for letter, price in zip(decision.verdicts, decision.prices_minor, strict=True):
        if letter in {Verdict.CHOSEN, Verdict.TIED}:
            assert price == decision.cost_minor
        elif letter == Verdict.DEARER:
            assert price >= decision.cost_minor


def test_skus_of_the_factory_are_told_apart_by_their_last_byte():
    assert [sku_id(number).int & 0xFF for number in SKUS] == list(SKUS)
