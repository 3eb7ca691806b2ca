"""Promotions as people see them: operations writes, tries and publishes one; a customer sees what it costs and why."""

import os
from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, Page, expect

from loopline import org
from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.kernel.ids import PersonId
from loopline.org import Role
from loopline.processes.promote import WantedAgreement, agree
from loopline.web.settings import Demo, DemoPerson
from tests.make.databases import database_from
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.sandbox import SetClock
from tests.make.shop import OPENED, ask, open_shop
from tests.make.web import served, settings
from tests.process.test_take_back import LATER, sell

pytestmark = pytest.mark.browser

OPERATIONS = "沈运营"
DEMO = Demo(
    password=PASSWORD,
    people=(DemoPerson(sign_in_name="shen.ops", name=OPERATIONS, role=Role.HQ_OPERATIONS, place="HX"),),
)
SHOTS = os.environ.get("LOOPLINE_SHOTS")


class Served:
    """A served brand that sold an order, and a browser that collects what pages complain about."""

    def __init__(self, database: Database, base: str, browser: Browser) -> None:
        self.database, self.base = database, base
        self.complaints: list[str] = []
        self._browser = browser

    def page(self, path: str, *, width: int = 1440, locale: str = "en-GB") -> Page:
        page = self._browser.new_context(locale=locale, viewport={"width": width, "height": 844}).new_page()
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(f"{self.base}{path}")
        return page

    def opened(self, *, width: int = 1440, locale: str = "en-GB") -> Page:
        """Sign operations in on the way to the page."""
        page = self.page("/hq/promotions", width=width, locale=locale)
        page.get_by_role("button", name=OPERATIONS).click()
        page.wait_for_url("**/hq/promotions")
        return page


@pytest.fixture
def brand(server: EmbeddedServer, template: str, browser: Browser) -> Generator[Served, None, None]:
    clock = SetClock(LATER)
    for database in database_from(server, template):
        with database.transaction() as conn:
            shop = open_shop(conn)
            sell(conn, shop, ask(shop, "W-1"))
            ids: list[PersonId] = [add_person(conn, "shen.ops", at="HX", role=Role.HQ_OPERATIONS)]
            passwords = [org.NewPassword(person_id=one, password=PASSWORD) for one in ids]
            succeeded(org.set_passwords(conn, passwords, by=None, now=LATER))
            agreed = WantedAgreement(
                party_code="DEALER", currency="CNY", most_basis_points=6_000, comment="年度合作协议"
            )
            succeeded(agree(conn, [agreed], by="person:finance", now=OPENED))
        with served(database, settings(demo=DEMO), clock=clock) as base:
            yield Served(database, base, browser)


def look(page: Page, name: str) -> None:
    """Keep a picture, where somebody wants one."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def test_a_promotion_is_written_tried_published_and_seen(brand: Served):
    page = brand.opened()
    page.get_by_label("Name, as customers read it").fill("满百减十")
    page.get_by_label("Promotion code").fill("SPEND")
    page.locator("select[name=kind]").select_option("threshold")
    expect(page.get_by_label("Value", exact=True)).to_be_hidden()
    page.get_by_label("Steps").fill("100 - 10\n300 50")
    page.get_by_label("Comment").first.fill("双十二")
    page.get_by_label("The seller").fill("40")
    page.get_by_label("Another party").fill("60")
    page.get_by_label("The other party's code").fill("DEALER")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("alert")).to_contain_text("300 - 50")
    expect(page.get_by_label("Steps")).to_have_value("100 - 10\n300 50")
    assert [one for one in brand.complaints if "422" not in one] == []
    brand.complaints.clear()  # the browser says that the page it was answered with is a refusal
    page.get_by_label("Steps").fill("100 - 10\n300 - 50")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    page.get_by_role("button", name="Try on last month").click()
    tried = page.locator("#tried")
    expect(tried).to_contain_text("1 of 1")
    expect(tried).to_contain_text("CN¥158.20 → CN¥148.20")
    expect(tried).to_contain_text("CN¥6.00")
    look(page, "promotions-tried-1440-en")
    tried.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("status")).to_contain_text("Published.")
    row = page.locator(".payout-row")
    expect(row.locator(".state")).to_have_text("In force")
    expect(row).to_contain_text("DEALER 60%")
    for width, locale in ((390, "zh-CN"), (1440, "zh-CN"), (390, "en-GB")):
        other = brand.opened(width=width, locale=locale)
        assert other.evaluate("document.documentElement.scrollWidth") <= width
        look(other, f"promotions-{width}-{locale[:2]}")
    checkout = brand.page("/checkout?sku=COAT&units=2", width=390, locale="zh-CN")
    expect(checkout.locator(".off-row")).to_contain_text("满百减十")
    expect(checkout.locator(".off-row")).to_contain_text("−¥10")
    expect(checkout.locator(".total")).to_contain_text("¥216")
    look(checkout, "promotions-checkout-390-zh")
    assert brand.complaints == []


def test_a_piece_shows_what_it_was_and_why_it_is_less(brand: Served):
    page = brand.opened()
    page.get_by_label("Name, as customers read it").fill("九折")
    page.get_by_label("Promotion code").fill("TEN")
    page.locator("select[name=kind]").select_option("percentage")
    page.get_by_label("Value", exact=True).fill("10")
    page.get_by_label("Comment").first.fill("常规促销")
    page.get_by_role("button", name="Save draft").click()
    page.get_by_role("button", name="Try on last month").click()
    page.locator("#tried").get_by_role("button", name="Publish").click()
    expect(page.get_by_role("status")).to_contain_text("Published.")
    shop = brand.page("/p/COAT", width=390, locale="zh-CN")
    tag = shop.locator(".tag-large")
    expect(tag.locator(".price")).to_have_text("¥101.70")
    expect(tag.locator("s")).to_have_text("¥113")
    expect(tag.locator(".tag-why")).to_have_text("九折")
    look(shop, "promotions-product-390-zh")
    page.get_by_role("button", name="End now").click()
    expect(page.locator(".payout-row .state")).to_have_text("Over")
    shop.reload()
    expect(shop.locator(".tag-large .price")).to_have_text("¥113")
    assert brand.complaints == []


def test_a_gift_is_written_tried_and_published(brand: Served):
    page = brand.opened()
    page.get_by_label("Name, as customers read it").fill("买大衣送帽子")
    page.get_by_label("Promotion code").fill("HAT")
    page.locator("select[name=kind]").select_option("gift")
    expect(page.get_by_label("Value", exact=True)).to_be_hidden()
    page.get_by_label("Gift (SKU)").fill("hat")
    page.get_by_label("From pieces").fill("1")
    page.get_by_label("or from an amount").fill("100")
    page.get_by_label("SKUs", exact=True).fill("COAT")
    page.get_by_label("Comment").first.fill("换季")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("alert")).to_contain_text("say either pieces or an amount")
    brand.complaints.clear()  # the browser says that the page it was answered with is a refusal
    page.get_by_label("or from an amount").fill("")
    look(page, "promotions-gift-form-1440-en")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    page.get_by_role("button", name="Try on last month").click()
    tried = page.locator("#tried")
    expect(tried).to_contain_text("1 of 1")
    expect(tried).to_contain_text("CN¥9.99")
    expect(tried).to_contain_text("CN¥158.20 → CN¥158.20")
    tried.get_by_role("button", name="Publish").click()
    row = page.locator(".payout-row")
    expect(row).to_contain_text("from 1 pieces bought: 1 × HAT as a gift")
    page.get_by_role("link", name="Next version").click()
    expect(page.get_by_label("Gift (SKU)")).to_have_value("HAT")
    other = brand.opened(width=390, locale="zh-CN")
    assert other.evaluate("document.documentElement.scrollWidth") <= 390
    other.locator("select[name=kind]").select_option("gift")
    look(other, "promotions-gift-390-zh")
    assert brand.complaints == []
