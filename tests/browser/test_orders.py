"""Orders as people see them: found, narrowed, opened; every part of the page, in both languages, on both widths."""

from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, Page, expect

from loopline.customers.keys import open_key_ring
from loopline.db.embedded import EmbeddedServer
from tests.make.databases import database_from
from tests.make.desk import DEMO, Day, a_day
from tests.make.shop import NOON
from tests.make.web import served, settings

pytestmark = pytest.mark.browser

HQ, DEALER, PACKER = "王芳", "陈刚", "孙丽"
WIDTHS = [390, 1440]
LOCALES = ["en-GB", "zh-CN"]


class Desk:
    """A served brand in the middle of its day, and a browser that collects what pages complain about."""

    def __init__(self, day: Day, base: str, browser: Browser) -> None:
        self.day = day
        self.base = base
        self.complaints: list[str] = []
        self._browser = browser

    def opened(self, path: str, *, who: str = HQ, width: int = 1440, locale: str = "en-GB") -> Page:
        """Sign somebody in on the way to a page."""
        context = self._browser.new_context(locale=locale, viewport={"width": width, "height": 844})
        page = context.new_page()
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(f"{self.base}{path}")
        page.get_by_role("button", name=who).click()
        page.wait_for_url(f"**{path}")
        return page

    def order(self, external_number: str, **how: object) -> Page:
        """Open an order's page."""
        return self.opened(f"/hq/orders/{self.day.number(external_number)}", **how)  # pyright: ignore[reportArgumentType]


@pytest.fixture(scope="module")
def served_day(server: EmbeddedServer, template: str) -> Generator[tuple[Day, str], None, None]:
    for database in database_from(server, template):
        web = settings(demo=DEMO)
        day = a_day(database, open_key_ring(web.keys_directory))
        with served(database, web, clock=lambda: NOON) as base:
            yield day, base


@pytest.fixture
def desk(served_day: tuple[Day, str], browser: Browser) -> Generator[Desk, None, None]:
    desk = Desk(*served_day, browser)
    yield desk
    for context in list(browser.contexts):
        context.close()
    assert desk.complaints == []


def fits(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def numbers(page: Page) -> list[str]:
    return page.locator(".order-number a").all_text_contents()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("locale", LOCALES)
def test_the_pages_of_orders_fit_their_screen_in_both_languages(desk: Desk, width: int, locale: str):
    page = desk.opened("/hq/orders", width=width, locale=locale)
    expect(page.get_by_role("heading", name={"en-GB": "Orders", "zh-CN": "订单"}[locale])).to_be_visible()
    assert fits(page)
    page.get_by_role("link", name=desk.day.number("W-1")).click()
    heading = {"en-GB": "Who earns what, and why", "zh-CN": "谁分多少，为什么"}[locale]
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    assert fits(page)
    page.goto(f"{desk.base}/hq/orders?text=nothing-like-it")
    expect(
        page.get_by_role("heading", name={"en-GB": "No order fits", "zh-CN": "没有符合的订单"}[locale])
    ).to_be_visible()
    assert fits(page)


def test_an_order_is_found_by_goods_number_and_phone(desk: Desk):
    page = desk.opened("/hq/orders")
    assert len(numbers(page)) == 7
    for text, found in (
        ("hat", ["W-2", "W-5"]),
        (desk.day.number("W-3").lower().replace("-", " "), ["W-3"]),
        ("8000", ["W-1"]),
        ("T-2", ["T-2"]),
    ):
        page.get_by_role("searchbox").fill(text)
        page.get_by_role("button", name="Search", exact=True).click()
        expect(page.get_by_role("searchbox")).to_have_value(text)
        assert sorted(numbers(page)) == sorted(desk.day.number(one) for one in found)
    page.get_by_role("searchbox").fill("no such thing")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="No order fits")).to_be_visible()
    page.get_by_role("link", name="Show all orders").click()
    expect(page.locator(".order-number a")).to_have_count(7)


def test_links_narrow_the_list_and_keep_each_other(desk: Desk):
    page = desk.opened("/hq/orders")
    page.get_by_role("combobox", name="Channel").select_option(label="Web shop")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator(".order-number a")).to_have_count(5)
    page.get_by_role("navigation", name="Stage").get_by_role("link", name="Offered to a site").click()
    expect(page.locator(".order-number a")).to_have_count(2)
    expect(page.get_by_role("combobox", name="Channel")).to_have_value("web")
    page.get_by_role("navigation", name="Time").get_by_role("link", name="Today").click()
    expect(page.locator(".order-number a")).to_have_count(2)
    page.get_by_role("navigation", name="Stage").get_by_role("link", name="All").click()
    page.get_by_role("combobox", name="Site").select_option(label="杭州湖滨店")
    page.get_by_role("button", name="Search", exact=True).click()
    assert sorted(numbers(page)) == sorted(desk.day.number(one) for one in ("W-4", "W-5"))


def test_the_page_of_an_order_tells_everything_that_happened(desk: Desk):
    page = desk.order("W-1")
    expect(page.locator('[data-key="stage"]')).to_have_text("Handed over")
    expect(page.locator('[data-key="amount"]')).to_have_text("CN¥158.20")
    expect(page.locator('[data-key="paid"]')).to_have_text("CN¥22.60 given back")
    facts = page.locator(".facts")
    expect(facts).to_contain_text("安•• +86•••8000")
    expect(facts).to_contain_text("Delivered · Shanghai")
    scarf = page.locator(".line", has_text="Scarf")
    expect(scarf.locator(".legend li")).to_have_text(["Handed over 1", "Returned 1"])
    expect(scarf).to_contain_text("Price: the base price · Base")
    tasks = page.locator(".task")
    expect(tasks).to_have_count(2)
    expect(tasks.nth(0)).to_contain_text("静安店 Refused")
    latest = page.locator('[data-part="choice"]').first
    expect(latest.locator(".site-chosen")).to_contain_text("嘉定仓")
    expect(latest.locator(".site", has_text="静安店")).to_contain_text("Refused this order before")
    expect(latest.locator(".site", has_text="杭州湖滨店")).to_contain_text("Dearer")
    guide = page.locator(".share", has_text="赵敏")
    expect(guide).to_contain_text("CN¥3.60")
    expect(guide).to_contain_text("3% of the net amount · rules 1")
    expect(guide).to_contain_text("Pending until 1 Apr")
    moments = page.locator(".timeline li")
    expect(moments).to_have_count(14)
    expect(moments.first).to_contain_text("Goods returned")
    expect(moments.first).to_contain_text("Scarf × 1 · Wrong size")
    expect(moments.last).to_contain_text("Order placed")
    expect(page.locator(".entries", has_text="Cash")).to_contain_text("CN¥158.20")


def test_what_waits_says_so(desk: Desk):
    page = desk.order("W-4")
    expect(page.locator('[data-key="stage"]')).to_have_text("Waiting for goods")
    expect(page.locator(".legend li")).to_have_text(["Waiting for goods 18", "At a site, in work 22"])
    begun = desk.order("W-2")
    expect(begun.locator(".task")).to_contain_text("静安店 Picking Zhao.Guide")


def test_a_dealer_sees_no_price_of_what_only_passes_the_own_store(desk: Desk):
    page = desk.opened("/hq/orders", who=DEALER)
    assert sorted(numbers(page)) == sorted(desk.day.number(one) for one in ("T-2", "W-4", "W-5"))
    sent = page.locator("tr", has_text=desk.day.number("W-4"))
    expect(sent.locator(".order-amount")).to_have_text("–")
    page.get_by_role("link", name=desk.day.number("W-4")).click()
    expect(page.get_by_role("heading", name="What you send")).to_be_visible()
    expect(page.locator(".line")).to_contain_text("8 units")
    expect(page.locator(".facts")).to_contain_text("Shanghai")
    text = page.locator("main").inner_text()
    assert "¥" not in text
    assert "嘉定仓" not in text
    own = desk.order("T-2", who=DEALER)
    expect(own.locator('[data-key="amount"]')).to_have_text("CN¥158.20")
    expect(own.locator(".share", has_text="浙江织梦")).to_be_visible()
    expect(own.locator(".share", has_text="织原")).to_have_count(0)


def test_an_order_of_another_branch_is_not_there(desk: Desk):
    page = desk.opened("/hq/orders", who=DEALER)
    answer = page.goto(f"{desk.base}/hq/orders/{desk.day.number('T-1')}")
    assert answer is not None
    assert answer.status == 404
    expect(page.locator("main")).not_to_contain_text("Coat")
    packer = desk.opened("/store", who=PACKER)
    refused = packer.goto(f"{desk.base}/hq/orders")
    assert refused is not None
    assert refused.status == 403
    desk.complaints.clear()  # the browser complains of the 404 and the 403


def test_a_number_typed_into_the_address_leads_to_its_order(desk: Desk):
    page = desk.opened("/hq/orders")
    page.goto(f"{desk.base}/hq/orders/{desk.day.number('W-1').replace('-', '').lower()}")
    expect(page).to_have_url(f"{desk.base}/hq/orders/{desk.day.number('W-1')}")


def test_the_board_leads_to_the_orders_of_a_stage(desk: Desk):
    page = desk.opened("/hq/board")
    page.get_by_role("link", name="Waiting for goods").click()
    expect(page.locator(".order-number a")).to_have_text([desk.day.number("W-4")])
