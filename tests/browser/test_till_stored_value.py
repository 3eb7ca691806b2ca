"""Stored value as people see it: topped up and used at a till, looked at by its member, looked after at headquarters.

LOOPLINE_PICTURES names a folder to keep pictures in.
"""

import os
from collections.abc import Generator
from itertools import pairwise
from pathlib import Path
from time import monotonic
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from loopline.customers import MemberSession, begin_sessions, open_key_ring
from loopline.db import Database
from loopline.kernel.ids import MemberId
from loopline.processes.shift import begin_shift
from loopline.web.shop.shopper import MEMBER_COOKIE
from tests.browser.test_till import COAT, Store, opened, scan
from tests.make.customers import member, phone, registered, shown_code
from tests.make.shop import NOON
from tests.make.stored_value import offered, topped_up, value_of
from tests.make.web import data_directory
from tests.process.test_shift import new_shift

pytestmark = pytest.mark.browser

PICTURES = os.environ.get("LOOPLINE_PICTURES")
PHONE = "13800000001"
VALUE = "**/store/till/stored-value"
SIZES = [(390, "zh-CN"), (1440, "zh-CN"), (390, "en-GB"), (1440, "en-GB")]


class Valued(Store):
    """A store whose company takes money ahead, and a member of it."""

    anna: MemberId

    def value(self) -> tuple[int, int]:
        with self.database.reading() as conn:
            return value_of(conn, self.anna)

    def code(self) -> str:
        ring = open_key_ring(data_directory() / "keys")
        with self.database.transaction() as conn:
            return shown_code(conn, self.anna, keys=ring, now=self.clock()).code

    def member_page(self, width: int, locale: str) -> Page:
        with self.database.transaction() as conn:
            (session,) = begin_sessions(conn, [self.anna], now=NOON)
        assert isinstance(session, MemberSession)
        device = self.device(width=width, locale=locale)
        device.add_cookies([{"name": MEMBER_COOKIE, "value": session.token, "url": self.base}])
        return device.new_page()


@pytest.fixture
def store(database: Database, browser: Browser) -> Generator[Valued, None, None]:
    with opened(database, browser) as plain:
        found = Valued(database, plain.stage, plain.base, plain.clock, browser)
        with database.transaction() as conn:
            ring = open_key_ring(data_directory() / "keys")
            (found.anna,) = registered(conn, [member(phone(1), name="安娜")], keys=ring)
            offered(conn, plain.stage.shop.brand_entity, unproven_minor=5_000)
        yield found
        assert found.complaints == []


def seen(page: Page, name: str, locale: str) -> None:
    """Nothing runs over the side; keep a picture where somebody wants to look."""
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"value-{name}-{width}-{locale[:2]}.png", full_page=True)


def pay(page: Page, said: str) -> None:
    page.locator('[name="method"][value="stored_value"]').check()
    page.locator("#till-value").fill(said)
    page.locator("#till-ring").click()


@pytest.mark.parametrize(("width", "locale"), SIZES)
def test_money_is_paid_ahead_used_and_seen(store: Valued, width: int, locale: str):
    page = store.sign_in(store.device(width=width, locale=locale).new_page())
    till = page.locator("#till-shift-way").get_attribute("href") or ""
    till_id = UUID(till.split("till=")[1].split("&")[0])
    with store.database.transaction() as conn:
        begin_shift(conn, new_shift(store.stage, till_id=till_id), now=NOON)
    page.goto(f"{store.base}/store/till/top-up?till={till_id}")
    page.locator("#top-up-who").fill(PHONE)
    page.locator('[name="amount"]').fill("300")
    seen(page, "top-up", locale)
    page.locator("form .btn-primary").click()
    expect(page.locator("#top-up-done")).to_contain_text("350.00")
    seen(page, "topped-up", locale)
    assert store.value() == (30_000, 5_000)

    store.open(page)
    scan(page, "COAT")
    pay(page, PHONE)  # a phone is not enough for so much
    expect(page.locator("#till-paying-list")).to_contain_text("50.00")
    seen(page, "till-refused", locale)
    page.locator(".till-again-code").fill(store.code())
    page.locator("#till-paying-list .btn-primary").click()
    expect(page.locator(".till-receipt-code svg")).to_be_visible()
    expect(page.locator("#till-done p.quiet")).to_be_visible()
    expect(page.locator("#till-done p.quiet")).to_contain_text("237.00")
    seen(page, "till-paid", locale)
    assert store.books() == [(1, COAT, COAT)]
    assert sum(store.value()) == 35_000 - COAT

    mine = store.member_page(width, locale)
    mine.goto(f"{store.base}/me/stored-value")
    expect(mine.locator(".points-count")).to_contain_text("237.00")
    seen(mine, "member", locale)


@pytest.mark.parametrize(("width", "locale"), [(390, "zh-CN"), (1440, "en-GB")])
def test_headquarters_looks_after_it(store: Valued, width: int, locale: str):
    with store.database.transaction() as conn:
        topped_up(conn, store.anna, store.stage.shop.brand_entity, 30_000)
    page = store.device(width=width, locale=locale).new_page()
    page.goto(f"{store.base}/sign-in")
    page.get_by_role("button", name="沈知夏").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    page.goto(f"{store.base}/hq/members/{store.anna}")
    page.locator(".card details summary").click()
    seen(page, "hq-member", locale)
    page.locator('form[action$="/pay-out"] button').click()
    expect(page.get_by_role("status")).to_contain_text("300.00")
    other = store.device(width=width, locale=locale).new_page()
    other.goto(f"{store.base}/sign-in")
    other.get_by_role("button", name="顾明远").click()
    other.wait_for_url(lambda url: "/sign-in" not in url)
    other.goto(f"{store.base}/hq/stored-value")
    other.locator("#company-BRAND-CO summary").click()
    seen(other, "hq-terms", locale)
    other.locator('[name="act"][value="approve"]').click()
    expect(other.get_by_role("status")).to_contain_text("300.00")
    assert store.value() == (0, 0)


def test_an_answer_that_is_lost_is_asked_for_and_nothing_is_used_twice(store: Valued):
    with store.database.transaction() as conn:
        topped_up(conn, store.anna, store.stage.shop.brand_entity, 30_000)
    page = store.sign_in(store.device().new_page())
    lost: list[Route] = []

    def lose(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route)
        route.fetch()  # the server has it, and has used the value
        route.abort()

    page.route(VALUE, lose)
    scan(page, "COAT")
    pay(page, store.code())
    expect(page.locator("#till-done")).to_contain_text("Done")
    assert store.books() == [(1, COAT, COAT)]
    assert sum(store.value()) == 35_000 - COAT


def test_a_till_whose_question_is_refused_asks_again_in_time(store: Valued):
    page = store.sign_in(store.device().new_page())
    asked: list[float] = []

    def refuse(route: Route) -> None:
        asked.append(monotonic())
        if len(asked) > 3:
            route.continue_()
        else:
            route.fulfill(status=403, json={"code": "not_in_your_branch", "title": "Elsewhere."})

    page.route(VALUE, refuse)
    scan(page, "COAT")
    pay(page, store.code())
    expect(page.locator(".till-again-code")).to_be_visible(timeout=30_000)
    # Paid: no. Then asked at once whether it may still come, and after that as often as a wallet is.
    assert [later - earlier > 2 for earlier, later in pairwise(asked[1:])] == [True, True]


def test_a_part_is_paid_with_it_and_the_rest_in_cash(store: Valued):
    with store.database.transaction() as conn:
        topped_up(conn, store.anna, store.stage.shop.brand_entity, 9_000)
    page = store.sign_in(store.device().new_page())
    scan(page, "COAT")
    pay(page, store.code())
    expect(page.locator("#till-paying-list")).to_contain_text("90.00")
    page.get_by_role("button", name="Back into the cart").click()
    page.locator("#till-value-part").fill("much")
    pay(page, store.code())
    expect(page.locator("#till-said")).to_contain_text("That is no price.")
    page.locator("#till-value-part").fill("90")
    page.locator("#till-ring").click()
    expect(page.locator("#till-done")).to_contain_text("Done")
    assert store.value() == (0, 0)
    with store.database.reading() as conn:
        paid = conn.execute(
            "select method, amount_minor from payments.payment order by amount_minor"
        ).fetchall()
    assert paid == [("cash", COAT - 9_000), ("stored_value", 9_000)]
