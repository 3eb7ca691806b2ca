"""Counts at a desk: a sheet is refused and says where, taken in, looked through and posted, and stands in the list."""

from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, expect

from loopline.db import Database
from tests.browser.test_count import Store, picture
from tests.make.catalogue import csv_file
from tests.make.store import DEMO, Clock, open_store
from tests.make.web import served, settings

pytestmark = pytest.mark.browser
HEAD = "site_code,sku_code,units"


@pytest.fixture
def store(database: Database, browser: Browser) -> Generator[Store, None, None]:
    with database.transaction() as conn:
        stage = open_store(conn)
    with served(database, settings(demo=DEMO), clock=Clock()) as base:
        store = Store(database, stage, base, browser)
        yield store
        for context in list(browser.contexts):
            context.close()
    assert store.complaints == []


@pytest.mark.parametrize(
    ("width", "locale", "posted"),
    [(390, "zh-CN", "已入账"), (1440, "en-GB", "Posted"), (390, "en-GB", "Posted")],
)
def test_a_sheet_is_held_against_the_books(store: Store, width: int, locale: str, posted: str):
    before = store.on_hand()
    page = store.sign_in(store.device(width=width, locale=locale).new_page(), "林晓梅", "/hq/counts")
    picture(page, f"counts-empty-{width}-{locale}")

    def send(*rows: str) -> None:
        if page.locator("details.card:not([open]) > summary").count():
            page.locator("details.card > summary").click()
        page.locator("#file").set_input_files(
            {"name": "count.csv", "mimeType": "text/csv", "buffer": csv_file(HEAD, *rows)}
        )
        page.locator(".bill-form button").click()

    send("S,HAT,1", "W,HAT,1")  # the warehouse is not hers
    expect(page.get_by_role("alert")).to_contain_text("site_code")
    expect(page.get_by_role("alert")).to_contain_text("W")
    picture(page, f"counts-refused-{width}-{locale}")
    send(f"S,HAT,{before['HAT'] - 4}", f"S,COAT,{before['COAT']}")
    expect(page.get_by_role("status").first).to_be_visible()
    row = page.locator("tbody tr")
    expect(row).to_have_count(1)
    picture(page, f"counts-open-{width}-{locale}")
    row.locator("a").click()
    page.wait_for_url("**/store/count/*")
    page.locator(".act .btn-primary").click()
    page.goto(f"{store.base}/hq/counts")
    expect(page.locator("tbody tr .state")).to_have_text(posted)
    picture(page, f"counts-posted-{width}-{locale}")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert store.on_hand() == {**before, "HAT": before["HAT"] - 4}
