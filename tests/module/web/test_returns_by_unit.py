"""Returns found by the piece in somebody's hand: its serial number, its batch, the code on it or on its parcel."""

from collections.abc import Generator
from datetime import date, timedelta

import pytest

from loopline import orders
from loopline.db import Database
from loopline.kernel.ids import LotId, uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Order
from loopline.processes.index import write_down_orders
from loopline.processes.place import Placed, place
from loopline.processes.replenish import record_goods
from loopline.stock import Fact, MovementReason, lots
from loopline.stock.lots import Lot, NewLot
from loopline.touchpoints import NewTouchpoint, Target, TouchpointKind, add_touchpoints
from tests.make.loop import pay_for
from tests.make.org import succeeded
from tests.make.shop import NOON, lines, till_sale
from tests.module.web.test_store import Site, opened
from tests.module.web.test_store_returns import HOME, give_back, line_of

GTIN = "06901234567892"
MAY = date(2026, 5, 31)


@pytest.fixture
def site(database: Database) -> Generator[Site, None, None]:
    with opened(database) as site:
        yield site


def came(site: Site, at: str, code: str, *, units: int = 1, batch: str | None = None) -> None:
    """Coats come in, of a batch or (`batch` said) as one piece with a number of its own."""
    shop = site.stage.shop
    new = NewLot(
        sku_id=shop.skus["COAT"],
        code=code,
        batch=batch or code,
        is_serial=batch is not None,
        expires_on=MAY,
    )
    with site.database.transaction() as conn:
        (made,) = lots.name_lots(conn, [new], now=NOON)
        assert isinstance(made, Lot)
        receipt = Fact(
            id=uuid7(NOON),
            leaf_id=shop.leaves[at],
            sku_id=shop.skus["COAT"],
            reason=MovementReason.RECEIPT,
            on_hand=units,
            lot_id=LotId(made.id),
        )
        succeeded(record_goods(conn, [receipt], now=NOON))


def sold(site: Site, number: str, *, at: str, hours: int = 0) -> Order:
    """A coat carried out of a site, so many hours after noon: what expires first goes first."""
    coat, now = lines(site.stage.shop, ("COAT", 1), stated=True), NOON + timedelta(hours=hours)
    with site.database.transaction() as conn:
        draft = till_sale(site.stage.shop, number, site=at, lines=coat, placed_at=now)
        (placed,) = succeeded(place(conn, [draft], scope=WHOLE_BRAND, now=now))
        assert isinstance(placed, Placed)
        pay_for(conn, site.stage.shop, placed)
        write_down_orders(conn, [placed.order_id])
        (head,) = orders.orders_by_ids(conn, [placed.order_id])
        return head


def test_a_piece_leads_to_the_order_and_the_line_that_it_was_sold_in_wherever_that_was(site: Site):
    came(site, "D", "SN-0007", batch="B26")
    order, guide = sold(site, "T-1", at="D"), site.signed_in("zhou.guide")
    there = f"{HOME}/of/{order.number}?line={line_of(site, order, 'COAT')}"
    link = f"https://id.example.com/shop/01/{GTIN}/10/B26/21/SN-0007"
    for text in ("SN-0007", " sn-0007 ", link, f"{link}?17=260531#top"):
        found = guide.get(HOME, params={"q": text})
        assert (found.status_code, found.headers.get("location")) == (303, there), text
    assert f'name="units {line_of(site, order, "COAT")}" value="1"' in guide.get(there).text
    for text in (
        f"https://id.example.com/01/{GTIN}/21/SN-0008",  # no such piece
        f"https://id.example.com/01/{GTIN}",  # names the goods, not a piece of them
        "https://id.example.com/01/06901234567893/21/SN-0007",  # a GTIN that cannot be
        "https://id.example.com/01/04006381333931/21/SN-0007",  # nothing of ours
        "https://[/01/",
    ):
        found = guide.get(HOME, params={"q": text})
        assert (found.status_code, "No order is called so" in found.text) == (200, True), text


def test_a_piece_that_was_sold_again_leads_to_the_later_sale(site: Site):
    came(site, "S", "SN-0007", batch="B26")
    first, guide = sold(site, "T-1", at="S"), site.signed_in("zhou.guide")
    assert give_back(guide, site, first).status_code == 303
    second = sold(site, "T-2", at="S", hours=2)
    found = guide.get(HOME, params={"q": "SN-0007"})
    assert found.headers["location"] == f"{HOME}/of/{second.number}?line={line_of(site, second, 'COAT')}"


def test_a_batch_leads_to_the_orders_of_those_who_look_and_to_nobody_elses(site: Site):
    came(site, "S", "B26", units=4)
    came(site, "D", "B26", units=4)
    mine, also, theirs = sold(site, "T-1", at="S"), sold(site, "T-2", at="S"), sold(site, "T-3", at="D")
    guide = site.signed_in("zhou.guide")
    for text in ("B26", "b26", f"https://id.example.com/01/{GTIN}/10/B26"):
        found = guide.get(HOME, params={"q": text})
        assert found.status_code == 200
        assert [one.number in found.text for one in (mine, also, theirs)] == [True, True, False]


def test_the_code_on_a_parcel_leads_to_its_order(site: Site):
    order, guide = sold(site, "T-1", at="D"), site.signed_in("zhou.guide")
    with site.database.transaction() as conn:
        target = Target(order_id=order.id, order_number=order.number)
        parcel = NewTouchpoint(kind=TouchpointKind.PARCEL, target=target)
        (made,) = succeeded(add_touchpoints(conn, [parcel], now=NOON))
    found = guide.get(HOME, params={"q": f"https://shop.example.com/q/{made.code}"})
    assert found.headers.get("location") == f"{HOME}/of/{order.number}"
