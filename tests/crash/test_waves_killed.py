"""A process killed in the middle of a wave: nothing is half allocated, and the next one sources every order, once."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from loopline import orders
from loopline.db import Conn, Database
from loopline.db.followers import catch_up, ensure_followers
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import SiteLimit
from loopline.fulfilment.service import set_site_limits
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.ids import OrderId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.kernel.times import business_day
from loopline.processes.doctor import examine
from loopline.processes.place import Placed, place
from loopline.processes.source import ORDERS_PER_WAVE_MAX
from loopline.sourcing import queries
from tests.make.shop import NOON, Shop, ask, lines, open_shop

PARTS = 3
ORDERS = PARTS * ORDERS_PER_WAVE_MAX
PATIENCE_SECONDS = 180

pytestmark = [pytest.mark.crash, pytest.mark.slow]


class Worker:
    """The process, and what it says."""

    def __init__(self, database: Database) -> None:
        addresses = database.addresses
        assert not addresses.serving_sets_role
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.make.wave_worker", addresses.owner, addresses.serving],
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            text=True,
        )

    def says(self, word: str) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == word

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(timeout=20)


@pytest.fixture
def worker(database: Database) -> Generator[Callable[[], Worker], None, None]:
    """Starts workers, and ends those that are left."""
    begun: list[Worker] = []

    def begin() -> Worker:
        begun.append(Worker(database))
        return begun[-1]

    yield begin
    for one in begun:
        one.kill()


@pytest.fixture
def shop(database: Database) -> Shop:
    with database.transaction() as conn:
        ensure_followers(conn, FOLLOWERS)
        shop = open_shop(conn, units=ORDERS)
        limits = [SiteLimit(site_id=site_id, tasks_per_day=ORDERS) for site_id in shop.sites.values()]
        set_site_limits(conn, limits, now=NOON)
        return shop


def placed(database: Database, shop: Shop) -> list[OrderId]:
    found: list[OrderId] = []
    for first in range(0, ORDERS, ORDERS_PER_WAVE_MAX):
        drafts = [
            ask(shop, f"W-{number}", lines=lines(shop, ("COAT", 1)))
            for number in range(first, first + ORDERS_PER_WAVE_MAX)
        ]
        with database.transaction() as conn:
            outcomes = place(conn, drafts, scope=WHOLE_BRAND, now=NOON)
        found += [one.order_id for one in outcomes if isinstance(one, Placed)]
    assert len(found) == ORDERS
    return found


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def sourced(database: Database, order_ids: list[OrderId]) -> int:
    """How many orders are sourced; each is so whole, with its decision and its place in a day, or not at all."""
    with database.reading() as conn:
        tasks = Counter(one.order_id for one in fulfilment.tasks_of_orders(conn, order_ids))
        decided = {one.order_id for one in queries.explanations(conn, order_ids)}
        stands = {
            line.order_id: (line.held, line.allocated) for line in orders.lines_by_orders(conn, order_ids)
        }
        used = sum(
            one.held
            for one in fulfilment.capacity_of_sites(
                conn, sites(conn), day=business_day(NOON, "Asia/Shanghai")
            )
        )
    assert set(tasks.values()) <= {1}
    assert stands == {one: (0, 1) if one in tasks else (1, 0) for one in order_ids}
    assert decided == set(tasks)
    assert used == len(tasks)
    return len(tasks)


def sites(conn: Conn) -> list[Any]:
    return [row[0] for row in conn.execute("select id from org.site").fetchall()]


def assert_all_is_done(
    database: Database, order_ids: list[OrderId], worker: Callable[[], Worker], *, waves: int
) -> None:
    """The next process takes the wave up where it was left, and nothing is left for a third."""
    last = worker()
    for _ in range(waves):
        last.says("solving")
    last.says("done")
    assert sourced(database, order_ids) == ORDERS
    catch_up(database, FOLLOWERS, now=NOON)
    with database.reading() as conn:
        assert [one for one in examine(conn).checks if not one.ok] == []


def test_killed_while_it_searches(database: Database, shop: Shop, worker: Callable[[], Worker]):
    order_ids = placed(database, shop)
    first = worker()
    first.says("solving")
    first.kill()
    assert sourced(database, order_ids) == 0
    assert_all_is_done(database, order_ids, worker, waves=1)


def test_killed_with_one_part_applied_and_the_next_half_written(
    database: Database, shop: Shop, worker: Callable[[], Worker]
):
    """A line of the second part is locked: its goods are allocated, its tasks offered, its lines not yet written."""
    order_ids = placed(database, shop)
    within_the_second = order_ids[ORDERS_PER_WAVE_MAX + 50]
    with database.connect() as conn:
        conn.execute("begin")
        conn.execute("select from orders.line where order_id = %s for update", (within_the_second,))
        ((mine,),) = conn.execute("select pg_backend_pid()").fetchall()
        first = worker()
        first.says("solving")
        until(lambda: waits_for(database, mine))
        assert sourced(database, order_ids) == ORDERS_PER_WAVE_MAX
        first.kill()
        conn.execute("rollback")
    until(lambda: not waits_for(database, mine))
    assert sourced(database, order_ids) == ORDERS_PER_WAVE_MAX
    assert_all_is_done(database, order_ids, worker, waves=1)


def waits_for(database: Database, backend: int) -> bool:
    """Whether some backend waits for a lock that another has."""
    with database.reading() as conn:
        found = conn.execute(
            "select 1 from pg_stat_activity where %s = any(pg_blocking_pids(pid))", (backend,)
        ).fetchall()
    return bool(found)
