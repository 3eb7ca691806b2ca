"""`grown`: the rates of placing on empty tables, and again with five million orders in them."""

import multiprocessing
from time import perf_counter
from typing import Any

from bench.surge.asks import messages
from bench.surge.brand import Brand, found_brand
from bench.surge.place import BATCH, best_in_process, place, single_orders
from bench.workplace import new_database
from loopline.db import Addresses, Database
from loopline.kernel import garbage
from tests.make.api import make_key
from tests.make.customers import ring

ORDERS = 5_000_000
FILLERS = 2
MEMBERS = 60_000
"""So many that none comes near the cap of unpaid orders."""


def report() -> dict[str, Any]:
    """Measure, fill by what is measured, measure again. Nothing is paid and every hold stays: the dearest case."""
    with new_database() as database:
        brand = found_brand(database, ring=ring(), members=MEMBERS)
        token = make_key(database, branch="HX")
        empty = _rates(database, brand, token, tag="empty")
        started = perf_counter()
        _fill(database, brand)
        filling = perf_counter() - started
        with database.owner_transaction() as owner:
            row = owner.execute(
                'select count(*), pg_database_size(current_database()) from orders."order"'
            ).fetchone()
        assert row is not None
        full = _rates(database, brand, token, tag="full")
    return {
        "orders": int(row[0]),
        "database_gib": round(int(row[1]) / 2**30, 1),
        "filled_orders_per_s": round(ORDERS / filling),
        **{f"empty_{what}": rate for what, rate in empty.items()},
        **{f"full_{what}": rate for what, rate in full.items()},
        **{f"ratio_{what}": round(full[what] / empty[what], 3) for what in empty},
    }


def _rates(database: Database, brand: Brand, token: str, *, tag: str) -> dict[str, float]:
    best, _ = best_in_process(database, brand, tag=tag)
    single = single_orders(database, brand, token, tag=tag)
    return {"orders_per_s": best["orders_per_s"], "http_orders_per_s": single["http_orders_per_s"]}


def _fill(database: Database, brand: Brand) -> None:
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(FILLERS, initializer=garbage.search_seldom) as pool:
        share = ORDERS // FILLERS
        tasks = [
            pool.apply_async(_fill_share, (database.addresses, brand, number, share))
            for number in range(FILLERS)
        ]
        for task in tasks:
            task.get()


def _fill_share(addresses: Addresses, brand: Brand, number: int, orders: int) -> None:
    database = Database(addresses)
    for start in range(0, orders, BATCH):
        place(database, messages(brand, f"fill-{number}-{start}", BATCH, seed=number * orders + start))
    database.close()
