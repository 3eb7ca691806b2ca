"""A dealer's count and a till's sale from one barrier: whoever comes first, the unit is taken once."""

from datetime import datetime, timedelta
from functools import partial

from loopline import stock
from loopline.db import Conn, Database
from loopline.feeds import CHECKS, NewSnapshot
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Draft
from loopline.processes.place import Placed, place
from tests.make.damage import findings
from tests.make.feeds import heard, open_feed, snapshot
from tests.make.rivals import together
from tests.make.shop import NOON, Shop, lines, open_shop, till_sale
from tests.make.stock import broken

TRIALS = 6
MINUTE = timedelta(minutes=1)


def on_hand(conn: Conn, shop: Shop) -> int:
    (row,) = stock.stock_at_leaves(conn, [shop.leaves["D"]], sku_ids=[shop.skus["HAT"]])
    return row.on_hand


def tell(sale: Draft, now: datetime, conn: Conn) -> object:
    return place(conn, [sale], scope=WHOLE_BRAND, now=now)[0]


def state(count: NewSnapshot, now: datetime, conn: Conn) -> object:
    return heard(conn, count, now=now)


def test_a_count_and_the_sales_around_it(database: Database):
    """Four tills sold before the count and four after it; all are told while the count is."""
    with database.transaction() as conn:
        shop = open_shop(conn, units=100)
        open_feed(conn, shop)
        heard(conn, snapshot(shop, HAT=100))
    expected = 100
    for trial in range(1, TRIALS + 1):
        count_at = NOON + trial * 10 * MINUTE
        now = count_at + 5 * MINUTE
        stated = expected - 4
        sales = [
            till_sale(
                shop,
                f"T-{trial}-{number}",
                site="D",
                placed_at=count_at + (MINUTE if number % 2 else -MINUTE),
                lines=lines(shop, ("HAT", 1), stated=True),
            )
            for number in range(8)
        ]
        count = snapshot(shop, as_at=count_at, number=f"trial-{trial}", HAT=stated)

        tills = [partial(tell, sale, now) for sale in sales]
        outcomes = together(database, [*tills[:4], partial(state, count, now), *tills[4:]])
        assert sum(isinstance(one, Placed) for one in outcomes) == 8
        expected = stated - 4
        with database.transaction() as conn:
            assert on_hand(conn, shop) == expected
            assert broken(conn) == []
            assert findings(conn, CHECKS) == {}
