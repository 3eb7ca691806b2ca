"""`promise`: what shop windows and carts ask all day: by when, from where. While orders are placed at the same time.

An answer is one cart to one city: by delivery, and at the three stores near by where it can be collected, each way
of it sealed. A page of goods asks for eight of them in one request, a cart for one.
"""

import multiprocessing
import random
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing.pool import Pool
from time import monotonic, process_time, sleep
from typing import Any

import httpx
import msgspec

from bench.surge.asks import CHANNEL, requests
from bench.surge.brand import Brand, found_brand
from bench.surge.load import Answers, closed_loop, open_loop, post
from bench.surge.servers import PROCESSES, Addresses, serving
from bench.workplace import new_database
from loopline import org, stock
from loopline.db import Conn, Database
from loopline.fulfilment.model import SiteLimit
from loopline.fulfilment.service import set_site_limits
from loopline.kernel.cities import CITIES
from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import NodeId, SiteId, uuid7s
from loopline.kernel.scope import WHOLE_BRAND
from loopline.org import NewSite, UnitKind
from loopline.sourcing.model import SiteCost
from loopline.sourcing.service import set_site_costs
from loopline.stock import Fact, MovementReason, NewNode, NodeKind
from loopline.web.api.promises import PromiseAsk, answers_from, encoded_outcomes
from loopline.web.api.reading import decode
from loopline.web.api.shapes import Batch
from loopline.web.promising.desk import PromiseDesk
from tests.make.api import make_key
from tests.make.customers import ring
from tests.make.org import new_unit, succeeded
from tests.make.shop import OPENED

STORES = 200
SKUS_PER_STORE = 300
UNITS_PER_SHELF = 5
PAGES = 8_000
PAGE = 8
CARTS = 16_000
IN_PROCESS = 20_000
CONNECTIONS = 4
"""Two for each server: while it works on one request, the next has arrived."""
ASKED_PER_SECOND = 3_000
PLACED_PER_SECOND = 200
PLACED = 5_000
_PATIENCE_SECONDS = 60


def report() -> dict[str, Any]:
    """Ask for one cart each time, of one or two SKUs, by delivery and to be collected, to any city there is."""
    with new_database() as database:
        brand = found_brand(database, ring=ring(), members=2_000)
        _open_stores(database, brand)
        token = make_key(database, branch="HX")
        chance = random.Random(1)
        in_process = _in_process(database, [_ask(brand, chance, carts=1) for _ in range(IN_PROCESS)])
        pages, carts = (
            [post("/api/v1/promises", _ask(brand, chance, carts=carts), token=token) for _ in range(count)]
            for carts, count in ((PAGE, PAGES), (1, CARTS))
        )
        placed = [requests(brand, f"beside{run}", PLACED, token=token, seed=3 + run) for run in range(3)]
        with serving(database) as addresses:
            _await_desks(addresses, carts[0], token)
            closed_loop(addresses, iter(carts[:2_000]), connections=CONNECTIONS)
            with multiprocessing.get_context("spawn").Pool(1) as beside:
                measured = [
                    _beside(beside, addresses, placed.pop(), run)
                    for run in (
                        lambda: closed_loop(addresses, iter(pages), connections=CONNECTIONS),
                        lambda: open_loop(
                            addresses, iter(pages), per_second=ASKED_PER_SECOND / PAGE, connections=64
                        ),
                        lambda: closed_loop(addresses, iter(carts), connections=CONNECTIONS),
                    )
                ]
    (of_pages, orders), (at_a_rate, _), (of_carts, _) = measured
    reopened = sum(one.reopened for pair in measured for one in pair)
    return {
        "answers_per_s": round(PAGES * PAGE / of_pages.elapsed),
        "p50_ms": of_pages.milliseconds(0.5),
        "p99_ms": of_pages.milliseconds(0.99),
        "answers_per_request": PAGE,
        "requests_per_s": round(PAGES / of_pages.elapsed),
        "p50_ms_at_3000": at_a_rate.milliseconds(0.5),
        "p99_ms_at_3000": at_a_rate.milliseconds(0.99),
        "carts_per_s": round(CARTS / of_carts.elapsed),
        "cart_p99_ms": of_carts.milliseconds(0.99),
        "in_process_answers_per_s": in_process,
        "connections": CONNECTIONS,
        "reopened": reopened,
        "processes": PROCESSES,
        "sites": STORES + 3,
        "shelves": STORES * SKUS_PER_STORE,
        "generator_us_per_request": round(of_pages.generator_seconds / PAGES * 1e6),
        "orders_per_s_beside": round(orders.statuses.total() / orders.elapsed),
        "order_p99_ms": orders.milliseconds(0.99),
    }


def _beside(
    pool: Pool, addresses: Addresses, placed: list[bytes], run: Callable[[], Answers]
) -> tuple[Answers, Answers]:
    """Ask while orders are placed; returns how asking and how placing went."""
    placing = pool.apply_async(_place, (addresses, placed))
    answers = run()
    assert set(answers.statuses) == {200}, answers.statuses
    return answers, placing.get()


def _in_process(database: Database, bodies: list[bytes]) -> int:
    """Answers per second of one thread's own time, from the bytes asked to the bytes answered, without a network."""
    desk = PromiseDesk(database, lambda: datetime.now(UTC))
    try:
        view = desk.view()
    finally:
        desk.stop()
    took: list[float] = []
    for _ in range(3):
        started = process_time()
        for body in bodies:
            asks = decode(body, Batch[PromiseAsk])
            told = answers_from(view, asks, WHOLE_BRAND, secret="bench" * 8, now=datetime.now(UTC))
            encoded_outcomes(told, "")
        took.append(process_time() - started)
    return round(len(bodies) / min(took))


def _ask(brand: Brand, chance: random.Random, *, carts: int) -> bytes:
    city = chance.choice(CITIES).region_code
    return msgspec.json.encode(
        {
            "items": [
                {
                    "channel": CHANNEL,
                    "lines": [
                        {"sku_code": code, "units": 1}
                        for code in chance.sample(brand.sku_codes, chance.choice((1, 1, 2)))
                    ],
                    "region_code": city,
                }
                for _ in range(carts)
            ]
        }
    )


def _place(addresses: Addresses, placed: list[bytes]) -> Answers:
    answers = open_loop(addresses, iter(placed), per_second=PLACED_PER_SECOND, connections=64)
    assert set(answers.statuses) == {201}, answers.statuses
    return answers


def _await_desks(addresses: Addresses, request: bytes, token: str) -> None:
    """Ask each server until it knows what can be promised."""
    body = request.split(b"\r\n\r\n", 1)[1]
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    for host, port in addresses:
        until = monotonic() + _PATIENCE_SECONDS
        while monotonic() < until:
            answer = httpx.post(
                f"http://{host}:{port}/api/v1/promises", content=body, headers=headers, timeout=60
            )
            if answer.status_code == 200:
                break
            sleep(0.1)


def _open_stores(database: Database, brand: Brand) -> None:
    """Open stores around the cities, each with some of the goods, its costs and its day."""
    chance = random.Random(7)
    places = {f"P-{number:03}": chance.choice(CITIES).coordinates for number in range(STORES)}
    with database.transaction() as conn:
        units = [
            new_unit(
                code,
                UnitKind.STORE,
                "EAST",
                coordinates=Coordinates(
                    longitude=centre.longitude + chance.uniform(-0.2, 0.2),
                    latitude=centre.latitude + chance.uniform(-0.2, 0.2),
                ),
            )
            for code, centre in places.items()
        ]
        succeeded(org.add_units(conn, units, by=None, now=OPENED))
        new = [NewSite(code=code, name=code, unit_code=code, entity_code="BRAND-CO") for code in places]
        sites = [one.site_id for one in succeeded(org.add_sites(conn, new, by=None, now=OPENED))]
        leaves = _plant(conn, brand, sites)
        costs = [
            SiteCost(
                site_id=site_id,
                currency="CNY",
                handling_minor=chance.randrange(200, 600),
                hundred_kilometres_minor=chance.randrange(60, 120),
                kilogram_minor=100,
            )
            for site_id in sites
        ]
        set_site_costs(conn, costs, now=OPENED)
        succeeded(
            set_site_limits(
                conn, [SiteLimit(site_id=site_id, tasks_per_day=100) for site_id in sites], now=OPENED
            )
        )
    for leaf in leaves:
        with database.transaction() as conn:
            _fill(conn, brand, leaf, chance)
    with database.owner_transaction() as owner:
        owner.execute("analyze")


def _plant(conn: Conn, brand: Brand, sites: list[SiteId]) -> list[NodeId]:
    ids = [NodeId(made) for made in uuid7s(OPENED, 2 * len(sites))]
    nodes: list[NewNode] = []
    for site_id, site_node, leaf in zip(sites, ids[::2], ids[1::2], strict=True):
        nodes += [
            NewNode(
                id=site_node, kind=NodeKind.SITE, name="site", parent_id=brand.shop.network, site_id=site_id
            ),
            NewNode(
                id=leaf,
                kind=NodeKind.LEAF,
                name="leaf",
                parent_id=site_node,
                site_id=site_id,
                owner_id=brand.shop.brand_entity,
            ),
        ]
    succeeded(stock.add_nodes(conn, nodes))
    return ids[1::2]


def _fill(conn: Conn, brand: Brand, leaf: NodeId, chance: random.Random) -> None:
    skus = chance.sample(list(brand.sku_ids), SKUS_PER_STORE)
    facts = [
        Fact(
            id=made,
            leaf_id=leaf,
            sku_id=sku_id,
            reason=MovementReason.RECEIPT,
            on_hand=UNITS_PER_SHELF,
        )
        for sku_id, made in zip(skus, uuid7s(OPENED, len(skus)), strict=True)
    ]
    succeeded(stock.record_facts(conn, facts, now=OPENED))
