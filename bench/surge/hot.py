"""`hot`: five hundred units of one SKU, twenty thousand buyers who do not give up, three in ten of whom never pay.

A buyer is one connection's work at a time: asks, pays at once or never, comes again when refused. What is not paid in
twenty seconds goes back, and somebody else gets it. It ends when all units are paid, or nobody is left who would buy.
"""

import random
from collections import Counter, deque
from contextlib import closing
from time import perf_counter
from typing import Any

import msgspec

from bench.surge.asks import CHANNEL, SHANGHAI
from bench.surge.brand import Brand, found_brand
from bench.surge.load import Connection, Connections, post
from bench.surge.servers import surging
from bench.workplace import new_database
from loopline import stock
from loopline.db import Database
from loopline.fulfilment.model import SiteLimit
from loopline.fulfilment.service import set_site_limits
from tests.make.api import make_key
from tests.make.customers import ring
from tests.make.org import succeeded
from tests.make.shop import NOON, PRICES, stock_up

STOCK = 500
BUYERS = 20_000
CONNECTIONS = 256
NEVER_PAY = 0.3
HOLD_SECONDS = 20
CLOCK_FACTOR = 3
"""An ask waits whole minutes to be paid: of a clock that goes three times as fast, one of them takes twenty seconds."""
PATIENCE_SECONDS = 300
_HOT = "HAT"
_CREATED = 201


class _Placed(msgspec.Struct):
    id: str


class _Buyer(msgspec.Struct):
    """Somebody who wants one: how often asked, and the order that is to be paid now."""

    number: int
    pays: bool
    times: int = 0
    paying: str | None = None


def report() -> dict[str, Any]:
    """Let all of them at it."""
    with new_database() as database:
        brand = found_brand(database, ring=ring(), members=BUYERS)
        with database.transaction() as conn:
            stock_up(conn, brand.shop, {("W", _HOT): STOCK})
            # What a full day keeps from being sourced gives its units back, and they are sold once more.
            limit = SiteLimit(site_id=brand.shop.sites["W"], tasks_per_day=2 * STOCK)
            succeeded(set_site_limits(conn, [limit], now=NOON))
        token = make_key(database, branch="HX")
        with surging(database, factor=CLOCK_FACTOR) as addresses:
            rush = _Rush(brand, token)
            seconds = rush.run(addresses)
        paid, held = _stand(database, brand)
    return {
        "stock": STOCK,
        "buyers": BUYERS,
        "asked": rush.asked,
        "paid": paid,
        "held": held,
        "refused": rush.refused,
        "seconds": round(seconds, 1),
        "accepted_per_s": round(rush.accepted / rush.first_seconds),
        "refused_per_s": round(rush.refused / seconds),
        "connections": CONNECTIONS,
        "reopened": rush.reopened,
    }


class _Rush:
    def __init__(self, brand: Brand, token: str) -> None:
        chance = random.Random(1)
        self._brand = brand
        self._token = token
        self._waiting = deque(_Buyer(number, chance.random() >= NEVER_PAY) for number in range(BUYERS))
        self.asked = self.accepted = self.refused = self.paid = self.reopened = 0
        self.first_seconds = 0.0
        self.statuses: Counter[int] = Counter()

    def run(self, addresses: list[tuple[str, int]]) -> float:
        """Let buyers in until everything is paid."""
        with closing(Connections(addresses, CONNECTIONS)) as opened:
            busy: dict[Connection, _Buyer] = {}
            started = perf_counter()
            for one in opened.all:
                self._begin(one, opened, busy)
            while self.paid < STOCK and perf_counter() - started < PATIENCE_SECONDS:
                for one, status, content in opened.answered(within=1.0):
                    self._take(busy.pop(one), status, content)
                    if self.accepted == STOCK and not self.first_seconds:
                        self.first_seconds = perf_counter() - started
                    self._begin(one, opened, busy)
            seconds = perf_counter() - started
            self.reopened = opened.reopened
        return seconds

    def _begin(self, connection: Connection, opened: Connections, busy: dict[Connection, _Buyer]) -> None:
        if not self._waiting:
            return
        buyer = self._waiting.popleft()
        busy[connection] = buyer
        opened.send(connection, self._payment(buyer) if buyer.paying else self._ask(buyer), perf_counter())

    def _take(self, buyer: _Buyer, status: int, content: bytes) -> None:
        self.statuses[status] += 1
        if buyer.paying:
            assert status == 200, content
            self.paid += 1
        elif status == _CREATED:
            self.accepted += 1
            if buyer.pays:
                buyer.paying = msgspec.json.decode(content, type=_Placed).id
                self._waiting.appendleft(buyer)  # who may pay does not stand in line again
        else:
            assert status == 409, content
            self.refused += 1
            self._waiting.append(buyer)

    def _ask(self, buyer: _Buyer) -> bytes:
        self.asked += 1
        buyer.times += 1
        body = msgspec.json.encode(
            {
                "channel": CHANNEL,
                "external_number": f"hot-{buyer.number}-{buyer.times}",
                "kind": "ask",
                "region_code": SHANGHAI,
                "member_id": str(self._brand.members[buyer.number]),
                "hold_minutes": HOLD_SECONDS * CLOCK_FACTOR // 60,
                "lines": [{"sku_code": _HOT, "units": 1}],
            }
        )
        return post("/api/v1/orders", body, token=self._token)

    def _payment(self, buyer: _Buyer) -> bytes:
        paid = {
            "order_id": buyer.paying,
            "method": "bank_transfer",
            "amount_minor": PRICES[_HOT],
            "reference": f"hot-{buyer.number}",
        }
        return post("/api/v1/payments", msgspec.json.encode({"items": [paid]}), token=self._token)


def _stand(database: Database, brand: Brand) -> tuple[int, int]:
    """How many units are paid for, and how many are held unpaid, at the end."""
    with database.reading() as conn:
        row = conn.execute(
            "select coalesce(sum(head.units - head.cancelled), 0)::bigint from orders.order as head"
            " where head.pay_until is null and head.units > head.cancelled"
        ).fetchone()
        unpaid = conn.execute("select count(*) from stock.hold where expires_at is not null").fetchone()
        (level,) = stock.free_at_nodes(conn, [brand.shop.network], [brand.shop.skus[_HOT]])
        shelves = stock.stock_at_leaves(conn, list(brand.shop.leaves.values()))
    assert row is not None
    assert unpaid is not None
    # What is paid is sourced meanwhile: tied to the shelf, or still held; nothing has left it.
    hot = [shelf for shelf in shelves if shelf.sku_id == brand.shop.skus[_HOT]]
    assert sum(shelf.on_hand for shelf in hot) == STOCK
    assert level.free + sum(shelf.allocated for shelf in hot) == STOCK
    return int(row[0]), int(unpaid[0])
