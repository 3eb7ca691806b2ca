"""Many who buy ahead at once, while goods come and are given out, and some call off: no unit is sold twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

from loopline import orders
from loopline.db import Database
from loopline.db.checks import Finding, run_check
from loopline.kernel.ids import OrderId, uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.cancel import Cancellation, cancel
from loopline.processes.place import Placed, place
from loopline.processes.place.ahead import standings_of
from loopline.processes.preorder import PreorderWish, state
from loopline.processes.promise import fill_parked
from loopline.processes.replenish import record_goods
from loopline.stock import Fact, MovementReason
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, lines, open_shop

BUYERS = 12
ORDERS_EACH = 4
DAY = date(2026, 3, 10)


def open_preorder(database: Database, allowance: int) -> Shop:
    with database.transaction() as conn:
        shop = open_shop(conn, units=0)
        wish = PreorderWish(sku_code="COAT", allowance=allowance, ships_on=DAY)
        succeeded(state(conn, [wish], scope=WHOLE_BRAND, actor="lin", now=NOON))
    return shop


def bought(database: Database, shop: Shop, number: str, units: int) -> OrderId | None:
    draft = ask(shop, number, lines=lines(shop, ("COAT", units)), hold_minutes=0)
    with database.transaction() as conn:
        (outcome,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
    return outcome.order_id if isinstance(outcome, Placed) else None


def findings(database: Database) -> list[Finding]:
    with database.reading() as conn:
        return [found for check in orders.CHECKS for found in run_check(conn, check)]


def test_of_many_who_buy_at_once_no_more_get_it_than_is_allowed(database: Database):
    shop = open_preorder(database, 20)
    barrier = Barrier(BUYERS)

    def buy(buyer: int) -> int:
        barrier.wait()
        return sum(bought(database, shop, f"{buyer}-{n}", 1) is not None for n in range(ORDERS_EACH))

    with ThreadPoolExecutor(BUYERS) as threads:
        assert sum(threads.map(buy, range(BUYERS))) == 20
    with database.reading() as conn:
        standing = standings_of(conn, [shop.skus["COAT"]])[shop.skus["COAT"]]
    assert (standing.sold, standing.left) == (20, 0)
    assert findings(database) == []


def test_goods_that_come_meanwhile_are_sold_once_and_who_calls_off_gives_back(database: Database):
    shop = open_preorder(database, 30)
    early = [bought(database, shop, f"E-{n}", 1) for n in range(10)]
    barrier = Barrier(BUYERS + 3)

    def buy(buyer: int) -> int:
        barrier.wait()
        return sum(bought(database, shop, f"{buyer}-{n}", 1) is not None for n in range(ORDERS_EACH))

    def receive() -> None:
        barrier.wait()
        for _ in range(12):
            fact = Fact(
                id=uuid7(NOON),
                leaf_id=shop.leaves["W"],
                sku_id=shop.skus["COAT"],
                reason=MovementReason.RECEIPT,
                on_hand=1,
            )
            with database.transaction() as conn:
                succeeded(record_goods(conn, [fact], now=NOON))

    def give_out() -> None:
        barrier.wait()
        for _ in range(12):
            with database.transaction() as conn:
                fill_parked(conn, sku_ids=[shop.skus["COAT"]], now=NOON, limit=100)

    def call_off() -> None:
        barrier.wait()
        for order_id in early[:5]:
            assert order_id is not None
            with database.transaction() as conn:
                succeeded(cancel(conn, [Cancellation(order_id=order_id)], scope=WHOLE_BRAND, now=NOON))

    with ThreadPoolExecutor(BUYERS + 3) as threads:
        works = [threads.submit(buy, buyer) for buyer in range(BUYERS)]
        others = [threads.submit(one) for one in (receive, give_out, call_off)]
        sold = 10 - 5 + sum(one.result() for one in works)
        for one in others:
            one.result()
    with database.transaction() as conn:
        fill_parked(conn, sku_ids=[shop.skus["COAT"]], now=NOON, limit=100)
        standing = standings_of(conn, [shop.skus["COAT"]])[shop.skus["COAT"]]
        lines_now = orders.lines_by_orders(
            conn, [row[0] for row in conn.execute("select id from orders.order")]
        )
    # Thirty pieces were to come at most, of which twelve are here: nobody has bought a piece that is neither.
    assert sold <= 30
    assert sum(one.units - one.cancelled for one in lines_now) == sold
    assert sum(one.held for one in lines_now) == min(12, sold)
    assert sum(one.parked for one in lines_now) == standing.waiting <= 18
    assert findings(database) == []
