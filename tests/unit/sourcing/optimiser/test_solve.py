"""The optimiser against a slow oracle that tries everything, on small problems with every kind of rule."""

from itertools import pairwise

import msgspec
import numpy as np
import pytest

from loopline.kernel.refusals import Refused
from loopline.sourcing.optimiser.problem import FINE, Problem
from loopline.sourcing.optimiser.reprice import BrokenPlan, reprice
from loopline.sourcing.optimiser.result import Settings
from loopline.sourcing.optimiser.search import solve
from tests.unit.sourcing.optimiser.made import Weighed, random_problem

STEPS = Settings(seconds=None, work=40, threads=1)
METRE = 200  # fine: what one metre rounded otherwise may cost, and no more


@pytest.mark.parametrize("classes", [1, 2, 3])
@pytest.mark.parametrize("seed", range(60))
def test_the_plan_is_the_cheapest_there_is_and_the_bound_below_it(seed: int, classes: int):
    problem = random_problem(seed, classes=classes)
    oracle = Weighed(problem)
    least = oracle.cheapest_plan()
    result = solve(problem, STEPS)
    assert result.bound <= least + METRE
    assert result.cost == pytest.approx(least, abs=METRE)


@pytest.mark.parametrize("classes", [1, 2])
@pytest.mark.parametrize("seed", range(0, 60, 6))
def test_the_bound_is_found_again_from_its_prices(seed: int, classes: int):
    problem = random_problem(seed, classes=classes)
    result = solve(problem, STEPS)
    again = Weighed(problem).bound(result.stock_prices.tolist(), result.capacity_prices.tolist())
    assert result.bound == pytest.approx(again, abs=METRE)


def test_a_wave_divided_into_parts_gets_better_by_them_and_by_crossing_plans():
    saved = dict.fromkeys(("crossed", "parts"), 0)
    for seed in range(5):
        told: list[tuple[str, int]] = []
        problem = random_problem(seed, orders=240, sites=30, skus=12)
        steps = msgspec.structs.replace(STEPS, gap=0.0, part=60)
        result = solve(problem, steps, tell=lambda at, told=told: told.append((at.stage, at.cost or 0)))
        assert result.bound <= result.cost <= told[-1][1] + METRE
        costs = [cost for stage, cost in told if stage not in {"prices", "plan"}]
        assert costs == sorted(costs, reverse=True)
        for (_, before), (stage, cost) in pairwise(told):
            if stage in saved:
                saved[stage] += before - cost
    assert min(saved.values()) > 0


@pytest.mark.parametrize("part", [2_500, 10])
def test_the_same_seed_and_work_give_the_same_plan(part: int):
    problem = random_problem(7, orders=40, sites=8, skus=6)
    steps = msgspec.structs.replace(STEPS, part=part)
    one, two = solve(problem, steps), solve(problem, msgspec.structs.replace(steps, threads=2))
    assert [getattr(one.allocations, name).tolist() for name in ("line", "site", "units")] == [
        getattr(two.allocations, name).tolist() for name in ("line", "site", "units")
    ]
    assert (one.cost, one.bound, one.work) == (two.cost, two.bound, two.work)


def _with(problem: Problem, table: str, column: str, value: float) -> Problem:
    part = getattr(problem, table)
    changed = getattr(part, column).copy()
    changed[0] = value
    return msgspec.structs.replace(problem, **{table: msgspec.structs.replace(part, **{column: changed})})


@pytest.mark.parametrize(
    ("table", "column", "value", "field"),
    [
        ("sites", "capacity", -1, "sites.capacity[0]"),
        ("sites", "accept_probability", 1.2, "sites.accept_probability[0]"),
        ("sites", "region", -1, "sites.region[0]"),
        ("sites", "margin", FINE + 1, "sites.margin[0]"),
        ("lines", "price", -1, "lines.price[0]"),
        ("sites", "latitude", 91.0, "sites.latitude[0]"),
        ("orders", "promised_hours", -1.0, "orders.promised_hours[0]"),
        ("lines", "sku", 99, "lines.sku[0]"),
        ("lines", "units", 0, "lines.units[0]"),
        ("lines", "start", 1, "lines.start"),
        ("stock", "site", 3, "stock.site[0]"),
        ("stock", "units", -5, "stock.units[0]"),
    ],
)
def test_a_problem_that_cannot_be_right_is_refused_by_field(
    table: str, column: str, value: float, field: str
):
    with pytest.raises(Refused) as refused:
        solve(_with(random_problem(3), table, column, value), STEPS)
    assert refused.value.refusal.fields["field"] == field


def test_what_breaks_a_rule_is_not_priced():
    problem = random_problem(2)
    result = solve(problem, STEPS)
    plan = result.allocations
    assert len(plan.line) > 0
    assert reprice(problem, plan).total == result.cost
    with pytest.raises(BrokenPlan, match=r"gets more than it asks|has not so much|go together|no units"):
        reprice(problem, msgspec.structs.replace(plan, units=plan.units + 9))
    empty = msgspec.structs.replace(
        problem, sites=msgspec.structs.replace(problem.sites, capacity=np.zeros(3, np.int64))
    )
    with pytest.raises(BrokenPlan, match="takes no more parcels"):
        reprice(empty, plan)


def test_an_empty_wave_costs_nothing():
    problem = random_problem(1, orders=0)
    result = solve(problem, STEPS)
    assert (result.cost, result.bound // FINE, result.short) == (0, 0, ())


@pytest.mark.parametrize("seed", range(60))
def test_a_surcharge_takes_off_what_a_refusal_costs_and_no_more(seed: int):
    """Who is likelier to take an order than others costs less by that: at most as if it never refused."""
    problem = random_problem(seed)
    pairs = problem.surcharges
    chance = problem.sites.accept_probability[pairs.site]
    refusal = np.rint((1 - chance) * problem.costs.redispatch).astype(np.int64)
    if len(problem.refusals):
        refusal = problem.refusals[pairs.order, pairs.site]
    sure = msgspec.structs.replace(problem, surcharges=msgspec.structs.replace(pairs, amount=-refusal))
    assert solve(sure, STEPS).cost == pytest.approx(Weighed(sure).cheapest_plan(), abs=METRE)
    if len(refusal):
        below = msgspec.structs.replace(pairs, amount=-refusal - 1)
        with pytest.raises(Refused, match="takes off more than a refusal"):
            solve(msgspec.structs.replace(problem, surcharges=below), STEPS)
