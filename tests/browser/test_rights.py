"""The six rights as people see them: page, lines behind a number, an order; in both languages and widths."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from loopline.db.embedded import EmbeddedServer
from tests.make.databases import database_from
from tests.make.desk import DEMO
from tests.make.judged import LATER, open_judged
from tests.make.web import served, settings

pytestmark = pytest.mark.browser

HQ = "王芳"
PAGE = "/hq/rights"


@pytest.fixture(scope="module")
def judged(server: EmbeddedServer, template: str) -> Generator[str, None, None]:
    """A brand some days on."""
    for database in database_from(server, template):
        open_judged(database)
        with served(database, settings(demo=DEMO), clock=lambda: LATER) as base:
            yield base


def picture(page: Page, name: str) -> None:
    if "LOOPLINE_PICTURES" in os.environ:
        page.screenshot(path=Path(os.environ["LOOPLINE_PICTURES"]) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize(
    ("locale", "refused", "note"),
    [
        ("en-GB", "Refused: the goods were not there", "From 1 Mar 2026 on marks may still change"),
        ("zh-CN", "拒单：没有货", "2026年3月1日 起的评判还可能变化"),
    ],
)
def test_a_number_leads_to_its_lines_and_a_line_to_its_order(
    judged: str, browser: Browser, width: int, locale: str, refused: str, note: str
):
    page = browser.new_context(locale=locale, viewport={"width": width, "height": 844}).new_page()
    page.goto(f"{judged}{PAGE}")
    page.get_by_role("button", name=HQ).click()
    page.wait_for_url(f"**{PAGE}")
    expect(page.locator(".rights-table tbody tr")).to_have_count(3)
    expect(page.locator(".measure-note")).to_contain_text(note)
    expect(page.locator("#chart svg path").first).to_be_attached()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    picture(page, f"rights-{locale}-{width}")
    page.get_by_role("link", name=refused).click()
    expect(page.locator(".rights-list > li")).to_have_count(1)
    expect(page.locator(".right-broken")).to_contain_text(refused)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto(f"{judged}{PAGE}/lines")
    expect(page.locator(".rights-list > li")).to_have_count(7)
    picture(page, f"rights-lines-{locale}-{width}")
    page.locator(".rights-list a").first.click()
    expect(page.locator(".line .right")).to_have_count(6)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    picture(page, f"rights-order-{locale}-{width}")


def test_what_is_chosen_stands_in_the_address(judged: str, browser: Browser):
    page = browser.new_context(locale="en-GB").new_page()
    page.goto(f"{judged}{PAGE}?side=sold")
    page.get_by_role("button", name=HQ).click()
    page.get_by_label("From").fill("2026-03-02")
    page.get_by_label("to", exact=True).fill("2026-03-05")
    page.get_by_label("Branch").select_option("DEALER")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**side=sold&from=2026-03-02&to=2026-03-05&branch=DEALER")
    expect(page.locator(".rights-table tbody tr")).to_have_count(1)
    page.get_by_role("link", name="By dealer").click()
    page.wait_for_url("**from=2026-03-02&to=2026-03-05&side=sold&by=dealer&branch=DEALER")


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize(("locale", "word"), [("en-GB", "Defective"), ("zh-CN", "有缺陷")])
def test_why_goods_came_back_leads_to_the_returns_and_their_orders(
    judged: str, browser: Browser, width: int, locale: str, word: str
):
    page = browser.new_context(locale=locale, viewport={"width": width, "height": 844}).new_page()
    page.goto(f"{judged}/hq/returns-why")
    page.get_by_role("button", name=HQ).click()
    page.wait_for_url("**/hq/returns-why")
    expect(page.locator(".returns-table tbody tr")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    picture(page, f"returns-{locale}-{width}")
    row = page.locator(".returns-table tbody tr").filter(has_text=word)
    row.get_by_role("link", name="1", exact=True).click()
    expect(page.locator(".returned-list > li")).to_have_count(1)
    expect(page.locator(".returned-list")).to_contain_text(word)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    picture(page, f"returns-lines-{locale}-{width}")
    page.locator(".returned-list a").click()
    page.wait_for_url("**/hq/orders/*")
