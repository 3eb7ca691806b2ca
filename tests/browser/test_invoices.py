"""Invoices as people see them: finance asks and mends, a member asks for a company and finds the number."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from loopline import org
from loopline.channels.invoicing import invoice_platform
from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.jobs.invoices import make_out_invoices
from loopline.kernel.ids import PersonId
from loopline.org import Role
from loopline.web.settings import Demo, DemoPerson
from tests.make.databases import database_from
from tests.make.nuonuo import BUYER_TAX_NUMBER, SELLER_TAX_NUMBER
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.sandbox import SetClock
from tests.make.shop import ask, open_shop
from tests.make.web import data_directory, served, settings
from tests.process.test_take_back import LATER, sell

pytestmark = pytest.mark.browser

FINANCE = "顾明远"
DEMO = Demo(
    password=PASSWORD,
    people=(DemoPerson(sign_in_name="gu.finance", name=FINANCE, role=Role.FINANCE, place="HX"),),
)
SHOTS = os.environ.get("LOOPLINE_SHOTS")


class Served:
    """A served brand that sold an order, its platform, and a browser that collects what pages complain about."""

    def __init__(self, database: Database, base: str, browser: Browser, number: str, clock: SetClock) -> None:
        self.database, self.base, self.number = database, base, number
        self.complaints: list[str] = []
        self._browser, self._clock = browser, clock

    def work(self) -> None:
        """Let the errand work for a while."""
        platform = invoice_platform(data_directory(), Path("none"), sandbox_at=self.base)
        assert platform is not None
        for _ in range(5):
            make_out_invoices(self.database, platform, self._clock())
            self._clock.on(minutes=5)

    def opened(self, *, width: int = 1440, locale: str = "en-GB", path: str = "/hq/invoices") -> Page:
        """Sign finance in on the way to the page."""
        page = self._browser.new_context(locale=locale, viewport={"width": width, "height": 844}).new_page()
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(f"{self.base}{path}")
        page.get_by_role("button", name=FINANCE).click()
        page.wait_for_url(f"**{path}")
        return page


@pytest.fixture
def brand(server: EmbeddedServer, template: str, browser: Browser) -> Generator[Served, None, None]:
    clock = SetClock(LATER)
    for database in database_from(server, template):
        with database.transaction() as conn:
            shop = open_shop(conn)
            conn.execute("update org.entity set tax_number = %s where code = 'BRAND-CO'", [SELLER_TAX_NUMBER])
            order = sell(conn, shop, ask(shop, "W-1"))
            ids: list[PersonId] = [add_person(conn, "gu.finance", at="HX", role=Role.FINANCE)]
            passwords = [org.NewPassword(person_id=one, password=PASSWORD) for one in ids]
            succeeded(org.set_passwords(conn, passwords, by=None, now=LATER))
        with served(database, settings(demo=DEMO), clock=clock) as base:
            yield Served(database, base, browser, order.number, clock)


def look(page: Page, name: str) -> None:
    """Keep a picture, where somebody wants one."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def test_what_stands_in_the_way_is_said_and_mended_on_the_page(brand: Served):
    page = brand.opened()
    page.get_by_label("Order number").fill(brand.number)
    page.get_by_label("Name of the company").fill("深圳某某贸易有限公司")
    page.get_by_label("Tax number").fill(BUYER_TAX_NUMBER[:-1] + "0")
    page.get_by_role("button", name="Ask for it").click()
    expect(page.get_by_role("alert")).to_contain_text("mistyped")
    expect(page.get_by_label("Name of the company")).to_have_value("深圳某某贸易有限公司")
    assert page.url == f"{brand.base}/hq/invoices/wish"
    assert [one for one in brand.complaints if "422" not in one] == []
    brand.complaints.clear()  # the browser says that the page it was answered with is a refusal
    page.get_by_label("Tax number").fill(BUYER_TAX_NUMBER)
    page.get_by_role("button", name="Ask for it").click()
    expect(page.get_by_role("status")).to_contain_text("Asked for")
    brand.work()
    page.get_by_role("link", name="All orders").click()
    expect(page.locator(".tone-warn")).to_have_text(
        "Some goods have no tax classification code: enter it below."
    )
    page.get_by_label("Code of 19 digits").fill("1040201010000000000")
    page.get_by_role("button", name="Keep the code").click()
    expect(page.get_by_role("status")).to_have_text("The code is kept.")
    brand.work()
    page.get_by_role("link", name="Refresh").click()
    row = page.locator(".payout-row")
    expect(row).to_contain_text("CN¥158.20")
    expect(row).to_contain_text("深圳某某贸易有限公司")
    expect(row.locator(".state")).to_have_text("issued")
    expect(page.locator(".payout-list").first).to_contain_text("Not invoiced CN¥0.00")
    look(page, "invoices-1440-en")
    for width, locale in ((390, "zh-CN"), (1440, "zh-CN"), (390, "en-GB")):
        other = brand.opened(width=width, locale=locale)
        assert other.evaluate("document.documentElement.scrollWidth") <= width
        look(other, f"invoices-{width}-{locale[:2]}")
    assert brand.complaints == []
