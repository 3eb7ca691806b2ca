"""Solutions as JSON: what was found, how good it is at least, and who is served from where."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from loopline.sourcing.assignment.problem import Problem, Result


def solution_of(problem: Problem, result: Result) -> dict[str, Any]:
    """Return a solution as plain data; facilities and customers are numbered from one, as their files do.

    `assignments`: `[customer, facility, units]`, in order of customer and facility; empty where nothing was found.
    """
    assignments: list[list[int]] = []
    opened: list[int] = []
    if result.units is not None:
        customer, facility = np.nonzero(result.units.T)
        units = result.units[facility, customer]
        assignments = np.column_stack([customer + 1, facility + 1, units]).tolist()
        opened = (np.flatnonzero(result.units.any(axis=1)) + 1).tolist()
    return {
        "instance": problem.name,
        "status": result.status,
        "cost_minor": result.cost_minor,
        "bound_minor": result.bound_minor,
        "gap": result.gap,
        "seed": result.seed,
        "seconds": round(result.seconds, 3),
        "work": result.work,
        "open": opened,
        "assignments": assignments,
    }


def write_solution(path: Path, solution: dict[str, Any]) -> None:
    """Write a solution as one JSON object."""
    path.write_bytes(msgspec.json.encode(solution) + b"\n")
