"""Load the compiled code before the clock of a search runs; on a machine's first use, compile it.

Reading what numba kept takes about a second, compiling it half a minute. `make setup` compiles; whoever will be asked
for a plan within seconds calls `load` when it starts, or `load_beside` where starting must not wait.
"""

import threading
from functools import cache

import numpy as np

from loopline.sourcing.optimiser.problem import FINE, Costs, Lines, Orders, Problem, Sites, Stock
from loopline.sourcing.optimiser.result import Settings
from loopline.sourcing.optimiser.search import solve

_ORDERS, _SITES = 12, 3


def load() -> None:
    """Solve a small problem in every way there is: as a whole, and in parts."""
    problem = _small()
    for part in (_ORDERS, _ORDERS // 4):
        # In this thread alone: Python waits for the threads of a pool before it ends, and for this one it need not.
        solve(problem, Settings(seconds=None, work=30, gap=0.0, part=part, threads=1))


@cache
def load_beside() -> threading.Thread:
    """Begin to load in a thread of its own, once in a process, and return it: it is done when the thread is.

    Nobody needs to wait for it, a process that ends least of all.
    """
    thread = threading.Thread(target=load, name="solver-loading", daemon=True)
    thread.start()
    return thread


def _small() -> Problem:
    """Return a problem where goods and capacity are short, so that there is something to search for."""
    sites = np.arange(_SITES)
    site_at, order_at = np.arange(float(_SITES)), np.arange(float(_ORDERS))
    of_site = np.ones(_SITES, np.int64)
    return Problem(
        sites=Sites(
            latitude=30.0 + site_at,
            longitude=120.0 + site_at,
            capacity=4 * of_site,
            handling=100 * FINE * of_site,
            region=0 * of_site,
            parcel=300 * FINE * of_site,
            metre=90 * of_site,
            gram=5_000 * of_site,
            tonne_metre=12_000 * of_site,
            margin=0 * of_site,
            priority=0 * of_site,
            ready_minutes=120 * of_site,
            accept_probability=np.full(_SITES, 0.9),
        ),
        orders=Orders(
            latitude=30.0 + order_at % 5 / 2,
            longitude=120.0 + order_at % 7 / 3,
            promised_hours=np.full(_ORDERS, 24.0),
        ),
        lines=Lines(
            start=2 * np.arange(_ORDERS + 1),
            sku=np.tile(np.arange(2), _ORDERS),
            units=np.ones(2 * _ORDERS, np.int64),
            unfilled=np.full(2 * _ORDERS, 6_000 * FINE),
            value=np.ones(2 * _ORDERS, np.int64),
            price=np.zeros(2 * _ORDERS, np.int64),
            together=np.full(2 * _ORDERS, -1),
        ),
        stock=Stock(
            site=np.repeat(sites, 2),
            sku=np.tile(np.arange(2), _SITES),
            units=np.full(2 * _SITES, 3),
            credit=np.zeros(2 * _SITES, np.int64),
        ),
        sku_grams=np.array([500, 3_000]),
        costs=Costs(split=200 * FINE, late_hour=50 * FINE, redispatch=800 * FINE, kilometres_per_hour=40.0),
    )


if __name__ == "__main__":
    load()
