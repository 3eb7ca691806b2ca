"""What phones load the first time: light enough for a slow network, scanner and charts only when they are needed."""

from collections.abc import Generator

import pytest
from playwright.sync_api import Browser

from loopline.db import Database
from tests.make.first_load import first_load
from tests.make.shopfront import open_shopfront
from tests.make.store import DEMO, Clock, offer, open_store
from tests.make.web import served, settings

pytestmark = pytest.mark.browser

BYTES_MOST = 200_000
STORE = [
    "/store",
    "/store/collect",
    "/store/returns",
    "/store/stock",
    "/store/till",
    "/store/count",
    "/earned",
]
SHOP = ["/shop", "/p/LZ045", "/checkout?sku=LZ045-A", "/me/sign-in"]


@pytest.fixture
def store(database: Database) -> Generator[tuple[str, str], None, None]:
    """Where a store is served, and the path of a task of it."""
    with database.transaction() as conn:
        stage = open_store(conn)
        task_id = offer(conn, stage, "F-1")
    with served(database, settings(demo=DEMO), clock=Clock()) as base:
        yield base, f"/store/tasks/{task_id}"


def test_the_pages_of_a_store_are_light_the_first_time(store: tuple[str, str], browser: Browser):
    base, task = store
    page = browser.new_context().new_page()
    page.goto(base)
    page.get_by_role("button", name="林晓梅").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    signed_in = page.context.storage_state()
    loads = [first_load(browser, base, path, signed_in=signed_in) for path in [*STORE, task]]
    assert {one.path: one.bytes for one in loads if one.bytes > BYTES_MOST} == {}
    assert min(one.bytes for one in loads) > 10_000  # something was weighed


def test_the_pages_of_the_shop_are_light_the_first_time(database: Database, browser: Browser):
    with database.transaction() as conn:
        open_shopfront(conn)
    with served(database, settings(demo=DEMO)) as base:
        loads = [first_load(browser, base, path) for path in SHOP]
    assert {one.path: one.bytes for one in loads if one.bytes > BYTES_MOST} == {}
    assert min(one.bytes for one in loads) > 10_000
