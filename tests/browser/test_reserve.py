"""A guide reserves goods at another store on the phone, in both languages; the other store frees them for its till."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from loopline.customers import open_key_ring
from loopline.db import Database
from tests.make.customers import member, phone, registered
from tests.make.store import DEMO, Clock, open_store
from tests.make.web import data_directory, served, settings

pytestmark = pytest.mark.browser
expect.set_options(timeout=20_000)

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
SHOTS = os.environ.get("LOOPLINE_SHOTS")


@pytest.fixture
def base(database: Database) -> Generator[str]:
    with database.transaction() as conn:
        open_store(conn)
        registered(conn, [member(phone(1), name="王芳")], keys=open_key_ring(data_directory() / "keys"))
    with served(database, settings(demo=DEMO), clock=Clock()) as base:
        yield base


def signed_in(browser: Browser, base: str, name: str, path: str, locale: str) -> Page:
    page = browser.new_context(locale=locale, viewport={"width": 390, "height": 844}).new_page()
    page.goto(f"{base}/sign-in?next={path}")
    page.get_by_role("button", name=name).click()
    page.wait_for_url(f"**{path}")
    return page


def looks_well(page: Page, name: str, locale: str) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        "(rules) => axe.run(document, { runOnly: rules, resultTypes: ['violations'] })",
        ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"],
    )
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"reserve-{name}-{locale[:2]}.png", full_page=True)


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_a_guide_reserves_and_the_other_store_frees_it_for_the_till(base: str, browser: Browser, locale: str):
    page = signed_in(browser, base, "周可", "/store/stock?q=COAT", locale)
    looks_well(page, "stock", locale)
    page.locator(".place-reserve").first.click()
    page.locator("#said").fill(phone(1).value)
    looks_well(page, "form", locale)
    page.locator("form.ask .btn-primary").click()
    page.wait_for_url("**/store/reserved**")
    expect(page.locator("[data-item]")).to_have_count(1)
    expect(page.locator("[data-item]")).to_contain_text("王")
    looks_well(page, "from-here", locale)
    there = signed_in(browser, base, "孙倩", "/store", locale)
    there.locator('a[href="/store/reserved"]').click()
    expect(there.locator("[data-item]")).to_have_count(1)
    looks_well(there, "here", locale)
    there.locator('button[value="sold"]').click()
    expect(there.locator("[data-item]")).to_have_count(0)
    looks_well(there, "none", locale)
