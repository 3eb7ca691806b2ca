"""Tax by seller and by the place of supply: in the order, in the books and in what a return takes back."""

from datetime import date, timedelta

import pytest

from loopline import orders, pricing
from loopline.db import Conn
from loopline.kernel.scope import WHOLE_BRAND
from loopline.org.queries import entities_by_code
from loopline.pricing import NewTaxRate
from loopline.processes.place import Placed, place
from tests.make.loop import balances, follow, hand_over_everything, pay_for
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, lines, open_shop, till_sale
from tests.process.test_take_back import MEMBER, SETTLE, back, taken

LATER = NOON + timedelta(days=10)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    """In Shanghai goods are taxed at 9 %, what the dealer's company sells at 3 %, all else in the country at 13 %."""
    found = open_shop(conn)
    dealer = entities_by_code(conn, ["DEALER-CO"])["DEALER-CO"].id
    special = {"tax_class": "standard", "country": "CN", "valid_from": date(2026, 3, 9)}
    rates = [
        NewTaxRate(**special, rate_basis_points=900, region="31"),  # pyright: ignore[reportArgumentType]
        NewTaxRate(**special, rate_basis_points=300, seller_id=dealer),  # pyright: ignore[reportArgumentType]
    ]
    succeeded(pricing.set_tax_rates(conn, rates, now=NOON))
    return found


def taxed(conn: Conn, draft: orders.Draft) -> tuple[int, int]:
    """The rate and the tax of an order of one coat."""
    (placed,) = place(conn, [draft], scope=WHOLE_BRAND, now=draft.placed_at)
    assert isinstance(placed, Placed), placed
    (line,) = orders.lines_by_orders(conn, [placed.order_id])
    head = orders.order_by_id(conn, placed.order_id)
    assert head is not None
    assert (line.amount_minor, head.tax_minor) == (11_300, line.tax_minor)
    return line.tax_rate_basis_points, line.tax_minor


def test_an_order_is_taxed_by_its_seller_and_by_where_its_goods_go(conn: Conn, shop: Shop):
    dealer = entities_by_code(conn, ["DEALER-CO"])["DEALER-CO"].id
    coat = {"lines": lines(shop, ("COAT", 1)), "placed_at": LATER}
    beijing = ask(shop, "W-2", **coat).destination
    assert beijing is not None
    north = type(beijing)(longitude=116.4, latitude=39.9)
    assert taxed(conn, ask(shop, "W-1", **coat)) == (900, 933)
    assert taxed(conn, ask(shop, "W-2", **(coat | {"destination": north}))) == (1_300, 1_300)
    assert taxed(conn, ask(shop, "W-3", **coat, seller_entity_id=dealer)) == (300, 329)
    # On the day before they hold, the country's rate did.
    assert taxed(conn, ask(shop, "W-4", **(coat | {"placed_at": NOON}))) == (1_300, 1_300)
    stated = {"lines": lines(shop, ("COAT", 1), stated=True), "placed_at": LATER}
    dealers = till_sale(shop, "T-1", site="D", **stated, seller_entity_id=dealer)
    assert taxed(conn, dealers) == (300, 329)


def test_a_return_takes_back_the_tax_that_the_sale_had(conn: Conn, shop: Shop):
    draft = ask(shop, "W-1", placed_at=LATER, member_id=MEMBER, lines=lines(shop, ("COAT", 1)))
    (placed,) = place(conn, [draft], scope=WHOLE_BRAND, now=LATER)
    assert isinstance(placed, Placed)
    hand_over_everything(conn, now=LATER)
    follow(conn, SETTLE)
    pay_for(conn, shop, placed, at=LATER)
    assert balances(conn)["tax"] == -933
    succeeded(
        pricing.set_tax_rates(
            conn,
            [
                NewTaxRate(
                    tax_class="standard",
                    country="CN",
                    valid_from=LATER.date() + timedelta(days=2),
                    rate_basis_points=100,
                    region="31",
                )
            ],
            now=LATER,
        )
    )
    taken(conn, back(shop, "R-1", ("COAT", 1), at=LATER + timedelta(days=5)))
    assert balances(conn) == {}
