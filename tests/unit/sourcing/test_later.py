"""Waves that know what goods and time are worth to orders that come later: where from, never whether."""

import msgspec
import pytest

from loopline.kernel.geography import Coordinates
from loopline.sourcing.counterfactual import Change, what_would_change
from loopline.sourcing.model import (
    Decision,
    EliminatedSite,
    Explanation,
    LaterWorth,
    Verdict,
    Wave,
    WavePlan,
)
from loopline.sourcing.optimise import Optimiser
from loopline.sourcing.settings import Settings, Weights
from tests.make.sourcing import NOON, order, random_wave, site, site_id, sku_id, wave

HERE = Coordinates(longitude=0.0, latitude=0.0)


def solved(one: Wave) -> WavePlan:
    return Optimiser(work=40, gap=0.0).solve(one, seed=1)


def chosen(decision: Decision) -> list[int]:
    return [parcel.site_id.int & 0xFFFF for parcel in decision.parcels]


def two_sites(**later: int) -> Wave:
    """One order; store 0 has the last unit and sends it for 100, store 1 has many and sends one for 600."""
    one = wave(
        [order(1, [(7, 1)], destination=HERE)],
        [site(0, cost=(100, 0, 0)), site(1, cost=(600, 0, 0))],
        {(0, 7): 1, (1, 7): 9},
    )
    worth = LaterWorth(
        version=3,
        unit_minor={(site_id(0), sku_id(7)): later.get("unit", 0)},
        parcel_minor={site_id(0): later.get("parcel", 0)},
    )
    return msgspec.structs.replace(one, later=worth)


@pytest.mark.parametrize(
    ("later", "sites"),
    [
        ({}, [0]),
        ({"unit": 499}, [0]),
        ({"unit": 501}, [1]),
        ({"parcel": 501}, [1]),
        ({"unit": 300, "parcel": 300}, [1]),
    ],
)
def test_a_unit_goes_where_it_saves_more_than_it_is_worth_later(later: dict[str, int], sites: list[int]):
    (decision,) = solved(two_sites(**later)).decisions
    assert chosen(decision) == sites


def test_what_is_taken_all_the_same_says_what_it_was_worth():
    plan = solved(two_sites(unit=300, parcel=50))
    (decision,) = plan.decisions
    assert (decision.cost_minor, decision.parcels[0].cost.opportunity_minor) == (450, 350)
    assert decision.prices_minor == (450, 600)
    assert plan.figures is not None
    assert (plan.figures.cost_minor, plan.figures.terms["opportunity"]) == (450, 350)


def test_a_site_that_is_spared_for_later_orders_is_said_to_be():
    (decision,) = solved(two_sites(unit=900)).decisions
    assert decision.verdicts == f"{Verdict.KEPT}{Verdict.CHOSEN}"
    spared = EliminatedSite(site_id=site_id(0), verdict=Verdict.KEPT, price_minor=decision.prices_minor[0])
    told = Explanation(
        order_id=decision.order_id,
        wave_id=two_sites().wave_id,
        decided_at=NOON,
        profile_version=None,
        gap=0.0,
        day_prices_version=3,
        solver="optimiser/1",
        method=decision.method,
        currency="CNY",
        cost_minor=decision.cost_minor,
        chosen=(),
        eliminated=(spared,),
        unfilled=(),
    )
    would = what_would_change(told, spared, None)
    assert (would.change, would.minor) == (Change.LATER_NEED_LESS, 400)


def test_no_order_is_left_without_goods_for_one_that_may_come():
    """The only unit is worth far more later than leaving an order costs: it goes all the same."""
    one = two_sites(unit=90_000, parcel=90_000)
    alone = msgspec.structs.replace(one, sites=one.sites[:1], settings=Settings(weights=Weights()))
    (decision,) = solved(alone).decisions
    assert (chosen(decision), decision.unfilled) == ([0], ())


def test_prices_of_nothing_change_nothing():
    one = random_wave(5, orders=60, sites=9, skus=90, lines=2)
    free = solved(one)
    nothing = msgspec.structs.replace(one, later=LaterWorth(version=1))
    assert msgspec.structs.replace(solved(nothing), figures=None) == msgspec.structs.replace(
        free, figures=None
    )


def test_the_same_prices_and_seed_give_the_same_plan():
    one = random_wave(6, orders=60, sites=9, skus=90, lines=2)
    units = {(site_id(number % 9), sku_id(number)): 37 * number % 900 for number in range(90)}
    later = LaterWorth(
        version=1, unit_minor=units, parcel_minor={site_id(number): 40 * number for number in range(9)}
    )
    priced = msgspec.structs.replace(one, later=later)
    plans = [msgspec.structs.replace(solved(priced), figures=None) for _ in range(2)]
    assert plans[0] == plans[1]
    assert plans[0].decisions != solved(one).decisions
    for decision in plans[0].decisions:
        assert decision.cost_minor == sum(parcel.cost.total_minor for parcel in decision.parcels)
