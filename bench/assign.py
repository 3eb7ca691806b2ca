"""Assignment: problems whose best cost is known, as far as they lie in ../shared/data, each within its seconds.

Thirty seconds of compiling, on a machine's first run, are not counted: a small problem is solved before.
"""

import csv
import os
from pathlib import Path
from typing import Any

import numpy as np

from loopline.sourcing.assignment.problem import Problem, Settings
from loopline.sourcing.assignment.reading import read_problem
from loopline.sourcing.assignment.search import solve

DATA = (
    Path(os.environ.get("LOOPLINE_SHARED_DATA") or Path(__file__).parents[2] / "shared" / "data") / "sourcing"
)
SEED = 1
ONE_SOURCE_SECONDS = 10.0
SEVERAL_SOURCES_SECONDS = 60.0


def report() -> dict[str, Any]:
    """Gaps to the best known, in per cent: below zero where it was improved on. Gaps to our own bound beside them."""
    _compile()
    return {
        **_measured("cflp", "optima.csv", "", seconds=ONE_SOURCE_SECONDS),
        **_measured("mess", "best.csv", ".dzn", seconds=SEVERAL_SOURCES_SECONDS),
    }


def _measured(folder: str, best: str, ending: str, *, seconds: float) -> dict[str, Any]:
    if not (DATA / folder).exists():
        return {f"{folder}_instances": 0}
    with (DATA / folder / best).open() as file:
        known = {row["instance"]: int(row["best_cost"]) for row in csv.DictReader(file)}
    gaps: list[float] = []
    bound_gaps: list[float] = []
    took: list[float] = []
    costs: dict[str, int] = {}
    optimal = 0
    for name, cost in known.items():
        result = solve(read_problem(DATA / folder / f"{name}{ending}"), Settings(seconds=seconds, seed=SEED))
        assert result.cost_minor is not None
        assert result.gap is not None
        gaps.append(100 * (result.cost_minor / cost - 1))
        bound_gaps.append(100 * result.gap)
        took.append(result.seconds)
        costs[name] = result.cost_minor
        optimal += result.status == "optimal"
    figures: dict[str, Any] = {
        "instances": len(known),
        "proved_optimal": optimal,
        "average_gap_percent": round(float(np.mean(gaps)), 4),
        "worst_gap_percent": round(max(gaps), 4),
        "average_bound_gap_percent": round(float(np.mean(bound_gaps)), 4),
        "average_seconds": round(float(np.mean(took)), 2),
        "most_seconds": round(max(took), 2),
    }
    if len(known) < 5:
        figures |= {f"{name}_cost": cost for name, cost in costs.items()}
    return {f"{folder}_{name}": value for name, value in figures.items()}


def _compile() -> None:
    small = Problem(
        name="small",
        capacity=np.array([3, 3]),
        opening=np.array([5, 6]),
        demand=np.array([1, 2, 1]),
        serving=np.array([[1, 2, 3], [3, 2, 1]]),
    )
    solve(small, Settings(seconds=None, work=4, seed=SEED))
