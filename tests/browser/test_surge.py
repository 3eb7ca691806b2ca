"""The surge board as a person at headquarters sees it: empty, moving by itself, and burning."""

from collections.abc import Generator
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from loopline.db import Database
from loopline.insight.surge import LATENCY_STEPS_MS, PlacedSecond, note_placed
from tests.make.web import DEMO, NOW, furnish, served, settings

pytestmark = pytest.mark.browser


class Brand:
    """A served brand, and a browser that collects what pages complain about."""

    def __init__(self, database: Database, base: str, browser: Browser) -> None:
        self.database = database
        self.base = base
        self.complaints: list[str] = []
        self._browser = browser

    def surge(self, *, width: int = 1440, locale: str = "en-GB", scheme: str = "light") -> Page:
        context = self._browser.new_context(
            locale=locale,
            viewport={"width": width, "height": 844},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        page = context.new_page()
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(f"{self.base}/hq/surge")
        page.get_by_role("button", name="王芳").click()
        page.wait_for_url("**/hq/surge")
        return page

    def place(self, process: int, ago: int, accepted: int, *, ms: int = 5, **refused: int) -> None:
        """Write down what a process placed so many seconds before now."""
        latencies = [0] * (len(LATENCY_STEPS_MS) + 1)
        latencies[LATENCY_STEPS_MS.index(ms)] = accepted
        second = PlacedSecond(
            second=NOW - timedelta(seconds=ago),
            accepted=accepted,
            repeated=0,
            refused=refused,
            latencies=tuple(latencies),
            waiting=0,
        )
        with self.database.transaction() as conn:
            note_placed(conn, UUID(int=process), [second])


@pytest.fixture
def brand(database: Database, browser: Browser) -> Generator[Brand]:
    with database.transaction() as conn:
        furnish(conn)
    with served(database, settings(demo=DEMO), clock=lambda: NOW) as base:
        brand = Brand(database, base, browser)
        yield brand
        for context in list(browser.contexts):
            context.close()
    assert brand.complaints == []


def fits(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_surge_moves_by_itself_and_says_what_burns(brand: Brand):
    page = brand.surge()
    expect(page.get_by_role("heading", name="No order in the last five minutes")).to_be_visible()
    expect(page.locator(".alarm")).to_have_text("Nothing burns.")
    expect(page.locator("#pulse")).to_have_attribute("data-state", "live")
    for ago in range(2, 12):
        brand.place(1, ago, 2_000, not_enough_free=100)
        brand.place(2, ago, 1_500)
    expect(page.locator('[data-key="rate"]')).to_have_text("3,500")
    expect(page.locator('[data-key="p99"]')).to_have_text("5 ms")
    expect(page.locator('[data-key="not_enough_free"]')).to_have_text("1,000")
    expect(page.locator('[data-panel="refusals"] .name')).to_have_text("Sold out")
    expect(page.get_by_role("heading", name="No order in the last five minutes")).to_be_hidden()
    expect(page.locator("#chart svg")).to_contain_text("Accepted")
    expect(page.locator(".alarm")).to_have_text("Nothing burns.")
    brand.place(3, 2, 1_000, ms=300, too_much_waits=4)
    expect(page.locator(".alarm")).to_have_count(2)
    expect(page.locator(".alarm").first).to_contain_text("4 orders were sent away in the last five minutes")
    expect(page.locator(".alarm").last).to_contain_text("One order in a hundred takes 300 ms or longer.")
    expect(page.locator('[data-key="p99"]')).to_have_class("amount tone-bad moved")


@pytest.mark.parametrize(("width", "locale", "scheme"), [(390, "zh-CN", "dark"), (1440, "en-GB", "light")])
def test_it_fits_its_screen(brand: Brand, width: int, locale: str, scheme: str):
    page = brand.surge(width=width, locale=locale, scheme=scheme)
    assert fits(page)
    brand.place(1, 2, 99_999, ms=10_000, too_many_unpaid=99_999, number_taken_by_other_content=3)
    expect(page.locator(".alarm")).to_have_count(1)
    assert fits(page)
