"""What a person sees: every page at phone and desktop width, in both languages; the board moves by itself."""

from collections.abc import Generator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from loopline.db import Database
from loopline.kernel.ids import SiteId
from tests.make.insight import line
from tests.make.web import DEMO, NOW, furnish, sell, served, settings

pytestmark = pytest.mark.browser

WIDTHS = [390, 1440]
LOCALES = ["en-GB", "zh-CN"]


class Shop:
    """A served brand and a browser that collects what pages complain about."""

    def __init__(self, database: Database, sites: dict[str, SiteId], base: str, browser: Browser) -> None:
        self.database = database
        self.sites = sites
        self.base = base
        self.complaints: list[str] = []
        self._browser = browser

    def page(self, *, width: int = 1440, locale: str = "en-GB") -> Page:
        context = self._browser.new_context(locale=locale, viewport={"width": width, "height": 844})
        page = context.new_page()
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def board(self, *, width: int = 1440, locale: str = "en-GB") -> Page:
        page = self.page(width=width, locale=locale)
        page.goto(f"{self.base}/hq/board")
        page.get_by_role("button", name="王芳").click()
        page.wait_for_url("**/hq/board")
        return page

    def sell(self, amount_minor: int, **fields: object) -> None:
        with self.database.transaction() as conn:
            sell(conn, line(units=3, amount_minor=amount_minor), **fields)  # pyright: ignore[reportArgumentType]


@pytest.fixture
def shop(database: Database, browser: Browser) -> Generator[Shop, None, None]:
    with database.transaction() as conn:
        sites = furnish(conn)
    with served(database, settings(demo=DEMO), clock=lambda: NOW) as base:
        shop = Shop(database, sites, base, browser)
        yield shop
        for context in list(browser.contexts):
            context.close()
    assert shop.complaints == []


def fits(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("locale", LOCALES)
def test_every_page_fits_its_screen_in_both_languages(shop: Shop, width: int, locale: str):
    page = shop.page(width=width, locale=locale)
    page.goto(f"{shop.base}/sign-in")
    expect(
        page.get_by_role("heading", name={"en-GB": "Sign in", "zh-CN": "登录"}[locale], exact=True)
    ).to_be_visible()
    assert fits(page)
    board = shop.board(width=width, locale=locale)
    empty = {"en-GB": "Nothing has been sold yet", "zh-CN": "还没有任何销售"}[locale]
    expect(board.get_by_role("heading", name=empty)).to_be_visible()
    assert fits(board)
    for number in range(1, 14):
        shop.sell(99_999_900 + number, site=shop.sites["S-03"], at=NOW - timedelta(minutes=number))
    expect(board.locator('[data-key="orders"]')).to_have_text("13")
    expect(board.get_by_role("heading", name=empty)).to_be_hidden()
    assert fits(board)


def test_the_board_moves_by_itself_when_something_is_sold(shop: Shop):
    shop.sell(10_000, site=shop.sites["S-01"], channel="till")
    board = shop.board()
    today = board.locator('[data-key="today"]')
    expect(today).to_have_text("CN¥100.00")
    expect(board.locator("#pulse")).to_have_attribute("data-state", "live")
    shop.sell(2_550)
    expect(today).to_have_text("CN¥125.50", timeout=3_000)
    expect(today).to_have_class("amount amount-main moved")
    expect(board.locator('[data-panel="sites"]')).to_contain_text("Web shop")
    expect(board.locator('[data-panel="happenings"] li').first).to_contain_text("CN¥25.50")


def test_the_chart_shows_minutes_hours_or_days(shop: Shop):
    shop.sell(10_000)
    board = shop.board()
    expect(board.locator("#chart svg")).to_be_visible()
    expect(board.locator('[data-span="minute"]')).to_have_attribute("aria-pressed", "true")
    board.locator('[data-span="day"]').click()
    expect(board.locator('[data-span="day"]')).to_have_attribute("aria-pressed", "true")
    expect(board.locator("#chart svg")).to_contain_text("3 Mar")


def test_the_map_says_what_each_site_took_and_leads_to_its_orders(shop: Shop):
    shop.sell(10_000, site=shop.sites["S-01"], channel="till")
    board = shop.board()
    told = board.request.get(f"{shop.base}/hq/board/map").json()
    sold = [one for one in told if one["tone"] == "good"]
    assert [one["said"].splitlines()[1] for one in sold] == ["CN¥100.00 · Orders: 1"]
    assert len(told) > 1
    expect(board.locator("#map svg")).to_be_visible()
    board.locator("[data-panel='sites'] a").first.click()
    board.wait_for_url("**/hq/orders?site=S-01*")


def test_without_a_stream_the_board_asks_by_itself(shop: Shop):
    page = shop.page()
    page.route("**/hq/board/stream*", _refuse)
    page.goto(f"{shop.base}/hq/board")
    page.get_by_role("button", name="王芳").click()
    expect(page.locator("#pulse")).to_have_attribute("data-state", "polling", timeout=8_000)
    shop.sell(7_700)
    expect(page.locator('[data-key="today"]')).to_have_text("CN¥77.00", timeout=8_000)
    shop.complaints.clear()  # the browser complains of the stream we refused


def test_language_and_theme_are_kept(shop: Shop):
    page = shop.page()
    page.goto(f"{shop.base}/sign-in")
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("heading", name="登录", exact=True)).to_be_visible()
    page.locator("#theme").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    expect(page.get_by_role("heading", name="登录", exact=True)).to_be_visible()


def test_signing_in_by_hand_and_out_again(shop: Shop):
    page = shop.page(width=390)
    page.goto(f"{shop.base}/sign-in")
    page.get_by_label("Sign-in name").fill("wang.hq")
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
    page.get_by_label("Password").fill(DEMO.password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Live board")).to_be_visible()
    page.locator(".menu summary").click()  # a phone keeps it in the menu
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    shop.complaints.clear()  # the browser complains of the 401 of the wrong password


def _refuse(route: Route) -> None:
    route.abort()
