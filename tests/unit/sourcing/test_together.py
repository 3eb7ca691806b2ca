"""Goods that leave in one parcel, by both solvers: from one site, whole, or not at all, and with that reason."""

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from loopline.kernel.temperatures import AMBIENT_ALONE, TemperatureClass
from loopline.sourcing.model import Decision, UnfilledReason, Wave
from loopline.sourcing.optimise import Optimiser
from loopline.sourcing.solver import FewestParcels, Solver
from tests.make.sourcing import line_id, order, site, sku_id, wave

SOLVERS = [FewestParcels(), Optimiser(work=40, gap=0.0)]
LAMP = {7: "LAMP", 8: "LAMP"}


def bound(one: Wave, words: Mapping[int, str] = LAMP) -> Wave:
    return replace(one, companions={sku_id(sku): word for sku, word in words.items()})


def decide(one: Wave, solver: Solver) -> Decision:
    (decision,) = solver.solve(one, seed=1).decisions
    return decision


def sent(decision: Decision) -> list[tuple[int, int, int]]:
    """Site, SKU and units of every line of every parcel."""
    return [
        (parcel.site_id.int & 0xFF, line.sku_id.int & 0xFF, line.units)
        for parcel in decision.parcels
        for line in parcel.lines
    ]


def left(decision: Decision) -> list[tuple[int, int, UnfilledReason]]:
    return [(line.sku_id.int & 0xFF, line.units, line.reason) for line in decision.unfilled]


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_dearer_site_that_has_both_sends_both(solver: Solver):
    one = wave(
        [order(1, [(7, 1), (8, 2)])],
        [site(0, cost=(10, 0, 0)), site(1, cost=(10, 0, 0)), site(2, cost=(900, 0, 0))],
        {(0, 7): 9, (1, 8): 9, (2, 7): 1, (2, 8): 2},
    )
    assert sent(decide(bound(one), solver)) == [(2, 7, 1), (2, 8, 2)]
    free = decide(replace(one, settings=one.settings), SOLVERS[1])
    assert len(free.parcels) == 2  # what is not bound goes where it costs less, though that is a parcel more


@pytest.mark.parametrize("solver", SOLVERS)
def test_what_no_site_has_all_of_is_left_whole_with_that_reason(solver: Solver):
    one = wave([order(1, [(7, 1), (8, 1)])], [site(0), site(1)], {(0, 7): 9, (1, 8): 9})
    decision = decide(bound(one), solver)
    assert sent(decision) == []
    assert left(decision) == [(7, 1, UnfilledReason.TOGETHER), (8, 1, UnfilledReason.TOGETHER)]


@pytest.mark.parametrize("solver", SOLVERS)
def test_of_a_pair_both_come_from_one_site(solver: Solver):
    one = wave([order(1, [(7, 2)])], [site(0), site(1)], {(0, 7): 1, (1, 7): 1})
    assert left(decide(bound(one), solver)) == [(7, 2, UnfilledReason.TOGETHER)]
    assert left(decide(one, solver)) == []


@pytest.mark.parametrize("solver", SOLVERS)
def test_what_lacks_its_goods_says_so_and_its_companion_waits_for_it(solver: Solver):
    one = wave([order(1, [(7, 1), (8, 1)])], [site(0)], {(0, 7): 9})
    decision = decide(bound(one), solver)
    assert left(decision) == [(7, 1, UnfilledReason.TOGETHER), (8, 1, UnfilledReason.NO_GOODS)]


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_site_that_has_all_and_refused_or_has_no_time_is_what_is_told(solver: Solver):
    stock = {(0, 7): 9, (0, 8): 9, (1, 7): 9}
    refused = wave([order(1, [(7, 1), (8, 1)], excluded=[0])], [site(0), site(1)], stock)
    assert {one for _, _, one in left(decide(bound(refused), solver))} == {UnfilledReason.EXCLUDED}
    full = wave([order(1, [(7, 1), (8, 1)])], [site(0, capacity=0), site(1)], stock)
    assert {one for _, _, one in left(decide(bound(full), solver))} == {UnfilledReason.NO_CAPACITY}


@pytest.mark.parametrize("solver", SOLVERS)
def test_what_is_held_back_is_not_sent_though_it_is_there(solver: Solver):
    asks = replace(order(1, [(7, 1), (6, 1)]), held_back=frozenset({line_id(1, 0)}))
    decision = decide(bound(wave([asks], [site(0)], {(0, 7): 9, (0, 6): 9})), solver)
    assert sent(decision) == [(0, 6, 1)]
    assert left(decision) == [(7, 1, UnfilledReason.TOGETHER)]


@pytest.mark.parametrize("solver", SOLVERS)
def test_what_temperature_separates_is_together_within_its_class(solver: Solver):
    able = AMBIENT_ALONE | {TemperatureClass.COOL}
    one = bound(
        wave(
            [order(1, [(7, 1), (8, 1)])],
            [replace(site(0), sends=able), replace(site(1), sends=able)],
            {(0, 7): 9, (1, 8): 9},
        )
    )
    cold = replace(one, classes={sku_id(8): TemperatureClass.COOL})
    assert sent(decide(cold, solver)) == [(0, 7, 1), (1, 8, 1)]


def test_others_of_the_order_go_where_they_are():
    one = wave(
        [order(1, [(7, 1), (8, 1), (6, 1)])],
        [site(0), site(1)],
        {(0, 7): 9, (0, 8): 9, (1, 6): 9},
    )
    assert sent(decide(bound(one), SOLVERS[1])) == [(0, 7, 1), (0, 8, 1), (1, 6, 1)]
