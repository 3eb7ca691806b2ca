"""A gift as customers meet it: at the checkout, in the order, and left out where it has run out."""

from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, expect

from loopline import catalogue, orders
from loopline.db import Database
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Delivery, DraftLine
from loopline.processes.place import Placed, place
from loopline.processes.promote import WantedGift
from tests.browser.test_shop import Shopfront, look, opened, pay, state
from tests.make.shop import ask
from tests.make.shopfront import SHOPPING, open_shopfront
from tests.process.test_promotions import in_force

pytestmark = pytest.mark.browser

SCARF, TOTE = "LZ045-A", "LZ053-A"
CHECKOUT = f"/checkout?sku={TOTE}&how=collect&site=S"
WORDS = {
    "zh-CN": ("赠品", "免费", "已送完，本单不含", "¥399"),
    "en-GB": ("Gift", "Free", "It has run out, and is left out", "CN¥399"),
}


@pytest.fixture
def front(database: Database, browser: Browser) -> Generator[Shopfront, None, None]:
    """A shop that gives a scarf with every tote."""
    with database.transaction() as conn:
        shop = open_shopfront(conn)
        gift = WantedGift(sku_code=SCARF, from_units=1, is_repeated=True)
        in_force(conn, "SCARF-FREE", gift, name="买包送方巾 Scarf with every tote", sku_codes=(TOTE,))
    with opened(database, shop, browser) as front:
        yield front


def given_of(front: Shopfront, order: orders.Order) -> dict[str, tuple[int, int]]:
    """Of each line of an order how many, and what it came to."""
    with front.database.reading() as conn:
        found = orders.lines_by_orders(conn, [order.id])
    return {line.code: (line.units, line.amount_minor) for line in found}


def take_all_scarves(front: Shopfront) -> None:
    """Somebody else asks for every scarf that store S has."""
    with front.database.transaction() as conn:
        sku_id = catalogue.skus_by_code(conn, [SCARF])[SCARF].id
        (left,) = conn.execute(
            "select (sellable - held)::int from stock.leaf_stock where leaf_id = %s and sku_id = %s",
            [front.shop.leaves["S"], sku_id],
        ).fetchone() or (0,)
        draft = ask(
            front.shop,
            "OTHER",
            placed_at=SHOPPING,
            site_id=front.shop.sites["S"],
            delivery=Delivery.COLLECT,
            destination=None,
            lines=(DraftLine(code=SCARF, sku_id=sku_id, units=left),),
        )
        (outcome,) = place(conn, [draft], scope=WHOLE_BRAND, now=SHOPPING)
        assert isinstance(outcome, Placed), outcome


@pytest.mark.parametrize(("width", "locale"), [(390, "zh-CN"), (1440, "en-GB")])
def test_a_gift_comes_with_what_is_bought_and_is_left_out_when_it_ran_out(
    front: Shopfront, width: int, locale: str
):
    gift, free, gone, price = WORDS[locale]
    page = front.member_page(width=width, locale=locale)
    page.goto(f"{front.base}{CHECKOUT}")
    row = page.locator(".gift")
    expect(row).to_contain_text(gift)
    expect(row).to_contain_text(free)
    expect(page.locator(".total .price").first).to_have_text(price)
    look(page, "checkout-gift")
    page.locator(".bar .button-main").click()
    pay(page)
    state(page, "paid")
    expect(page.locator(".line", has_text=gift)).to_have_count(1)
    look(page, "order-gift")
    # 399.00 for what is worth 598.00.
    assert given_of(front, front.order(page)) == {TOTE: (1, 26_622), SCARF: (1, 13_278)}
    take_all_scarves(front)
    page.goto(f"{front.base}{CHECKOUT}")
    expect(page.locator(".gift")).to_contain_text(gone)
    look(page, "checkout-gift-gone")
    page.locator(".bar .button-main").click()
    pay(page)
    state(page, "paid")
    assert given_of(front, front.order(page)) == {TOTE: (1, 39_900)}


def test_a_gift_that_runs_out_at_the_last_moment_keeps_nobody_from_the_rest(front: Shopfront):
    """Of two totes the page promised two scarves; none is left when the form arrives."""
    page = front.member_page()
    page.goto(f"{front.base}/checkout?sku={TOTE}&how=collect&site=S&units=2")
    expect(page.locator(".gift")).to_contain_text("×2")
    take_all_scarves(front)
    page.locator(".bar .button-main").click()
    pay(page)
    state(page, "paid")
    assert given_of(front, front.order(page)) == {TOTE: (2, 79_800)}
