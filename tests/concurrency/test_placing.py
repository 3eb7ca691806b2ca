"""Single orders that arrive all at once: each is one order, however often it is sent, and a bad one harms no other."""

import asyncio
import functools
from collections import Counter
from typing import Any

import psycopg

from loopline import stock
from loopline.db import Database
from loopline.db.followers import catch_up
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Delivery, DraftKind, NumberTakenByOtherContent
from loopline.processes.doctor import examine
from loopline.processes.place import UnknownSku
from loopline.processes.take_in import MessageLine, OrderMessage, OrderTaken
from loopline.web.metrics import Metrics
from loopline.web.placing import OrderRequest, order_coalescer
from tests.make.api import make_key
from tests.make.served import ask_order, at_once, server_processes
from tests.make.shop import NOON, Shop, open_shop

ORDERS = 120
UNITS = 1_000


def message(number: str, **fields: Any) -> OrderMessage:
    stated: dict[str, Any] = {
        "channel": "web",
        "external_number": number,
        "kind": DraftKind.ASK,
        "region_code": "310100",
        "lines": (MessageLine(sku_code="COAT", units=1), MessageLine(sku_code="SCARF", units=2)),
    }
    return OrderMessage(**(stated | fields))


def poisonous(number: str) -> OrderMessage:
    """A till's sale at a price that no rule refuses and no column holds."""
    return message(
        number,
        channel="till",
        kind=DraftKind.FACT,
        site_code="S",
        delivery=Delivery.CARRIED_OUT,
        lines=(MessageLine(sku_code="HAT", units=1, stated_unit_minor=10**30),),
    )


def assert_sound(database: Database) -> None:
    catch_up(database, FOLLOWERS, now=NOON)
    with database.reading() as conn:
        report = examine(conn)
    assert [one for one in report.checks if not one.ok] == []


def orders_written(database: Database) -> dict[str, int]:
    with database.reading() as conn:
        rows = conn.execute('select external_number, count(*) from orders."order" group by 1').fetchall()
    return {str(number): int(count) for number, count in rows}


def held(database: Database, shop: Shop, sku: str) -> int:
    with database.reading() as conn:
        (found,) = stock.free_at_nodes(conn, [shop.network], [shop.skus[sku]])
    return found.held


def test_two_hundred_at_once_with_repeats_conflicts_and_poison(database: Database):
    """What cannot be kept (a price of thirty digits) fails only when the database sees it, with all beside it."""
    with database.transaction() as conn:
        shop = open_shop(conn, units=UNITS)
    good = [message(f"W-{number}") for number in range(ORDERS)]
    again = [message(f"W-{number}") for number in range(0, ORDERS, 3)]
    other = [
        message(f"W-{number}", lines=(MessageLine(sku_code="HAT", units=1),)) for number in range(0, 40, 2)
    ]
    unknown = [
        message(f"U-{number}", lines=(MessageLine(sku_code="GHOST", units=1),)) for number in range(10)
    ]
    poison = [poisonous(f"P-{number}") for number in range(10)]
    # Mixed, so that bad ones are in every batch; what repeats comes after what it repeats.
    mixed = [one for group in zip(good, good[::-1], strict=True) for one in group[:1]]
    for position, bad in enumerate([*poison, *unknown]):
        mixed.insert(position * 6, bad)
    sent = [*mixed, *again, *other]

    async def place_all() -> list[object]:
        coalescer = order_coalescer(database, lambda: NOON, registry=Metrics().registry)
        requests = [OrderRequest(message=one, scope=WHOLE_BRAND) for one in sent]
        outcomes = await asyncio.gather(*(coalescer.submit(one) for one in requests), return_exceptions=True)
        await coalescer.close()
        return list(outcomes)

    outcomes = asyncio.run(place_all())
    told = {id(one): outcome for one, outcome in zip(sent, outcomes, strict=True)}
    placed = [told[id(one)] for one in good]
    assert [isinstance(one, OrderTaken) and not one.is_repeat for one in placed] == [True] * ORDERS
    repeats = [told[id(one)] for one in again]
    assert [isinstance(one, OrderTaken) and one.is_repeat for one in repeats] == [True] * len(again)
    assert {type(told[id(one)]) for one in other} == {NumberTakenByOtherContent}
    assert {type(told[id(one)]) for one in unknown} == {UnknownSku}
    assert {type(told[id(one)]) for one in poison} == {psycopg.DataError}
    assert orders_written(database) == {f"W-{number}": 1 for number in range(ORDERS)}
    assert (held(database, shop, "COAT"), held(database, shop, "SCARF")) == (ORDERS, 2 * ORDERS)
    assert held(database, shop, "HAT") == 0
    assert_sound(database)


def test_several_processes_place_the_same_orders_at_once(database: Database):
    """Every order is sent to each of three servers at one moment: one of them makes it, the others know it."""
    with database.transaction() as conn:
        shop = open_shop(conn, units=UNITS)
    token = make_key(database, branch="HX")
    numbers = [f"W-{number}" for number in range(60)]
    with server_processes(database, 3) as servers:
        work = [
            functools.partial(ask_order, server.base, token, http_message(number))
            for number in numbers
            for server in servers
        ]
        answers = at_once(work, threads=24)
    statuses: dict[str, Counter[int]] = {number: Counter() for number in numbers}
    ids: dict[str, set[str]] = {number: set() for number in numbers}
    for position, answer in enumerate(answers):
        number = numbers[position // 3]
        assert answer is not None
        statuses[number][answer.status_code] += 1
        ids[number].add(answer.json()["id"])
    assert {tuple(sorted(found.items())) for found in statuses.values()} == {((200, 2), (201, 1))}
    assert {len(found) for found in ids.values()} == {1}
    assert orders_written(database) == dict.fromkeys(numbers, 1)
    assert (held(database, shop, "COAT"), held(database, shop, "SCARF")) == (60, 120)
    assert_sound(database)


def test_more_buyers_than_goods_get_what_there_is_and_not_one_more(database: Database):
    with database.transaction() as conn:
        shop = open_shop(conn, units=10)
    token = make_key(database, branch="HX")
    with server_processes(database, 2) as servers:
        work = [
            functools.partial(
                ask_order,
                servers[number % 2].base,
                token,
                http_message(f"W-{number}", lines=[{"sku_code": "HAT", "units": 1}]),
            )
            for number in range(80)
        ]
        answers = at_once(work, threads=20)
    codes = Counter(answer.json().get("code", "placed") for answer in answers if answer is not None)
    assert codes == {"placed": 30, "not_enough_free": 50}
    assert held(database, shop, "HAT") == 30
    assert_sound(database)


def http_message(number: str, **fields: Any) -> dict[str, Any]:
    stated: dict[str, Any] = {
        "channel": "web",
        "external_number": number,
        "kind": "ask",
        "region_code": "310100",
        "lines": [{"sku_code": "COAT", "units": 1}, {"sku_code": "SCARF", "units": 2}],
    }
    return stated | fields
