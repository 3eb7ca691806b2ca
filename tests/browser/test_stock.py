"""The stock of a SKU as people see it: over all sites, or the own branch alone; what moved it, and why."""

from collections.abc import Generator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from loopline import catalogue
from loopline.db import Database
from loopline.kernel.ids import uuid7
from loopline.processes.index import write_down_products
from loopline.processes.replenish import record_goods
from loopline.stock import Fact, MovementReason
from tests.make.store import DEMO, Clock, Stage, offer, open_store
from tests.make.web import served, settings

pytestmark = pytest.mark.browser


class House:
    """A served brand, and a browser that collects what pages complain about."""

    def __init__(self, database: Database, stage: Stage, base: str, browser: Browser) -> None:
        self.database = database
        self.stage = stage
        self.base = base
        self.clock = Clock()
        self.complaints: list[str] = []
        self._browser = browser

    def signed_in(
        self, name: str, *, width: int = 1440, locale: str = "en-GB", scheme: str = "light"
    ) -> Page:
        context = self._browser.new_context(
            locale=locale,
            viewport={"width": width, "height": 844},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        page = context.new_page()
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(f"{self.base}/hq/stock")
        page.get_by_role("button", name=name).click()
        page.wait_for_url("**/hq/stock")
        return page

    def happen(self, site: str, reason: MovementReason, on_hand: int, *, unsellable: int = 0) -> None:
        """Let something happen to the coats of a site, an hour after the last."""
        self.clock.turn(timedelta(hours=1))
        fact = Fact(
            id=uuid7(self.clock()),
            leaf_id=self.stage.shop.leaves[site],
            sku_id=self.stage.shop.skus["COAT"],
            reason=reason,
            on_hand=on_hand,
            unsellable=unsellable,
        )
        with self.database.transaction() as conn:
            record_goods(conn, [fact], now=self.clock())


@pytest.fixture
def house(database: Database, browser: Browser) -> Generator[House]:
    with database.transaction() as conn:
        stage = open_store(conn)
        offer(conn, stage, "W-1")
        write_down_products(conn, [sku.product_id for sku in catalogue.skus_after(conn)])
    house = House(database, stage, "", browser)
    house.happen("S", MovementReason.DAMAGE, 0, unsellable=2)
    house.happen("D", MovementReason.COUNT, -3)
    with served(database, settings(demo=DEMO), clock=house.clock) as base:
        house.base = base
        yield house
        for context in list(browser.contexts):
            context.close()
    assert house.complaints == []


def fits(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def parts(page: Page, site: str) -> dict[str, str]:
    """What the table says of a site; what is nothing is left out."""
    row = page.locator(f'[data-key="{site}"] td')
    return {
        str(cell.get_attribute("data-part")): cell.inner_text()
        for cell in row.all()
        if cell.inner_text() != "–"
    }


def test_headquarters_see_a_sku_over_all_sites_and_what_moved_it(house: House):
    page = house.signed_in("沈知夏")
    expect(page.get_by_role("heading", name="Moved last")).to_be_visible()
    page.get_by_label("Search stock").fill("6901234567892")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="双面羊绒大衣").click()
    expect(page.get_by_role("heading", name="双面羊绒大衣")).to_be_visible()
    assert parts(page, "S") == {"on_hand": "10", "sellable": "7", "allocated": "1", "unsellable": "2"}
    assert parts(page, "D") == {"on_hand": "7", "sellable": "7"}
    expect(page.locator("#chart svg")).to_be_visible()
    moves = page.locator(".moves tbody tr")
    expect(moves.nth(0)).to_contain_text("Counted")
    expect(moves.nth(0).locator(".move-after")).to_have_text("10 → 7")
    expect(moves.nth(1)).to_contain_text("unsellable +2")
    expect(moves.nth(2)).to_contain_text("tied to orders +1")
    page.get_by_label("Reason").select_option("allocated")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(moves).to_have_count(1)
    moves.get_by_role("link").click()
    expect(page.locator(".order-name")).to_be_visible()


def test_a_dealer_sees_the_own_branch_alone(house: House):
    page = house.signed_in("孔令山")
    page.goto(f"{house.base}/hq/stock/COAT")
    assert parts(page, "D") == {"on_hand": "7", "sellable": "7"}
    expect(page.locator("[data-key]")).to_have_count(1)
    expect(page.locator(".moves tbody tr")).to_have_count(2)
    expect(page.get_by_text("Held in all")).to_have_count(0)
    page.goto(f"{house.base}/hq/stock/COAT?site=S")
    expect(page.get_by_role("heading", name="No movement fits")).to_be_visible()
    days = page.request.get(f"{house.base}/hq/stock/COAT/days").json()
    assert days["values"][-1] == 7
    assert page.request.get(f"{house.base}/hq/stock/COAT/days?site=S").json()["values"] == [0] * 30


@pytest.mark.parametrize(("width", "locale", "scheme"), [(390, "zh-CN", "dark"), (1440, "en-GB", "light")])
def test_the_pages_fit_their_screens(house: House, width: int, locale: str, scheme: str):
    page = house.signed_in("沈知夏", width=width, locale=locale, scheme=scheme)
    assert fits(page)
    page.goto(f"{house.base}/hq/stock/COAT")
    expect(page.locator("#chart svg")).to_be_visible()
    assert fits(page)
    page.goto(f"{house.base}/hq/stock?q=GHOST")
    expect(page.locator(".nothing")).to_be_visible()
