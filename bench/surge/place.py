"""`place`: orders by the function, beside raw COPY of the same rows; then singly over HTTP, closed and open loop."""

import multiprocessing
import statistics
import sys
from collections.abc import Sequence
from time import perf_counter
from typing import Any

from bench.surge.asks import messages, requests
from bench.surge.brand import Brand, found_brand
from bench.surge.load import Answers, closed_loop, open_loop
from bench.surge.raw import raw_orders_per_second
from bench.surge.servers import serving
from bench.workplace import new_database
from loopline.db import Addresses, Database
from loopline.kernel import garbage
from loopline.processes.take_in import OrderTaken, place_messages
from tests.make.api import make_key
from tests.make.customers import ring
from tests.make.shop import NOON

BATCH = 500
BATCHES = 40
WRITERS_MOST = 3
HTTP_ORDERS = 30_000
CONNECTIONS = 256
OPEN_ORDERS = 20_000
OPEN_PER_SECOND = 2_000
OPEN_CONNECTIONS = 512


def report() -> dict[str, Any]:
    """Measure all of it on a new database with durability on."""
    with new_database() as database:
        brand = found_brand(database, ring=ring())
        best, batches = best_in_process(database, brand, tag="place")
        raw, connections = raw_orders_per_second(database, batches)
    return {
        **best,
        "raw_orders_per_s": round(raw),
        "raw_connections": connections,
        "ratio_to_raw": round(best["orders_per_s"] / raw, 3),
        **over_http(),
    }


def best_in_process(database: Database, brand: Brand, *, tag: str) -> tuple[dict[str, Any], list[list[str]]]:
    """Place by one to three processes; returns the figures of the best, and the ids of the orders of the last."""
    best: dict[str, Any] = {"orders_per_s": 0.0}
    batches: list[list[str]] = []
    for writers in range(1, WRITERS_MOST + 1):
        found, batches = _in_process(database, brand, f"{tag}-{writers}", writers)
        best = max(best, found, key=lambda one: one["orders_per_s"])
    return best, batches


def _in_process(
    database: Database, brand: Brand, tag: str, writers: int
) -> tuple[dict[str, Any], list[list[str]]]:
    """Place the batches by so many processes at once; the time of a batch is what each of its orders waited."""
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(writers)
    share = BATCHES // writers
    with spawn.Pool(writers, initializer=_begin, initargs=(barrier,)) as pool:
        tasks = [
            pool.apply_async(_write, (database.addresses, brand, f"{tag}-{number}", share, number))
            for number in range(writers)
        ]
        done = [task.get() for task in tasks]
    started = min(one[0] for one in done)
    ended = max(one[1] for one in done)
    seconds = sorted(second for one in done for second in one[2])
    orders = writers * share * BATCH
    figures = {
        "orders_per_s": round(orders / (ended - started)),
        "writers": writers,
        "batch_p50_ms": round(statistics.median(seconds) * 1000, 1),
        "batch_p99_ms": round(seconds[int(0.99 * len(seconds))] * 1000, 1),
    }
    return figures, [ids for one in done for ids in one[3]]


_barrier: Any = None


def _begin(barrier: Any) -> None:
    """Start as every process of Loopline that works in batches does."""
    global _barrier  # noqa: PLW0603 - a process of the pool has one
    garbage.search_seldom()
    _barrier = barrier


def _write(
    addresses: Addresses, brand: Brand, tag: str, batches: int, seed: int
) -> tuple[float, float, list[float], list[list[str]]]:
    database = Database(addresses)
    incoming = messages(brand, tag, (batches + 1) * BATCH, seed=seed)
    seconds: list[float] = []
    ids: list[list[str]] = []
    place(database, incoming[:BATCH])
    _barrier.wait()
    started = perf_counter()
    for start in range(BATCH, len(incoming), BATCH):
        begun = perf_counter()
        ids.append(place(database, incoming[start : start + BATCH]))
        seconds.append(perf_counter() - begun)
    ended = perf_counter()
    database.close()
    return started, ended, seconds, ids


def place(database: Database, incoming: Sequence[Any]) -> list[str]:
    """Place a batch in a transaction of its own; returns the ids of its orders."""
    with database.transaction(is_routine=True) as conn:
        outcomes = place_messages(conn, incoming, now=NOON)
    assert all(isinstance(one, OrderTaken) for one in outcomes), outcomes[0]
    return [str(one.order_id) for one in outcomes if isinstance(one, OrderTaken)]


def over_http() -> dict[str, Any]:
    """Place single orders over HTTP: as fast as they are answered, then at a rate of their own."""
    with new_database() as database:
        brand = found_brand(database, ring=ring())
        token = make_key(database, branch="HX")
        return single_orders(database, brand, token, tag="single")


def single_orders(database: Database, brand: Brand, token: str, *, tag: str) -> dict[str, Any]:
    """Serve the database from two processes, and place single orders; `tag` makes their numbers new."""
    with serving(database) as addresses:
        warm = requests(brand, f"{tag}-warm", 2_000, token=token, seed=1)
        _sent(closed_loop(addresses, iter(warm), connections=32))
        asked = requests(brand, f"{tag}-closed", HTTP_ORDERS, token=token, seed=2)
        closed = _sent(closed_loop(addresses, iter(asked), connections=CONNECTIONS))
        asked = requests(brand, f"{tag}-open", OPEN_ORDERS, token=token, seed=3)
        opened = _sent(
            open_loop(addresses, iter(asked), per_second=OPEN_PER_SECOND, connections=OPEN_CONNECTIONS)
        )
    return {
        "http_orders_per_s": round(HTTP_ORDERS / closed.elapsed),
        "p50_ms": closed.milliseconds(0.5),
        "p99_ms": closed.milliseconds(0.99),
        "connections": CONNECTIONS,
        "reopened": closed.reopened + opened.reopened,
        "open_loop_per_s": OPEN_PER_SECOND,
        "open_loop_p50_ms": opened.milliseconds(0.5),
        "open_loop_p99_ms": opened.milliseconds(0.99),
    }


def _sent(answers: Answers) -> Answers:
    assert set(answers.statuses) == {201}, answers.statuses
    return answers


if __name__ == "__main__":
    print(report(), file=sys.stderr)
