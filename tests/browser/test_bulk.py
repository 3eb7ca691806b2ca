"""Bulk work at a desk: rows chosen, done, undone; what is asked stands on the phone; changes are told."""

from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, Page, expect

from loopline import catalogue
from loopline.db import Database
from loopline.kernel.scope import WHOLE_BRAND
from loopline.org.limits import CounterLimit, NewLimit
from loopline.processes.announce import receive_taken_back
from loopline.processes.counter_limits import set_counter_limits
from loopline.processes.index import write_down_products
from loopline.returns.model import ReturnKind
from tests.browser.test_accessibility import AXE, LOOK, STANDARD
from tests.browser.test_count import Store, picture, ready, scan
from tests.make.org import succeeded
from tests.make.shop import NOON
from tests.make.store import DEMO, Clock, open_store
from tests.make.web import served, settings
from tests.process.test_take_back import back, taken

pytestmark = pytest.mark.browser
PAGES = {
    "stock-rows": "/hq/stock-rows?q=HAT",
    "changes": "/hq/changes",
    "returns": "/hq/returns",
    "batches": "/hq/stock-batches",
}
LOOKS = [(390, "zh-CN"), (1440, "zh-CN"), (390, "en-GB"), (1440, "en-GB")]


@pytest.fixture
def store(database: Database, browser: Browser) -> Generator[Store, None, None]:
    with database.transaction() as conn:
        stage = open_store(conn)
        write_down_products(conn, [sku.product_id for sku in catalogue.skus_after(conn)])
        for number, site in (("B-1", "S"), ("B-2", "D")):
            asked = back(
                stage.shop,
                number,
                ("COAT", 1),
                ("HAT", 2),
                kind=ReturnKind.ASK,
                member_id=None,
                site_id=stage.shop.sites[site],
                at=NOON,
            )
            receive_taken_back(conn, [(taken(conn, asked), stage.shop.sites[site])], now=NOON)
        wanted = NewLimit(
            unit_code="HX", setting=CounterLimit.PRICE_ALONE, value=10, comment="x", is_open=True
        )
        by = f"person:{stage.people['shen.ops']}"
        succeeded(set_counter_limits(conn, [wanted], scope=WHOLE_BRAND, by=by, now=NOON))
    with served(database, settings(demo=DEMO), clock=Clock()) as base:
        store = Store(database, stage, base, browser)
        yield store
        for context in list(browser.contexts):
            context.close()
    assert store.complaints == []


def looked_at(page: Page, name: str) -> None:
    """Keep a picture, and hear what axe says of the page."""
    picture(page, name)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
    if AXE.is_file():
        page.evaluate(AXE.read_text(encoding="utf-8"))
        said = page.evaluate(LOOK, ["html", STANDARD])["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in said] == [], name


def test_rows_are_chosen_kept_back_asked_for_and_told_of(store: Store):
    page = store.sign_in(store.device(locale="zh-CN").new_page(), "沈知夏", "/hq/stock-rows?q=HAT")
    expect(page.locator("tbody tr")).to_have_count(3)
    page.locator("#all").check()
    expect(page.locator("#chosen")).to_have_text("3")
    page.locator("#units").fill("3")
    page.locator('button[formaction$="/keep-back"]').click()
    expect(page.locator(".fact-line")).to_have_count(3)
    looked_at(page, "stock-rows-done")
    page.locator('form[action$="/undo"] button').click()
    expect(page.locator(".fact-line")).to_have_count(3)
    page.locator("a.back").click()
    page.locator("tbody").get_by_role("checkbox").nth(1).check()
    expect(page.locator("#chosen")).to_have_text("1")
    page.locator("#note").fill("gap")
    page.locator("#bulk button:not([formaction])").click()
    expect(page.locator(".fact-line")).to_have_count(1)
    page.goto(f"{store.base}/hq/changes")
    expect(page.locator("tbody tr")).to_have_count(7)
    page.locator(".change-by a").first.click()
    expect(page.locator(".changes-by")).to_be_visible()
    for width, locale in LOOKS:
        other = store.sign_in(store.device(width=width, locale=locale).new_page(), "沈知夏", "/hq/changes")
        for name, path in PAGES.items():
            other.goto(f"{store.base}{path}")
            looked_at(other, f"{name}-{width}-{locale}")


def test_returns_are_decided_many_at_once(store: Store):
    page = store.sign_in(store.device(width=1440).new_page(), "沈知夏", "/hq/returns")
    expect(page.locator("tbody tr")).to_have_count(4)
    page.locator("#all").check()
    page.locator("#why").fill("ours")
    page.locator("#why").press("Enter")  # declines nothing
    expect(page.locator("tbody tr")).to_have_count(4)
    page.locator("#grade").select_option("as_new")
    page.locator('button[formaction$="/accept"]').click()
    expect(page.locator(".fact-line")).to_have_count(4)
    looked_at(page, "returns-done")
    page.locator("a.back").click()
    expect(page.locator("tbody tr")).to_have_count(0)


def test_what_is_asked_is_counted_on_the_phone_without_a_network_and_is_done(store: Store):
    desk = store.sign_in(store.device(width=1440).new_page(), "沈知夏", "/hq/stock-rows?site=S")
    desk.get_by_role("checkbox").nth(1).check()
    desk.get_by_role("checkbox").nth(2).check()
    desk.get_by_role("button", name="Ask to count").click()
    expect(desk.locator(".fact-line")).to_have_count(2)
    device = store.device()
    phone = store.sign_in(device.new_page(), "林晓梅", "/store")
    expect(phone.locator('[data-key="to-count"]')).to_have_text("2")
    looked_at(phone, "today-to-count")
    phone.locator('[data-item="to-count"]').click()
    ready(phone)
    expect(phone.locator("#count-asked li")).to_have_count(2)
    looked_at(phone, "count-asked")
    codes = [one.split(" ")[0] for one in phone.locator("#count-asked .good-code").all_inner_texts()][::2]
    device.set_offline(True)
    phone.locator("#count-asked-begin").click()
    expect(phone.locator("#count-rest li")).to_have_count(2)
    scan(phone, *codes)
    device.set_offline(False)
    expect(phone.locator("#count-pulse")).to_have_text("All sent")
    phone.locator("#count-finish").click()
    phone.locator(".act .btn-primary").click()
    phone.wait_for_url("**/store/count/*")
    phone.goto(f"{store.base}/store")
    expect(phone.locator("[data-item]").first.or_(phone.locator(".day"))).to_be_visible()
    expect(phone.locator('[data-key="to-count"]')).to_have_count(0)
