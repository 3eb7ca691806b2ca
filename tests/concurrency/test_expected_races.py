"""Many who speak of the same goods at once, while these come in and days are given: one word stands, and days agree."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier

from loopline.db import Database
from loopline.kernel.ids import uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import OnShortage
from loopline.orders.parking import parking_of
from loopline.processes.expect import RestockWish, expect, state
from loopline.processes.place import Placed, place
from loopline.processes.replenish import record_goods
from loopline.stock import Fact, MovementReason
from loopline.stock.restocks import restocks
from tests.make.org import succeeded
from tests.make.shop import NOON, ask, lines, open_shop

SPEAKERS = 6
FIRST = date(2026, 3, 10)


def test_of_words_at_once_one_stands_and_what_waits_has_its_day(database: Database):
    with database.transaction() as conn:
        shop = open_shop(conn, units=0)
        drafts = [
            ask(shop, f"W-{n}", lines=lines(shop, ("COAT", 1)), on_shortage=OnShortage.PARK) for n in range(4)
        ]
        placed = place(conn, drafts, scope=WHOLE_BRAND, now=NOON)
    order_ids = [one.order_id for one in placed if isinstance(one, Placed)]
    assert len(order_ids) == 4
    barrier = Barrier(SPEAKERS + 2)

    def speak(number: int) -> None:
        wish = RestockWish(sku_code="COAT", expected_on=FIRST + timedelta(days=number))
        barrier.wait()
        with database.transaction() as conn:
            succeeded(state(conn, [wish], scope=WHOLE_BRAND, actor=f"n{number}", now=NOON))

    def receive() -> None:
        fact = Fact(
            id=uuid7(NOON),
            leaf_id=shop.leaves["W"],
            sku_id=shop.skus["COAT"],
            reason=MovementReason.RECEIPT,
            on_hand=1,
        )
        barrier.wait()
        with database.transaction() as conn:
            succeeded(record_goods(conn, [fact], now=NOON - timedelta(hours=1)))

    def give_days() -> None:
        barrier.wait()
        with database.transaction() as conn:
            expect(conn, now=NOON)

    with ThreadPoolExecutor(SPEAKERS + 2) as threads:
        works = [threads.submit(speak, number) for number in range(SPEAKERS)]
        works += [threads.submit(receive), threads.submit(give_days)]
        for work in works:
            work.result()
    with database.transaction() as conn:
        expect(conn, now=NOON)
        (standing,) = restocks(conn)
        parking = parking_of(conn, order_ids)
        assert conn.execute("select count(*) from stock.restock").fetchone() == (SPEAKERS,)
    # One got the piece that came; the three others wait until the day that stands, and no other.
    assert [one.expected_on for one in parking.values()] == [standing.expected_on] * 3
