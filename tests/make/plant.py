"""A brand on a durable server of its own, served by processes that can be killed, and buyers who write down what they
were told.

Nothing here is switched off for speed: fsync and synchronous commit are on, as where real orders are taken. What a
buyer was told is the truth that the database is held against.
"""

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx
import msgspec
import psycopg

from loopline import stock
from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.db.followers import catch_up
from loopline.db.migrate import migrate
from loopline.db.opening import embedded_addresses, ensure_database
from loopline.db.settings import DATABASE_NAME, OWNER_ROLE
from loopline.jobs.followers import FOLLOWERS
from loopline.processes.doctor import examine
from tests.make.api import make_key
from tests.make.shop import NOON, Shop, open_shop

PATIENCE_SECONDS = 120
UNITS = 1_000_000
_BREATH_SECONDS = 0.02


class Plant(msgspec.Struct, frozen=True):
    """A small brand with plenty of goods on a durable server, and a key to its API."""

    server: EmbeddedServer
    database: Database
    shop: Shop
    token: str


@contextmanager
def durable_plant(
    *, directory: Path | None = None, options: Sequence[str] = (), units: int = UNITS
) -> Generator[Plant]:
    """Found a brand on a server of its own, in a directory of its own where none is given; gone afterwards."""
    own = directory or Path(tempfile.mkdtemp(prefix="loopline-crash-"))
    own.chmod(0o755)
    server = EmbeddedServer(own / "data", options=("max_connections=100", *options))
    server.start()
    try:
        ensure_database(server, DATABASE_NAME)
        migrate(server.conninfo(OWNER_ROLE, DATABASE_NAME))
        database = Database(embedded_addresses(server, DATABASE_NAME))
        try:
            with database.transaction() as conn:
                shop = open_shop(conn, units=units)
            yield Plant(server, database, shop, make_key(database, branch="HX"))
        finally:
            database.close()
    finally:
        server.stop()
        if directory is None:
            shutil.rmtree(own, ignore_errors=True)


class Buyers:
    """Threads that order one after the other, each order until it stands, and write down what they are told."""

    def __init__(self, base: Callable[[], str], token: str, *, threads: int = 4) -> None:
        self._base = base
        self._headers = {"authorization": f"Bearer {token}"}
        self._ending = threading.Event()
        self._threads = [
            threading.Thread(target=self._buy, args=(number,), name=f"buyer-{number}")
            for number in range(threads)
        ]
        self.acknowledged: dict[str, str] = {}
        self.contradicted: list[tuple[str, str, str]] = []
        self.unanswered: set[str] = set()
        self.statuses: set[int] = set()
        self.without_retry_after = 0

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join(timeout=PATIENCE_SECONDS)

    def after(self, more: int) -> None:
        """Wait until so many more orders are acknowledged than now."""
        goal, until = len(self.acknowledged) + more, time.monotonic() + PATIENCE_SECONDS
        while len(self.acknowledged) < goal:
            assert time.monotonic() < until, f"nobody is served: {sorted(self.statuses)}"
            assert any(thread.is_alive() for thread in self._threads), "the buyers left"
            time.sleep(0.002)

    def _buy(self, buyer: int) -> None:
        number = 0
        with httpx.Client(headers=self._headers, timeout=30) as client:
            while not self._ending.is_set():
                name = f"B{buyer}-{number}"
                if self._order(client, name):
                    number += 1
                else:
                    self._ending.wait(
                        _BREATH_SECONDS
                    )  # nobody there: leave the processor to whoever comes back

    def _order(self, client: httpx.Client, name: str) -> bool:
        """Send an order once; True when it stands. What is not answered is sent again, and may stand already."""
        try:
            answer = client.post(f"{self._base()}/api/v1/orders", json=message(name))
        except httpx.TransportError:
            self.unanswered.add(name)
            return False
        self.statuses.add(answer.status_code)
        if answer.status_code not in {200, 201}:
            self.without_retry_after += "Retry-After" not in answer.headers
            return False
        order_id = answer.json()["id"]
        known = self.acknowledged.setdefault(name, order_id)
        if known != order_id:
            self.contradicted.append((name, known, order_id))
        self.unanswered.discard(name)
        return True


def message(number: str) -> dict[str, Any]:
    """An ask for a coat and two scarves."""
    return {
        "channel": "web",
        "external_number": number,
        "kind": "ask",
        "region_code": "310100",
        "lines": [{"sku_code": "COAT", "units": 1}, {"sku_code": "SCARF", "units": 2}],
    }


def await_back(database: Database) -> None:
    """Wait until the database takes a transaction again."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with database.reading() as conn:
                conn.execute("select 1")
            return
        except psycopg.OperationalError:
            assert time.monotonic() < until, "the database did not come back"


def assert_nothing_lost(plant: Plant, buyers: Buyers) -> int:
    """Every acknowledged order is there exactly once with what it holds, nothing is half there, all of it adds up.

    Returns how many orders stand; those that stand without word of it are among the unanswered.
    """
    assert buyers.contradicted == []
    assert buyers.statuses <= {200, 201, 503}
    assert buyers.without_retry_after == 0
    catch_up(plant.database, FOLLOWERS, now=NOON)
    with plant.database.reading() as conn:
        report = examine(conn)
        assert [one for one in report.checks if not one.ok] == []
        rows = conn.execute(
            "select head.external_number, head.id::text, count(line.line_id), sum(line.held) from orders.order as head"
            " left join orders.line as line on line.order_id = head.id group by head.external_number, head.id"
        ).fetchall()
        (coats,) = stock.free_at_nodes(conn, [plant.shop.network], [plant.shop.skus["COAT"]])
    found = {str(number): str(order_id) for number, order_id, _, _ in rows}
    assert len(found) == len(rows), "an order stands twice"
    assert {number: found.get(number) for number in buyers.acknowledged} == buyers.acknowledged
    assert found.keys() - buyers.acknowledged.keys() <= buyers.unanswered
    assert {(lines, held) for _, _, lines, held in rows} <= {(2, 3)}
    assert coats.held == len(found)
    return len(found)
