"""Assignments: rules kept, the same seed the same answer, what is impossible said, and the problems of the field."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from loopline.cli.source import app
from loopline.sourcing.assignment.pricing import BrokenRule, price
from loopline.sourcing.assignment.problem import Problem, Result, Settings, Status
from loopline.sourcing.assignment.programme import relax
from loopline.sourcing.assignment.reading import read_problem
from loopline.sourcing.assignment.search import _Search, solve
from tests.make.assignment import cost_of, problem
from tests.shared_data import shared_data

QUICK = Settings(seconds=None, work=8, seed=5, threads=1)


def drawn(seed: int, *, is_split: bool) -> Problem:
    chance = np.random.default_rng(seed)
    return problem(
        capacity=chance.integers(20, 60, 8).tolist(),
        opening=chance.integers(50, 200, 8).tolist(),
        demand=chance.integers(1, 12, 20).tolist(),
        serving=chance.integers(1, 90, (8, 20)).tolist(),
        is_split=is_split,
        apart=((0, 1), (2, 7), (3, 4)) if is_split else (),
    )


def same(one: Result, other: Result) -> bool:
    assert one.units is not None
    assert other.units is not None
    return bool((one.units == other.units).all()) and (one.cost_minor, one.bound_minor, one.work) == (
        other.cost_minor,
        other.bound_minor,
        other.work,
    )


@pytest.mark.parametrize("is_split", [False, True])
def test_the_same_seed_and_work_give_the_same_whatever_the_clock_says(is_split: bool):
    one = drawn(3, is_split=is_split)
    slow = iter(range(0, 10**9, 1_000))
    first, again = solve(one, QUICK), solve(one, QUICK, clock=lambda: float(next(slow)))
    assert same(first, again)
    assert first.units is not None
    assert cost_of(one, first.units.tolist()) == first.cost_minor


def test_pairs_that_are_ruled_out_are_in_no_cheaper_assignment():
    for seed in (6, 7, 8):
        one = drawn(seed, is_split=False)
        best = solve(one, QUICK)
        assert best.status is Status.OPTIMAL
        assert best.units is not None
        assert best.cost_minor is not None
        search = _Search(one, QUICK, lambda: 0.0)
        search._take(best.units)
        search._cost = best.cost_minor + 1  # as if the best known were one dearer
        keep = search._may_be_better(relax(one, seconds=None))
        assert keep[best.units > 0].all()
        assert not keep.all()


def test_more_demand_than_capacity_is_impossible():
    one = problem([3, 3], [1, 1], [4, 3], [[1, 1], [1, 1]], is_split=True)
    found = solve(one, QUICK)
    assert (found.status, found.units, found.cost_minor, found.bound_minor, found.gap) == (
        Status.INFEASIBLE,
        None,
        None,
        None,
        None,
    )


def test_capacity_that_suffices_only_in_parts_is_impossible_for_one_source_and_enough_for_several():
    assert solve(problem([3, 3], [1, 1], [4, 2], [[1, 1], [1, 1]]), QUICK).status is Status.INFEASIBLE
    found = solve(problem([3, 3], [1, 1], [4, 2], [[1, 1], [1, 1]], is_split=True), QUICK)
    assert (found.status, found.cost_minor) == (Status.OPTIMAL, 8)


def test_time_that_is_over_at_once_says_that_nothing_was_found_or_gives_what_was():
    found = solve(drawn(4, is_split=False), Settings(seconds=1e-9, seed=1))
    assert found.status is Status.NOTHING_FOUND or found.cost_minor is not None


@pytest.mark.parametrize(
    ("units", "rule"),
    [
        ([[4, 0], [0, 1]], "every customer gets its demand"),
        ([[4, 2], [0, 0]], "no facility serves more than its capacity"),
        ([[3, 2], [1, 0]], "one facility serves each customer"),
        ([[-1, 2], [5, 0]], "units are counts, one per facility and customer"),
    ],
)
def test_an_assignment_that_breaks_a_rule_has_no_price(units: list[list[int]], rule: str):
    one = problem([5, 5], [1, 2], [4, 2], [[1, 1], [1, 1]])
    assert price(one, np.array([[4, 0], [0, 2]])) == 5
    with pytest.raises(BrokenRule, match=rule):
        price(one, np.array(units))


def test_customers_kept_apart_share_no_facility():
    one = problem([9, 9], [1, 2], [4, 2], [[1, 1], [1, 1]], is_split=True, apart=((0, 1),))
    with pytest.raises(BrokenRule, match="kept apart"):
        price(one, np.array([[4, 2], [0, 0]]))
    found = solve(one, QUICK)
    assert (found.status, found.cost_minor) == (Status.OPTIMAL, 9)


def test_the_command_prints_the_figures_and_writes_the_assignment(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    path, out = tmp_path / "p.dzn", tmp_path / "s.json"
    path.write_text(
        "Warehouses = 2; Stores = 2; Capacity = [5, 5]; FixedCost = [10, 30]; Goods = [2, 2];"
        "SupplyCost = [|1, 1|2, 1|];"
    )
    with pytest.raises(SystemExit) as ended:
        app(["assign", str(path), "--out", str(out), "--work", "4"])
    assert ended.value.code == 0
    told = json.loads(capfd.readouterr().out)  # and nothing else, a solver's greeting included
    assert {name: told[name] for name in ("instance", "status", "cost_minor", "bound_minor", "gap")} == {
        "instance": "p",
        "status": "optimal",
        "cost_minor": 16,
        "bound_minor": 16,
        "gap": 0.0,
    }
    written = json.loads(out.read_text())
    assert (written["open"], written["assignments"]) == ([1], [[1, 1, 2], [2, 1, 2]])


def _known(folder: str, best: str) -> dict[str, int]:
    with (shared_data(f"sourcing/{folder}") / best).open() as file:
        return {row["instance"]: int(row["best_cost"]) for row in csv.DictReader(file)}


def _gap(path: Path, best: int, seconds: float) -> float:
    one = read_problem(path)
    found = solve(one, Settings(seconds=seconds, seed=1))
    assert found.units is not None
    assert found.cost_minor is not None
    assert cost_of(one, found.units.tolist()) == found.cost_minor
    assert found.bound_minor is not None
    assert found.bound_minor <= min(best, found.cost_minor)
    return 100 * (found.cost_minor / best - 1)


@pytest.mark.slow
def test_the_forty_problems_of_holmberg_are_solved_within_three_thousandths():
    known = _known("cflp", "optima.csv")
    gaps = [_gap(shared_data(f"sourcing/cflp/{name}"), best, 10) for name, best in known.items()]
    assert len(gaps) == 40
    assert sum(gaps) / 40 <= 0.3
    assert max(gaps) <= 1.5


@pytest.mark.slow
@pytest.mark.parametrize("name", ["wlp01", "wlp02"])
def test_the_problems_with_customers_kept_apart_are_solved_as_well_as_the_best_known(name: str):
    best = _known("mess", "best.csv")[name]
    assert _gap(shared_data(f"sourcing/mess/{name}.dzn"), best, 60) <= 0
