"""Goods that are kept cold, by both solvers: parcels of their own, from sites that are equipped for them."""

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from loopline.kernel.temperatures import AMBIENT_ALONE, TemperatureClass
from loopline.sourcing.counterfactual import Change, what_would_change
from loopline.sourcing.model import (
    Decision,
    EliminatedSite,
    Explanation,
    UnfilledReason,
    Verdict,
    Wave,
    WaveSite,
)
from loopline.sourcing.offers import Answering, Offering, OfferTerms, parcels_to_call
from loopline.sourcing.optimise import Optimiser
from loopline.sourcing.settings import Limits, Settings, Weights
from loopline.sourcing.solver import FewestParcels, Solver
from tests.make.sourcing import NOON, order, site, site_id, sku_id, wave

AMBIENT, COOL, FROZEN = TemperatureClass
SOLVERS = [FewestParcels(), Optimiser(work=40, gap=0.0)]
COLD_OF = {8: FROZEN, 9: COOL}


def able(one: WaveSite, *classes: TemperatureClass) -> WaveSite:
    return replace(one, sends=AMBIENT_ALONE | set(classes))


def cold(one: Wave, classes: Mapping[int, TemperatureClass] = COLD_OF) -> Wave:
    return replace(one, classes={sku_id(sku): kind for sku, kind in classes.items()})


def decide(one: Wave, solver: Solver) -> Decision:
    (decision,) = solver.solve(one, seed=1).decisions
    return decision


def told(decision: Decision) -> list[tuple[int, TemperatureClass, int]]:
    return [
        (parcel.site_id.int & 0xFF, parcel.temperature_class, sum(line.units for line in parcel.lines))
        for parcel in decision.parcels
    ]


@pytest.mark.parametrize("solver", SOLVERS)
def test_one_site_sends_a_parcel_for_each_class_and_each_costs(solver: Solver):
    one = cold(
        wave(
            [order(1, [(7, 2), (8, 1), (9, 3)])],
            [able(site(0, cost=(100, 0, 0)), FROZEN, COOL), able(site(1, cost=(150, 0, 0)), FROZEN, COOL)],
            {(place, sku): 9 for place in (0, 1) for sku in (7, 8, 9)},
        )
    )
    decision = decide(one, solver)
    assert told(decision) == [(0, AMBIENT, 2), (0, COOL, 3), (0, FROZEN, 1)]
    assert [parcel.cost.split_minor for parcel in decision.parcels] == [0, 0, 0]
    assert (decision.cost_minor, decision.prices_minor) == (300, (300, 450))
    assert decision.verdicts == f"{Verdict.CHOSEN}{Verdict.DEARER}"
    assert decision.unfilled == ()


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_site_without_equipment_is_passed_over_and_says_so(solver: Solver):
    one = cold(
        wave(
            [order(1, [(8, 1)])],
            [site(0, cost=(10, 0, 0)), able(site(1, cost=(500, 0, 0)), FROZEN), able(site(2), COOL)],
            {(place, 8): 9 for place in (0, 1, 2)},
        )
    )
    decision = decide(one, solver)
    assert told(decision) == [(1, FROZEN, 1)]
    assert decision.verdicts == f"{Verdict.NOT_EQUIPPED}{Verdict.CHOSEN}{Verdict.NOT_EQUIPPED}"
    assert decision.prices_minor == (10, 500, 0)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_site_sends_what_it_is_equipped_for_and_another_the_rest(solver: Solver):
    one = cold(
        wave(
            [order(1, [(7, 1), (8, 1)])],
            [site(0, cost=(10, 0, 0)), able(site(1, cost=(500, 0, 0)), FROZEN)],
            {(place, sku): 9 for place in (0, 1) for sku in (7, 8)},
        )
    )
    assert told(decide(one, solver)) == [(0, AMBIENT, 1), (1, FROZEN, 1)]


@pytest.mark.parametrize("solver", SOLVERS)
def test_what_no_site_is_equipped_for_is_left_with_that_reason(solver: Solver):
    one = cold(
        wave([order(1, [(7, 1), (8, 2), (9, 1)])], [able(site(0), COOL)], {(0, 7): 1, (0, 8): 9}),
    )
    decision = decide(one, solver)
    assert told(decision) == [(0, AMBIENT, 1)]
    assert [(line.sku_id, line.units, line.reason) for line in decision.unfilled] == [
        (sku_id(8), 2, UnfilledReason.NOT_EQUIPPED),
        (sku_id(9), 1, UnfilledReason.NO_GOODS),
    ]


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_site_that_refused_is_not_said_to_lack_equipment(solver: Solver):
    one = cold(wave([order(1, [(8, 1)], excluded=[0])], [able(site(0), FROZEN), site(1)], {(0, 8): 9}))
    decision = decide(one, solver)
    assert decision.verdicts == f"{Verdict.EXCLUDED}{Verdict.NO_GOODS}"
    assert [line.reason for line in decision.unfilled] == [UnfilledReason.EXCLUDED]


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(("room", "parcels"), [(1, 1), (2, 2)])
def test_each_class_takes_a_place_in_the_day(solver: Solver, room: int, parcels: int):
    one = cold(
        wave([order(1, [(7, 1), (8, 1)])], [able(site(0, capacity=room), FROZEN)], {(0, 7): 1, (0, 8): 1})
    )
    decision = decide(one, solver)
    assert len(decision.parcels) == parcels
    assert [line.reason for line in decision.unfilled] == [UnfilledReason.NO_CAPACITY] * (2 - parcels)


def test_what_temperature_forces_apart_is_no_split_and_the_limit_does_not_count_it():
    settings = Settings(limits=Limits(parcels_most=1), weights=Weights(split_minor=777))
    one = cold(
        wave(
            [order(1, [(7, 1), (8, 1)]), order(2, [(7, 1), (6, 1)])],
            [able(site(0), FROZEN), site(1)],
            {(0, 7): 9, (0, 8): 9, (1, 6): 9},
        )
    )
    both, torn = SOLVERS[1].solve(replace(one, settings=settings), seed=1).decisions
    assert told(both) == [(0, AMBIENT, 1), (0, FROZEN, 1)]
    assert both.cost_minor == 0
    assert [line.reason for line in torn.unfilled] == [UnfilledReason.LIMITS]
    wider = replace(settings, limits=Limits(parcels_most=2))
    _, torn = SOLVERS[1].solve(replace(one, settings=wider), seed=1).decisions
    assert (len(torn.parcels), torn.cost_minor) == (2, 777)


@pytest.mark.parametrize(
    ("price", "found"),
    [(400, (Change.BE_EQUIPPED, 100)), (700, (Change.EQUIPMENT_DOES_NOT_HELP, 200))],
)
def test_what_equipment_would_have_changed(price: int, found: tuple[Change, int]):
    explained = Explanation(
        order_id=order(1, []).order_id,
        wave_id=wave([], [], {}).wave_id,
        decided_at=NOON,
        profile_version=None,
        gap=None,
        day_prices_version=None,
        solver="x",
        method=decide(wave([order(1, [])], [], {}), FewestParcels()).method,
        currency="CNY",
        cost_minor=500,
        chosen=(),
        eliminated=(),
        unfilled=(),
    )
    at = EliminatedSite(site_id=site_id(0), verdict=Verdict.NOT_EQUIPPED, price_minor=price)
    change = what_would_change(explained, at, None)
    assert (change.change, change.minor) == found


def test_a_call_goes_to_sites_that_are_equipped_alone():
    one = cold(
        wave(
            [order(1, [(8, 1)])],
            [able(site(0, cost=(100, 0, 0)), FROZEN), site(1), able(site(2, cost=(110, 0, 0)), FROZEN)],
            {(place, 8): 9 for place in (0, 1, 2)},
        )
    )
    decision = decide(one, FewestParcels())
    seldom = Answering(accepts_basis_points=3_000, minutes=5)
    offering = Offering(
        terms=OfferTerms(open_offers=True), answering={site_id(number): seldom for number in (0, 1, 2)}
    )
    (called,) = parcels_to_call(one, [decision], offering=offering)
    assert [candidate.site_id for candidate in called.candidates] == [site_id(0), site_id(2)]
