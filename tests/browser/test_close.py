"""The monthly close as finance sees it: what is next, the sheet, what is left to look at, closing for good."""

import os
import re
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from loopline.db import Database
from tests.make.closing import END_OF_APRIL, two_months
from tests.make.shop import PRICES, SITES, stock_up
from tests.make.store import DEMO, Clock, open_store
from tests.make.web import served, settings

pytestmark = pytest.mark.browser

HOME = "/hq/close"
NOW = END_OF_APRIL + timedelta(hours=17)
PICTURES = os.environ.get("LOOPLINE_PICTURES")


class House:
    """A served brand with a closed month and an open one, and a browser that collects what pages complain about."""

    def __init__(self, base: str, browser: Browser, clock: Clock) -> None:
        self.base = base
        self.clock = clock
        self.complaints: list[str] = []
        self._browser = browser

    def signed_in(
        self, who: str = "顾明远", *, width: int = 1440, locale: str = "en-GB", scheme: str = "light"
    ) -> Page:
        context = self._browser.new_context(
            locale=locale,
            viewport={"width": width, "height": 844},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        page = context.new_page()
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(f"{self.base}{HOME}")
        page.get_by_role("button", name=who).click()
        page.wait_for_url(f"**{HOME}")
        return page


@pytest.fixture
def house(database: Database, browser: Browser) -> Generator[House, None, None]:
    with database.transaction() as conn:
        stage = open_store(conn)
        stock_up(conn, stage.shop, {(site, sku): 200 for site in SITES for sku in PRICES})
        two_months(conn, stage.shop, by=f"person:{stage.people['gu.finance']}")
    clock = Clock(NOW)
    with served(database, settings(demo=DEMO), clock=clock) as base:
        made = House(base, browser, clock)
        yield made
        assert made.complaints == []


def picture(page: Page, name: str) -> None:
    """Keep a picture where somebody wants to look."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


@pytest.mark.parametrize(
    ("width", "locale"), [(1440, "en-GB"), (390, "zh-CN"), (390, "en-GB"), (1440, "zh-CN")]
)
def test_the_months_and_a_sheet_fit_and_the_month_is_closed_for_good(
    house: House, width: int, locale: str
) -> None:
    page = house.signed_in(width=width, locale=locale)
    picture(page, f"months-{width}-{locale}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator(".close-next a").click()
    page.wait_for_url("**/2026-04?prove=1")
    picture(page, f"open-{width}-{locale}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("#comment").fill("looked at every source" if locale == "en-GB" else "各渠道账单均已核对")
    page.locator(".close-form button").click()
    page.wait_for_url("**/2026-04?done=1&seal=*")
    picture(page, f"closed-{width}-{locale}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    expect(page.locator(".close-form")).to_have_count(0)
    page.goto(f"{house.base}{HOME}")
    expect(page.locator(".close-next")).to_have_count(0)
    picture(page, f"even-{width}-{locale}")


def test_a_comment_is_wanted_and_what_was_closed_meanwhile_is_shown(house: House) -> None:
    first, second = house.signed_in(), house.signed_in()
    for page in (first, second):
        page.locator(".close-next a").click()
        page.wait_for_url("**/2026-04?prove=1")
    first.locator(".close-form button").click()
    expect(first.locator("#comment:invalid")).to_have_count(1)
    for page in (first, second):
        page.locator("#comment").fill("mine")
        page.locator(".close-form button").click()
        page.wait_for_url("**/2026-04?done=1&seal=*")
        expect(page.locator(".close-said")).to_have_text("mine")


def test_what_takes_long_says_so_and_is_begun_once(house: House) -> None:
    page = house.signed_in()
    page.goto(f"{house.base}{HOME}/BRAND-CO/CNY/2026-04")
    expect(page.locator("#proving")).to_be_hidden()
    # Nothing leaves, so that the page stays to be looked at.
    page.evaluate("addEventListener('submit', event => event.preventDefault(), true)")
    page.locator("#comment").fill("April")
    page.locator(".close-form button").click()
    expect(page.locator("#proving")).to_be_visible()
    expect(page.locator(".close-form button")).to_be_disabled()
    picture(page, "proving")


def test_many_places_are_found_in_sheets_of_which_one_is_open(house: House) -> None:
    page = house.signed_in(width=1440)
    money = page.locator(".ways summary", has_text="Money")
    expect(money).to_have_attribute("aria-current", "true")
    assert page.locator(".ways").bounding_box()["height"] < 48  # pyright: ignore[reportOptionalSubscript]
    money.click()
    picture(page, "ways")
    sheet = page.get_by_role("link", name="Statements")
    expect(sheet).to_be_visible()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(money).to_be_focused()
    page.keyboard.press("Enter")
    expect(sheet).to_be_visible()
    page.locator("h1").click()
    expect(sheet).to_be_hidden()
    money.click()
    sheet.click()
    page.wait_for_url("**/hq/statements")


def test_the_running_month_is_shown_and_cannot_be_closed(house: House) -> None:
    page = house.signed_in()
    page.goto(f"{house.base}{HOME}/BRAND-CO/CNY/2026-04")
    page.locator("#comment").fill("April")
    page.locator(".close-form button").click()
    page.wait_for_url("**/2026-04?done=1&seal=*")
    page.goto(f"{house.base}{HOME}/BRAND-CO/CNY/2026-05")
    expect(page.locator(".notice")).to_contain_text("It runs until 1 Jun 00:00.")
    expect(page.locator(".close-form")).to_have_count(0)
    picture(page, "running")


def test_who_may_look_only_is_offered_no_close(house: House) -> None:
    page = house.signed_in("沈知夏")
    page.locator(".close-next a").click()
    page.wait_for_url("**/2026-04?prove=1")
    expect(page.locator(".close-balances")).to_have_count(1)
    expect(page.locator(".close-form")).to_have_count(0)
    page.goto(f"{house.base}{HOME}/BRAND-CO/CNY/2026-03")
    expect(page.locator(".close-said")).to_have_text(re.compile("Bank and WeChat Pay agree"))


def test_it_is_read_in_the_dark(house: House) -> None:
    page = house.signed_in(scheme="dark")
    page.locator(".close-next a").click()
    page.wait_for_url("**/2026-04?prove=1")
    picture(page, "dark")
    assert page.evaluate("getComputedStyle(document.body).colorScheme") in {"dark", "normal"}
