"""Delivery fees: headquarters sets them and tries an example; a customer sees them follow the address, and pays."""

import re
from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, expect

from loopline import orders, org
from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.orders import FREIGHT_FEE
from loopline.org import Role
from tests.browser.test_shop import Shopfront, fill_address, look, opened, pay, state
from tests.make.databases import database_from
from tests.make.desk import DEMO
from tests.make.freight import charge_delivery
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.shop import NOON, open_shop
from tests.make.shopfront import open_shopfront
from tests.make.web import served, settings

pytestmark = pytest.mark.browser


@pytest.fixture
def front(database: Database, browser: Browser) -> Generator[Shopfront, None, None]:
    with database.transaction() as conn:
        shop = open_shopfront(conn)
        charge_delivery(conn, free_from_minor=41_000)
    with opened(database, shop, browser) as front:
        yield front


@pytest.fixture
def base(server: EmbeddedServer, template: str) -> Generator[str, None, None]:
    """A brand that charges nothing for delivery yet, and somebody of its headquarters."""
    for database in database_from(server, template):
        with database.transaction() as conn:
            open_shop(conn, units=0)
            person = add_person(conn, "wang.hq", at="HX", role=Role.HQ_OPERATIONS)
            new = org.NewPassword(person_id=person, password=PASSWORD)
            succeeded(org.set_passwords(conn, [new], by=None, now=NOON))
        with served(database, settings(demo=DEMO), clock=lambda: NOON) as address:
            yield address


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize(
    ("locale", "more", "west", "paid"),
    [("en-GB", "Regions", "Xinjiang Tibet", "CN¥20.00"), ("zh-CN", "地区", "新疆、西藏", "¥20.00")],
)
def test_headquarters_begins_with_one_fee_and_adds_a_region(
    base: str, browser: Browser, width: int, locale: str, more: str, west: str, paid: str
):
    page = browser.new_context(locale=locale, viewport={"width": width, "height": 844}).new_page()
    page.goto(f"{base}/hq/freight")
    page.get_by_role("button", name="王芳").click()
    page.wait_for_url("**/hq/freight")
    look(page, "hq-freight-nothing")
    brand = page.locator("#HX")
    brand.locator("> summary").click()
    brand.locator("input[name=fee_minor]").fill("8")
    brand.locator("input[name=free_from_minor]").fill("99")
    look(page, "hq-freight-simple")
    brand.locator(".freight-more > summary", has_text=more).click()
    brand.locator("input[name=region_codes_0]").fill(west)
    brand.locator("select[name=region_how_0]").select_option("paid")
    brand.locator("input[name=region_fee_minor_0]").fill("20")
    brand.locator("input[name=comment]").fill("2026 contract")
    look(page, "hq-freight-regions")
    brand.locator("button[value=set]").click()
    page.wait_for_url("**/hq/freight#HX")
    expect(brand.locator(".freight-value")).to_contain_text(paid)
    page.locator("#example input[name=goods]").fill("120")
    page.locator("#example input[name=to]").fill("650100")
    page.locator("#example button").click()
    expect(page.locator("[data-example]")).to_contain_text(paid)
    look(page, "hq-freight-example")
    page.context.close()


@pytest.mark.parametrize(("width", "locale"), [(390, "zh-CN"), (1440, "en-GB")])
def test_the_fee_is_seen_before_it_is_paid_and_follows_the_address(front: Shopfront, width: int, locale: str):
    page = front.member_page(width=width, locale=locale)
    page.goto(f"{front.base}/p/LZ001?sku=LZ001-BM")
    expect(page.locator("[data-freight]")).to_contain_text(re.compile("¥8"))
    look(page, "freight-product")
    page.goto(f"{front.base}/checkout?sku=LZ001-BM")
    fee, total = page.locator("[data-fee]:visible"), page.locator(".total:visible .price")
    expect(fee).to_have_text(re.compile("¥8$"))
    expect(total).to_have_text(re.compile("¥407$"))
    expect(page.locator("[data-more]:visible")).to_contain_text(re.compile("¥11"))
    look(page, "freight-checkout")
    fill_address(page)
    page.locator("select[name=region_code]").select_option("650100")
    page.locator(".bar .button-main").click()
    # The far west costs more than was shown: it is told, and nothing was placed.
    expect(page.locator("[role=alert]")).to_contain_text(re.compile("¥8.*¥20"))
    expect(fee).to_have_text(re.compile("¥20$"))
    look(page, "freight-told")
    front.complaints.clear()
    page.locator(".bar .button-main").click()
    pay(page)
    state(page, "paid")
    expect(page.locator("[data-fee]")).to_have_text(re.compile("¥20$"))
    look(page, "freight-paid")
    order = front.order(page)
    assert order.amount_minor == 41_900
    with front.database.reading() as conn:
        codes = [line.code for line in orders.lines_by_orders(conn, [order.id])]
    assert codes == ["LZ001-BM", FREIGHT_FEE]
    # The address is kept: next time its fee stands beside it from the start.
    page.goto(f"{front.base}/checkout?sku=LZ001-BM")
    expect(fee).to_have_text(re.compile("¥20$"))
