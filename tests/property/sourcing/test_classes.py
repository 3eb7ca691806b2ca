"""Goods of several temperature classes: small problems of every kind against an oracle that tries everything."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from loopline.kernel.refusals import Refused
from loopline.sourcing.optimiser.problem import Problem
from loopline.sourcing.optimiser.reprice import BrokenPlan, reprice
from loopline.sourcing.optimiser.result import Allocations, Settings
from loopline.sourcing.optimiser.search import solve
from tests.unit.sourcing.optimiser.made import Weighed, random_problem

STEPS = Settings(seconds=None, work=40, threads=1)
METRE = 200  # fine: what one metre rounded otherwise may cost, and no more

problems = st.builds(
    random_problem,
    st.integers(0, 1 << 32),
    orders=st.integers(1, 4),
    sites=st.integers(1, 3),
    skus=st.integers(2, 4),
    classes=st.integers(2, 3),
)


def parcels_of(problem: Problem, plan: Allocations) -> Counter[tuple[int, int, int]]:
    """How many lines each parcel has, by order, site and class."""
    kinds = problem.line_class[plan.line]
    return Counter(zip(plan.order.tolist(), plan.site.tolist(), kinds.tolist(), strict=True))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(problems)
def test_the_plan_is_the_cheapest_there_is_and_keeps_classes_apart(problem: Problem):
    least = Weighed(problem).cheapest_plan()
    result = solve(problem, STEPS)
    assert result.bound <= least + METRE
    assert result.cost == pytest.approx(least, abs=METRE)
    used = Counter(site for _, site, _ in parcels_of(problem, result.allocations))
    assert all(used[site] <= problem.sites.capacity[site] for site in used)


@settings(max_examples=60, deadline=None)
@given(problems)
def test_one_class_whatever_it_is_called_is_no_class_at_all(problem: Problem):
    plain = replace(problem, sku_class=np.zeros(0, np.int64))
    named = replace(problem, sku_class=np.full(len(problem.sku_grams), 2))
    one, two = solve(plain, STEPS), solve(named, STEPS)
    assert (one.cost, one.bound) == (two.cost, two.bound)
    assert one.allocations.site.tolist() == two.allocations.site.tolist()


def one_of_each() -> Problem:
    """One order of a SKU of each of two classes, and a site that has both; leaving them is never worth it."""
    problem = next(
        one
        for one in (random_problem(seed, orders=1, sites=1, skus=2) for seed in range(40))
        if len(one.lines.sku) == 2
    )
    return replace(
        problem,
        sku_class=np.arange(2),
        lines=replace(
            problem.lines,
            unfilled=np.full(2, 10**12),
            together=np.full(2, -1),
            units=np.ones(2, np.int64),
        ),
        stock=replace(
            problem.stock,
            site=np.zeros(2, np.int64),
            sku=np.arange(2),
            units=np.ones(2, np.int64),
            credit=np.zeros(2, np.int64),
        ),
        blocked=replace(problem.blocked, order=np.zeros(0, np.int64), site=np.zeros(0, np.int64)),
        limits=replace(problem.limits, parcels=1, least_value=10**6),
    )


def with_room(problem: Problem, parcels: int) -> Problem:
    return replace(problem, sites=replace(problem.sites, capacity=np.array([parcels])))


@pytest.mark.parametrize("room", [1, 2])
def test_two_parcels_from_one_site_each_take_a_place_and_neither_is_a_split(room: int):
    problem = with_room(one_of_each(), room)
    result = solve(problem, STEPS)
    assert len(parcels_of(problem, result.allocations)) == room
    assert result.terms.split == 0
    assert result.terms.handling == room * int(problem.sites.handling[0])


def test_a_plan_that_takes_one_place_for_two_classes_is_not_priced():
    result = solve(with_room(one_of_each(), 2), STEPS)
    with pytest.raises(BrokenPlan, match="takes no more parcels"):
        reprice(with_room(one_of_each(), 1), result.allocations)


def test_what_binds_goods_of_two_classes_is_refused():
    problem = one_of_each()
    bound = replace(problem, lines=replace(problem.lines, together=np.zeros(2, np.int64)))
    with pytest.raises(Refused) as refused:
        solve(bound, STEPS)
    assert refused.value.refusal.fields["field"] == "lines.together"
