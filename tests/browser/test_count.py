"""A count on the phone: without a network, over a reload, undone, looked through, counted again and posted."""

import os
from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from loopline import stock
from loopline.db import Database
from tests.make.shop import stock_up
from tests.make.store import DEMO, Clock, Stage, open_store
from tests.make.web import served, settings

pytestmark = pytest.mark.browser
expect.set_options(timeout=20_000)


class Store:
    """A served store with shelves to count."""

    def __init__(self, database: Database, stage: Stage, base: str, browser: Browser) -> None:
        self.database = database
        self.stage = stage
        self.base = base
        self.complaints: list[str] = []
        self._browser = browser

    def device(self, *, width: int = 390, locale: str = "en-GB") -> BrowserContext:
        context = self._browser.new_context(locale=locale, viewport={"width": width, "height": 844})
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        return context

    def sign_in(self, page: Page, name: str, path: str) -> Page:
        page.goto(f"{self.base}/sign-in?next={path}")
        page.get_by_role("button", name=name).click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    def on_hand(self, site: str = "S") -> dict[str, int]:
        codes = {sku_id: code for code, sku_id in self.stage.shop.skus.items()}
        with self.database.reading() as conn:
            rows = stock.stock_at_leaves(conn, [self.stage.shop.leaves[site]])
            return {codes[row.sku_id]: row.on_hand for row in rows}


@pytest.fixture
def store(database: Database, browser: Browser) -> Generator[Store, None, None]:
    with database.transaction() as conn:
        stage = open_store(conn)
        stock_up(conn, stage.shop, {("S", "COAT"): 2})
    with served(database, settings(demo=DEMO), clock=Clock()) as base:
        store = Store(database, stage, base, browser)
        yield store
        for context in list(browser.contexts):
            context.close()
    assert store.complaints == []


def picture(page: Page, name: str) -> None:
    """Keep what a page looks like, where somebody wants to look at it."""
    shown = os.environ.get("LOOPLINE_PICTURES")
    if shown:
        page.screenshot(path=f"{shown}/{name}.png", full_page=True)


def ready(page: Page, *, online: bool = True) -> None:
    page.wait_for_selector('#count[data-kept="yes"]' if online else '#count[data-ready="yes"]')


def scan(page: Page, *codes: str) -> None:
    """As a hand scanner does: it types the code and ends it with Enter."""
    for code in codes:
        page.locator("#count-scan").fill(code)
        page.locator("#count-scan").press("Enter")
        expect(page.locator("#count-scan")).to_have_value("")


def test_a_count_outlives_a_lost_network_and_a_reload_and_is_posted_by_the_manager(store: Store):
    count_as_guide(store)
    assert store.on_hand() == {"COAT": 12, "SCARF": 10, "HAT": 10}
    post_as_manager(store)
    assert store.on_hand() == {"COAT": 11, "SCARF": 9, "HAT": 10}


def count_as_guide(store: Store) -> None:
    """Count eleven coats and two scarves, most of it without a network, and hand the count over."""
    device = store.device()
    page = store.sign_in(device.new_page(), "周可", "/store/count")
    ready(page)
    picture(page, "count-begin")
    page.get_by_role("button", name="Begin").click()
    device.set_offline(True)
    scan(page, "6901234567892", "coat", "SCARF")
    expect(page.locator("#count-last-name")).to_have_text("羊毛围巾")
    page.locator("#count-more").click()
    expect(page.locator("#count-number")).to_have_text("2")
    page.reload()  # the page itself opens without a network
    ready(page, online=False)
    expect(page.locator("#count-pulse")).to_have_text("2 not yet sent")
    scan(page, "NONSENSE")
    expect(page.locator("#count-said")).to_contain_text("NONSENSE is not known here")
    scan(page, "HAT")
    expect(page.locator("#count-skus")).to_have_text("3")
    page.locator("#count-undo").click()  # the hat was a mistake: nobody counted hats
    expect(page.locator("#count-skus")).to_have_text("2")
    page.get_by_role("button", name="双面羊绒大衣").first.click()
    page.locator("#count-number").click()
    page.locator("#count-typed").fill("11")
    page.locator("#count-typed").press("Enter")
    expect(page.locator("#count-units")).to_have_text("13")
    picture(page, "count-open")
    page.locator("#count-finish").click()
    expect(page.locator("#count-said")).to_contain_text("Not all of it is with the server yet")
    device.set_offline(False)
    expect(page.locator("#count-pulse")).to_have_text("All sent")
    page.locator("#count-finish").click()
    expect(page.locator("#count-handed")).to_be_visible()


def post_as_manager(store: Store) -> None:
    """Look through it, have the scarves counted again, nine of them, and post it."""
    manager = store.sign_in(store.device().new_page(), "林晓梅", "/store/count")
    ready(manager)
    manager.get_by_role("link", name="Look through it").click()
    rows = manager.locator(".count-row")
    expect(rows.locator(".count-difference")).to_have_text(["−8", "−1"])
    expect(rows.first).to_contain_text("counted 2, the books said 10")
    picture(manager, "count-review")
    rows.first.get_by_label("count again").check()
    manager.get_by_role("button", name="Count the ticked again").click()
    expect(manager.locator("#count-rest-title")).to_have_text("1 of 1 still to count")
    ready(manager)
    scan(manager, "SCARF")
    manager.locator("#count-number").click()
    manager.locator("#count-typed").fill("9")
    manager.locator("#count-typed").press("Enter")
    expect(manager.locator("#count-pulse")).to_have_text("All sent")
    manager.locator("#count-finish").click()
    expect(rows.locator(".count-difference")).to_have_text(["−1", "−1"])
    rows.first.locator("select").select_option("misplaced")
    manager.get_by_role("button", name="Post 2 differences").click()
    expect(manager.get_by_role("status")).to_contain_text("Posted")
    picture(manager, "count-posted")
