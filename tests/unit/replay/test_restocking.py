"""Opening stock and weekly receipts: exact values."""

from collections import Counter

from loopline.simulator.replay.chance import Chance
from loopline.simulator.replay.demand import TrailingDemand
from loopline.simulator.replay.restocking import (
    GUESS_SPREAD,
    Level,
    Pace,
    Receipt,
    StoreWeight,
    plan_opening,
    plan_receipts,
)

STORES = (StoreWeight(site_code="S01", weight=3), StoreWeight(site_code="S02", weight=1))


def receipts(levels: list[Level], asked: dict[tuple[str, str], int], *, weeks: int = 4) -> dict[str, int]:
    return {
        receipt.place[1]: receipt.units
        for receipt in plan_receipts(levels, asked, weeks=weeks, warehouse="W01")
    }


def level(code: str, *, available: int, owed: int = 0) -> Level:
    return Level(place=("W01", code), available=available, owed=owed)


def test_opening_stock_is_four_weeks_and_mostly_in_the_warehouse():
    paces = [Pace(code=str(code), weekly_thousandths=100_000) for code in range(200)]
    planned = plan_opening(paces, warehouse="W01", stores=STORES, chance=Chance(1))
    by_site: Counter[str] = Counter()
    for receipt in planned:
        by_site[receipt.place[0]] += receipt.units
    total = by_site.total()
    assert 0.95 < total / (200 * 400) < 1.05
    assert 0.69 < by_site["W01"] / total < 0.71
    assert 2.9 < by_site["S01"] / by_site["S02"] < 3.1


def test_opening_stock_is_within_the_guess():
    (warehouse, first, second) = plan_opening(
        [Pace(code="A", weekly_thousandths=100_000)], warehouse="W01", stores=STORES, chance=Chance(3)
    )
    units = warehouse.units + first.units + second.units
    assert 400 * (1 - GUESS_SPREAD) <= units <= 400 * (1 + GUESS_SPREAD)
    assert plan_opening(
        [Pace(code="A", weekly_thousandths=100_000)], warehouse="W01", stores=STORES, chance=Chance(3)
    ) == [warehouse, first, second]


def test_a_slow_sku_opens_nowhere():
    assert (
        plan_opening(
            [Pace(code="A", weekly_thousandths=50)], warehouse="W01", stores=STORES, chance=Chance(3)
        )
        == []
    )


def test_what_stands_above_its_reorder_level_gets_nothing():
    # Ten a week: reorder below 15, fill to 40.
    assert receipts([level("A", available=15)], {("W01", "A"): 40}) == {}
    assert receipts([level("A", available=14)], {("W01", "A"): 40}) == {"A": 26}


def test_what_is_owed_comes_in_on_top():
    assert receipts([level("A", available=0, owed=12)], {("W01", "A"): 40}) == {"A": 52}
    assert receipts([level("A", available=20, owed=12)], {("W01", "A"): 40}) == {"A": 32}


def test_what_nobody_asked_for_lately_covers_its_debt_only():
    assert receipts([level("A", available=0, owed=12), level("B", available=3)], {}) == {"A": 12}
    assert receipts([level("A", available=0, owed=12)], {}, weeks=0) == {"A": 12}


def test_a_place_without_a_level_stands_at_zero():
    assert receipts([], {("W01", "A"): 40}) == {"A": 40}


def test_receipts_come_in_order_of_place():
    planned = plan_receipts([], {("S02", "A"): 4, ("S01", "B"): 4, ("S01", "A"): 4}, weeks=1, warehouse="W01")
    assert planned == [
        Receipt(place=("S01", "A"), units=32),
        Receipt(place=("S01", "B"), units=32),
        Receipt(place=("S02", "A"), units=32),
    ]


def test_a_store_keeps_more_weeks_than_the_warehouse():
    asked = {("W01", "A"): 40, ("S01", "A"): 40}
    levels = [Level(place=place, available=39, owed=0) for place in asked]
    assert plan_receipts(levels, asked, weeks=4, warehouse="W01") == [Receipt(place=("S01", "A"), units=41)]


def test_demand_is_seen_once_its_week_is_over_and_forgotten_after_four():
    demand = TrailingDemand()
    demand.add("S01", [("A", 3), ("A", 2)])
    assert (demand.weeks, demand.units()) == (0, {})
    for week in range(1, 5):
        demand.close_week()
        assert (demand.weeks, demand.units()) == (week, {("S01", "A"): 5})
    demand.add("S01", [("A", 1)])
    demand.close_week()
    assert (demand.weeks, demand.units()) == (4, {("S01", "A"): 1})
