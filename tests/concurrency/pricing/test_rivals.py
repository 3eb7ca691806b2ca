"""Rivals in pricing: two lists of equal rank that want to price one SKU at the same time."""

from collections import Counter
from collections.abc import Callable

from loopline import pricing
from loopline.db import Conn, Database
from loopline.kernel.ids import PriceListId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.pricing import NewPrice, PriceSet
from loopline.pricing.changes import PricedElsewhere
from loopline.pricing.checks import CHECKS
from tests.make.catalogue import add_sku
from tests.make.damage import findings
from tests.make.pricing import NOW, add_list, set_rate
from tests.make.rivals import together


def setting(list_id: PriceListId, sku_id: SkuId) -> Callable[[Conn], PriceSet | Refusal]:
    new = NewPrice(price_list_id=list_id, sku_id=sku_id, unit_minor=100, valid_from=NOW)
    return lambda conn: pricing.set_prices(conn, [new], now=NOW)[0]


def test_of_lists_of_equal_rank_one_prices_a_sku(database: Database):
    with database.transaction() as conn:
        set_rate(conn)
        sku = add_sku(conn, "LAMP")
        lists = [add_list(conn, f"list {number}") for number in range(8)]
    outcomes = together(database, [setting(list_id, sku.id) for list_id in lists])
    assert Counter(type(outcome) for outcome in outcomes) == {PriceSet: 1, PricedElsewhere: 7}
    with database.reading() as conn:
        assert findings(conn, CHECKS) == {}


def test_the_same_price_set_by_eight_is_one_price(database: Database):
    with database.transaction() as conn:
        set_rate(conn)
        sku = add_sku(conn, "LAMP")
        base = add_list(conn, "base")
    outcomes = together(database, [setting(base, sku.id)] * 8)
    prices = [outcome for outcome in outcomes if isinstance(outcome, PriceSet)]
    assert len({outcome.price_id for outcome in prices}) == 1
    assert [outcome.is_new for outcome in prices].count(True) == 1
    assert len(prices) == 8
