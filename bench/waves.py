"""`source`: one wave of open orders solved as a whole, beside the rule of the nearest site.

Instances are those of `../shared/bench/sourcing` where they lie there, real Chinese geography; elsewhere a made-up
country of the same kind, drawn from the seed.
"""

import os
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import numpy as np

from loopline.simulator.waiting import country
from loopline.simulator.waiting.country import draw_day
from loopline.sourcing.optimiser.compiled import usual_threads
from loopline.sourcing.optimiser.instance import Instance, problem_of, read_instance
from loopline.sourcing.optimiser.loading import load
from loopline.sourcing.optimiser.problem import FINE, Problem
from loopline.sourcing.optimiser.reprice import reprice
from loopline.sourcing.optimiser.result import Allocations, Settings
from loopline.sourcing.optimiser.search import solve

_SHARED = Path(os.environ.get("LOOPLINE_SHARED_DATA") or Path(__file__).parents[2] / "shared" / "data").parent
GENERATOR = _SHARED / "bench" / "sourcing" / "generate.py"
EARTH_KILOMETRES = 12_742


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What to measure. `time_limit` in seconds; None: 10 for 1,000 orders, 30 for 5,000, 240 beyond."""

    orders: int = 1_000
    sites: int = 50
    seed: int = 1
    time_limit: float | None = None

    @property
    def seconds(self) -> float:
        """How long to search."""
        usual = 10.0 if self.orders <= 1_000 else 30.0 if self.orders <= 5_000 else 240.0
        return self.time_limit or usual


def report(asked: Asked) -> dict[str, Any]:
    """Solve one instance; money in minor units, `gap` as a part of the bound, `peak_mib` of the whole process."""
    load()
    instance = _instance(asked)
    problem = problem_of(instance)
    result = solve(problem, Settings(seconds=asked.seconds, seed=asked.seed, threads=usual_threads()))
    return {
        "instance": instance.name,
        "orders": asked.orders,
        "sites": asked.sites,
        "seed": asked.seed,
        "seconds": round(result.seconds, 2),
        "cost_minor": result.cost_minor,
        "bound_minor": result.bound_minor,
        "gap": round(result.gap, 6),
        "nearest_site_minor": nearest_site_minor(problem),
        "unfilled_units": sum(one.units for one in result.short),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _livestream(asked: Asked) -> country.Asked:
    """Little stock and little time, as when everybody wants the same at once."""
    return country.Asked(orders=asked.orders, sites=asked.sites, seed=asked.seed, cover=1.3, load=0.8)


def _instance(asked: Asked) -> Instance:
    if not GENERATOR.exists():
        return draw_day(_livestream(asked)).instance
    command = [sys.executable, str(GENERATOR), "--orders", str(asked.orders), "--sites", str(asked.sites)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "instance.json.gz"
        with path.open("wb") as file:
            subprocess.run([*command, "--seed", str(asked.seed)], stdout=file, check=True)
        return read_instance(path)


def nearest_site_minor(problem: Problem) -> int:
    """What the rule of the nearest site costs.

    Orders as they come: the nearest site with capacity that holds everything; else line by line the nearest that holds
    it, as long as the order has parcels left.
    """
    sites, lines = problem.sites, problem.lines
    left = np.zeros((problem.site_count, len(problem.sku_grams)), np.int64)
    left[problem.stock.site, problem.stock.sku] = problem.stock.units
    capacity = sites.capacity.copy()
    rows: list[tuple[int, int, int, int]] = []
    for order in range(problem.order_count):
        first, end = int(lines.start[order]), int(lines.start[order + 1])
        nearest = np.argsort(_kilometres(problem, order), kind="stable")
        nearest = nearest[capacity[nearest] > 0]
        wanted, asked = lines.sku[first:end], lines.units[first:end]
        whole = nearest[(left[nearest][:, wanted] >= asked).all(axis=1)]
        used: list[int] = []
        for line in range(first, end):
            holds = left[nearest, lines.sku[line]] >= lines.units[line]
            fitting = whole[:1] if len(whole) else nearest[holds]
            open_sites = [
                one for one in fitting.tolist() if one in used or len(used) < problem.limits.parcels
            ]
            if open_sites:
                site = int(open_sites[0])
                left[site, lines.sku[line]] -= lines.units[line]
                rows.append((order, line, site, int(lines.units[line])))
                if site not in used:
                    used.append(site)
                    capacity[site] -= 1
    table = np.array(rows, np.int64).reshape(-1, 4)
    plan = Allocations(order=table[:, 0], line=table[:, 1], site=table[:, 2], units=table[:, 3])
    return (reprice(problem, plan).total + FINE // 2) // FINE


def _kilometres(problem: Problem, order: int) -> Any:
    here, there = np.radians(problem.orders.latitude[order]), np.radians(problem.sites.latitude)
    across = np.radians(problem.sites.longitude - problem.orders.longitude[order])
    half = np.sin((there - here) / 2) ** 2 + np.cos(here) * np.cos(there) * np.sin(across / 2) ** 2
    return EARTH_KILOMETRES * np.arcsin(np.sqrt(half))
