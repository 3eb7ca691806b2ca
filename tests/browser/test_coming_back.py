"""A coat goes back as its member likes: announced with a photo, found by its code, taken in with another, seen by HQ.

LOOPLINE_PICTURES names a folder to keep pictures in.
"""

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from loopline import customers, orders
from loopline.customers.keys import open_key_ring
from loopline.db import Database
from loopline.kernel.scope import WHOLE_BRAND
from loopline.org.limits import CounterLimit, NewLimit
from loopline.processes.counter_limits import set_counter_limits
from loopline.processes.index import write_down_orders
from loopline.processes.place import Placed, place
from loopline.returns import photos, ways
from loopline.returns.announcements import announced_of_orders
from loopline.returns.photos import About, PhotoDemand, PhotoRule
from tests.make.customers import member, phone
from tests.make.loop import balances, pay_for
from tests.make.org import succeeded
from tests.make.photos import photo
from tests.make.shop import NOON, till_sale
from tests.make.store import DEMO, Clock, open_store
from tests.make.web import data_directory, served, settings
from tests.process.test_collecting import CODE, waiting

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("LOOPLINE_PICTURES")
SIZES = [(390, "zh-CN"), (390, "en-GB"), (1440, "zh-CN")]


class Brand:
    """A served brand, a member's order that its store sold, and whoever looks at it."""

    def __init__(self, database: Database, base: str, browser: Browser) -> None:
        self.database = database
        self.base = base
        self.number = ""
        self.token = ""
        self.complaints: list[str] = []
        self._browser = browser

    def context(self, width: int, locale: str) -> BrowserContext:
        context = self._browser.new_context(locale=locale, viewport={"width": width, "height": 844})
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        return context

    def staff(self, name: str, path: str, *, width: int, locale: str) -> Page:
        page = self.context(width, locale).new_page()
        page.goto(f"{self.base}/sign-in?next={path}")
        page.get_by_role("button", name=name).click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    def buyer(self, *, width: int, locale: str) -> Page:
        context = self.context(width, locale)
        context.add_cookies([{"name": "loopline_member", "value": self.token, "url": self.base}])
        page = context.new_page()
        page.goto(f"{self.base}/o/{self.number}")
        return page


@pytest.fixture
def brand(database: Database, browser: Browser) -> Generator[Brand, None, None]:
    ring = open_key_ring(data_directory() / "keys")
    with database.transaction() as conn:
        stage = open_store(conn)
        (known,) = succeeded(customers.register_members(conn, [member(phone(7))], ring=ring, now=NOON))
        draft = till_sale(stage.shop, "T-1", member_id=known.member_id)
        (placed,) = succeeded(place(conn, [draft], scope=WHOLE_BRAND, now=NOON))
        assert isinstance(placed, Placed)
        pay_for(conn, stage.shop, placed)
        write_down_orders(conn, [placed.order_id])
        (head,) = orders.orders_by_ids(conn, [placed.order_id])
        (session,) = succeeded(customers.begin_sessions(conn, [known.member_id], now=NOON))
        rule = PhotoRule(about=About.GRADE, value="damaged", demand=PhotoDemand.REQUIRED)
        succeeded(photos.set_photo_rules(conn, [rule], by="person:hq", now=NOON))
        limit = NewLimit(unit_code="HX", setting=CounterLimit.COLLECT_BY_CODE, value=10_000, comment="try")
        succeeded(set_counter_limits(conn, [limit], scope=WHOLE_BRAND, by="person:hq", now=NOON))
        waiting(conn, stage, known.member_id)
    with served(database, settings(demo=DEMO), clock=Clock()) as base:
        brand = Brand(database, base, browser)
        brand.number, brand.token = head.number, session.token
        yield brand
        for context in list(browser.contexts):
            context.close()
    assert brand.complaints == []


def seen(page: Page, name: str, width: int, locale: str) -> None:
    """Nothing runs over the side; keep a picture where somebody wants to look."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"coming-{name}-{width}-{locale}.png", full_page=True)


def picture(colour: str) -> dict[str, Any]:
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": photo(colour=colour)}


@pytest.mark.parametrize(("width", "locale"), SIZES)
def test_a_coat_goes_back_as_a_parcel_and_is_paid_back_by_its_code(brand: Brand, width: int, locale: str):
    mine = brand.buyer(width=width, locale=locale)
    form = mine.locator("form[action$='/return']")
    mine.locator("details:has(form[action$='/return']) > summary").click()
    form.locator("select").first.select_option("1")
    form.locator("input[name=way][value=parcel]").check()
    form.locator("input[type=file]").set_input_files(picture("teal"))  # pyright: ignore[reportArgumentType]
    seen(mine, "asks", width, locale)
    form.locator(".button-main").click()
    mine.locator(".coming input[name=tracking]").fill("SF1001")
    seen(mine, "announced", width, locale)
    mine.locator("form[action$='/sent'] .button").click()
    expect(mine.locator(".coming")).to_contain_text("SF1001")
    expect(mine.locator(".returned-photos img")).to_have_count(1)
    with brand.database.reading() as conn:
        order = orders.order_by_number(conn, brand.number)
        assert isinstance(order, orders.Order)
        (return_id,) = announced_of_orders(conn, [order.id])
        cash = balances(conn)["cash"]
    guide = brand.staff("周可", "/store/returns", width=width, locale=locale)
    seen(guide, "on-its-way", width, locale)
    guide.locator("#q").fill(ways.code_of(return_id).lower())
    guide.locator("#q").press("Enter")
    guide.wait_for_url(f"**/of/{brand.number}")
    coming = guide.locator(".back-announced")
    expect(coming.locator(".photo-strip img")).to_have_count(1)
    coming.locator("select").first.select_option("damaged")
    coming.locator(".act button").click()
    expect(guide.locator(".refusal")).to_be_visible()
    coming.locator("input[type=file]").set_input_files(picture("red"))  # pyright: ignore[reportArgumentType]
    seen(guide, "looked-at", width, locale)
    coming.locator(".act button").click()
    guide.wait_for_url("**/done/**")
    expect(guide.locator("#photos img")).to_have_count(2)
    seen(guide, "done", width, locale)
    with brand.database.reading() as conn:
        assert balances(conn)["cash"] == cash - 11_300
    hq = brand.staff("沈知夏", "/hq/returns-why", width=width, locale=locale)
    seen(hq, "why", width, locale)
    hq.goto(f"{brand.base}/hq/returns-why/lines")
    expect(hq.locator(".photo-strip img")).to_have_count(2)
    seen(hq, "lines", width, locale)


@pytest.mark.parametrize(("width", "locale"), SIZES)
def test_a_dear_parcel_is_given_to_who_knows_the_phone(brand: Brand, width: int, locale: str):
    guide = brand.staff("周可", f"/store/collect?code={CODE}", width=width, locale=locale)
    guide.locator("#proof").fill("0009")
    guide.locator(".act .btn-primary").click()
    expect(guide.locator(".refusal")).to_be_visible()
    seen(guide, "proof", width, locale)
    guide.locator("#proof").fill("0007")
    guide.locator(".act .btn-primary").click()
    guide.wait_for_url("**/store/tasks/**")
