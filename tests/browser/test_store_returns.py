"""Returns at the counter on the phone: found by number, one thing taken back; one without a receipt decided on."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from loopline import orders
from loopline.db import Database
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.index import write_down_orders
from loopline.processes.place import Placed, place
from tests.make.loop import balances, pay_for
from tests.make.org import succeeded
from tests.make.shop import NOON, till_sale
from tests.make.store import DEMO, Clock, open_store
from tests.make.web import served, settings

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("LOOPLINE_PICTURES")


class Counter:
    """A served store, the number of an order that the other store sold, and people at phones."""

    def __init__(self, database: Database, base: str, number: str, browser: Browser) -> None:
        self.database = database
        self.number = number
        self._base = base
        self._browser = browser
        self.complaints: list[str] = []

    def at(self, name: str, *, width: int = 390, locale: str = "zh-CN") -> Page:
        context = self._browser.new_context(locale=locale, viewport={"width": width, "height": 844})
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        page = context.new_page()
        page.goto(f"{self._base}/sign-in?next=/store/returns")
        page.get_by_role("button", name=name).click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page


@pytest.fixture
def counter(database: Database, browser: Browser) -> Generator[Counter, None, None]:
    with database.transaction() as conn:
        stage = open_store(conn)
        (placed,) = succeeded(
            place(conn, [till_sale(stage.shop, "T-1", site="D")], scope=WHOLE_BRAND, now=NOON)
        )
        assert isinstance(placed, Placed)
        pay_for(conn, stage.shop, placed)
        write_down_orders(conn, [placed.order_id])
        (head,) = orders.orders_by_ids(conn, [placed.order_id])
    with served(database, settings(demo=DEMO), clock=Clock()) as base:
        counter = Counter(database, base, head.number, browser)
        yield counter
        for context in list(browser.contexts):
            context.close()
    assert counter.complaints == []


def seen(page: Page, name: str, width: int) -> None:
    """Nothing runs over the side; keep a picture where somebody wants to look."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"back-{name}-{width}.png", full_page=True)


@pytest.mark.parametrize(("width", "locale"), [(390, "zh-CN"), (1440, "en-GB")])
def test_a_coat_comes_back_where_it_was_not_bought(counter: Counter, width: int, locale: str):
    page = counter.at("周可", width=width, locale=locale)
    seen(page, "find", width)
    page.locator("#q").fill(counter.number)
    page.locator("#q").press("Enter")
    page.wait_for_url(f"**/of/{counter.number}")
    row = page.locator(".cards > li", has_text="COAT")
    row.locator("input.form-control").fill("1")
    row.locator("select").nth(1).select_option("damaged")
    seen(page, "order", width)
    page.locator(".act button").click()
    page.wait_for_url("**/done/**")
    expect(page.locator(".back-hand")).to_contain_text("113.00")
    seen(page, "done", width)
    with counter.database.reading() as conn:
        assert balances(conn)["cash"] == 15_820 - 11_300


@pytest.mark.parametrize(("width", "locale"), [(390, "zh-CN"), (1440, "en-GB")])
def test_a_coat_is_exchanged_and_the_difference_given_back(counter: Counter, width: int, locale: str):
    page = counter.at("周可", width=width, locale=locale)
    page.goto(page.url + f"/of/{counter.number}")
    row = page.locator(".cards > li", has_text="COAT")
    row.locator("input.form-control").fill("1")
    row.locator("select").nth(0).select_option("size")
    page.locator(".back-exchange summary").click()
    page.locator('[name="out_code"]').fill("NONE")
    page.locator('button[formaction$="/exchange"]').click()
    expect(page.locator(".refusal")).to_contain_text("NONE")
    expect(row.locator("input.form-control")).to_have_value("1")
    page.locator('[name="out_code"]').fill("HAT")
    seen(page, "exchange", width)
    page.locator('button[formaction$="/exchange"]').click()
    page.wait_for_url("**/done/**")
    seen(page, "exchanged", width)
    # The hat is paid for with the coat's money; the rest is given back.
    expect(page.locator(".back-hand").nth(0)).to_contain_text("9.99")
    expect(page.locator(".back-hand").nth(1)).to_contain_text("103.01")
    with counter.database.reading() as conn:
        assert balances(conn)["cash"] == 15_820 - 10_301


@pytest.mark.parametrize(("width", "locale"), [(390, "en-GB"), (1440, "zh-CN")])
def test_without_a_receipt_the_manager_decides(counter: Counter, width: int, locale: str):
    guide = counter.at("周可", width=width, locale=locale)
    guide.locator('a[href="/store/returns/without"]').click()
    guide.locator("#q").fill("COAT")
    guide.locator("#q").press("Enter")
    guide.wait_for_url("**/without?**")
    seen(guide, "without", width)
    guide.locator(".act button").first.click()
    guide.wait_for_url("**/done/**")
    seen(guide, "waits", width)
    manager = counter.at("林晓梅", width=width, locale=locale)
    waiting = manager.locator(".back-decide")
    waiting.locator('[name="price"]').fill("59.90")
    waiting.locator('[name="why"]').fill("Our label")
    seen(manager, "decide", width)
    waiting.locator('button[value="accept"]').click()
    manager.wait_for_url("**/done/**")
    expect(manager.locator(".back-hand")).to_contain_text("59.90")
    with counter.database.reading() as conn:
        assert balances(conn)["cash"] == 15_820 - 5_990
