"""A price that is changed at the till: alone, approved from a manager's phone, declined; seen on two sizes."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from loopline.db import Database, run_check
from loopline.kernel.ids import OrderId
from loopline.orders import CHECKS
from loopline.orders.price_changes import price_changes_of_order
from tests.browser.test_till import SCARF, Store, opened, says, scan

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("LOOPLINE_PICTURES")
WORDS = {
    "zh-CN": {"all sent": "已全部上传", "waits": "等待答复", "offline": "没有网络"},
    "en-GB": {"all sent": "All sent", "waits": "waits for an answer", "offline": "no network"},
}


@pytest.fixture
def store(database: Database, browser: Browser) -> Generator[Store, None, None]:
    with opened(database, browser) as store:
        yield store


def seen(page: Page, name: str) -> None:
    """Nothing runs over the side; keep a picture where somebody wants to look."""
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"price-{name}-{width}.png", full_page=True)


def reprice(page: Page, name: str, unit: str, reason: str) -> None:
    page.locator("#till-cart li", has_text=name).locator(".till-reprice").first.click()
    page.locator("#till-change-unit").fill(unit)
    page.locator("#till-change-why").select_option(reason)
    page.locator("#till-change .btn-primary").click()


def total(page: Page, amount: str) -> None:
    expect(page.locator("#till-total")).to_contain_text(amount)


def kept(store: Store) -> list[tuple[int, int, str, str | None]]:
    with store.database.reading() as conn:
        ids = [OrderId(one) for (one,) in conn.execute("select id from orders.order order by id")]
        assert [found for check in CHECKS for found in run_check(conn, check)] == []
        return sorted(
            (one.before_minor, one.unit_minor, one.standing.value, one.reason)
            for order_id in ids
            for one in price_changes_of_order(conn, order_id)
        )


@pytest.mark.parametrize(("width", "locale"), [(390, "zh-CN"), (1440, "en-GB")])
def test_a_price_that_a_manager_approves_from_the_phone(store: Store, width: int, locale: str):
    words = WORDS[locale]
    till = store.sign_in(store.device(width=width, locale=locale).new_page())
    manager = store.device(width=width, locale=locale).new_page()
    store.sign_in(manager, "林晓梅")
    manager.goto(f"{store.base}/store")

    scan(till, "COAT", "SCARF")
    till.locator(".till-reprice").first.click()
    till.locator("#till-change-unit").fill("120")
    till.locator("#till-change-why").select_option("damaged")
    till.locator("#till-change .btn-primary").click()
    expect(till.locator("#till-change-said")).not_to_be_empty()
    seen(till, "pad")
    till.locator("#till-change-leave").click()
    reprice(till, "围巾", "21", "damaged")  # within a tenth: at once
    total(till, "134.00")
    reprice(till, "大衣", "80", "goodwill")
    expect(till.locator(".till-waits")).to_contain_text(words["waits"])
    expect(till.locator("#till-ring")).to_be_disabled()
    seen(till, "waits")

    way = manager.locator('#today a[href="/store/prices"]')
    expect(way).to_be_visible()
    seen(manager, "today")
    way.click()
    expect(manager.locator(".price-ask")).to_contain_text("80.00")
    seen(manager, "list")
    manager.locator('.price-ask button[value="approve"]').click()
    manager.wait_for_url("**/store/prices?done=*")
    seen(manager, "approved")

    expect(till.locator(".till-waits")).to_have_count(0)  # by itself
    expect(till.locator("#till-said")).not_to_be_empty()
    total(till, "101.00")
    till.reload()
    till.wait_for_selector('#till[data-learnt="yes"]')
    total(till, "101.00")
    seen(till, "ready")
    till.locator("#till-ring").click()
    expect(till.locator(".till-sale-sent")).to_have_count(1)
    says(till, words["all sent"])
    assert kept(store) == [(2_260, 2_100, "alone", "damaged"), (11_300, 8_000, "approved", "goodwill")]
    assert store.books() == [(1, 10_100, 10_100)]

    number = till.locator(".till-order").first.inner_text().split(" · ")[0]
    manager.goto(f"{store.base}/hq/changed-prices")
    expect(manager.locator("tbody").last).to_contain_text(number)
    seen(manager, "hq")
    manager.goto(f"{store.base}/hq/orders/{number}")
    expect(manager.locator(".why").first).to_contain_text("113.00")
    seen(manager, "order")


@pytest.mark.parametrize(("width", "locale"), [(390, "en-GB"), (1440, "zh-CN")])
def test_a_price_that_is_declined_given_up_or_asked_for_without_a_network(
    store: Store, width: int, locale: str
):
    words = WORDS[locale]
    device = store.device(width=width, locale=locale)
    till = store.sign_in(device.new_page())
    manager = store.device(width=width, locale=locale).new_page()
    store.sign_in(manager, "林晓梅")
    manager.goto(f"{store.base}/store/prices")
    scan(till, "COAT")

    reprice(till, "大衣", "80", "large_sale")
    expect(till.locator(".till-waits")).to_be_visible()
    manager.locator(".price-ask a").click()
    manager.locator("#price-note").fill("周五再来")
    seen(manager, "decline")
    manager.locator(".price-no .btn").click()
    manager.wait_for_url("**/store/prices?done=*")
    expect(till.locator("#till-said")).to_contain_text("周五再来")
    total(till, "113.00")
    seen(till, "declined")

    reprice(till, "大衣", "70", "large_sale")
    expect(manager.locator(".price-ask")).to_contain_text("70.00")
    till.locator(".till-price .btn", has_not=till.locator(".till-reprice")).click()  # waits no more
    expect(till.locator(".till-waits")).to_have_count(0)
    expect(manager.locator(".price-ask")).to_have_count(0)

    device.set_offline(True)
    reprice(till, "大衣", "60", "large_sale")
    expect(till.locator("#till-change-said")).to_contain_text(words["offline"])
    seen(till, "offline")
    till.locator("#till-change-unit").fill("102")
    till.locator("#till-change .btn-primary").click()  # what one may give alone needs no network
    total(till, "102.00")
    scan(till, "SCARF")
    till.locator("#till-ring").click()
    expect(till.locator("#till-done")).to_be_visible()
    device.set_offline(False)
    expect(till.locator(".till-sale-sent")).to_have_count(1)
    says(till, words["all sent"])
    assert kept(store) == [(11_300, 10_200, "alone", "large_sale")]
    assert store.books() == [(1, 10_200 + SCARF, 10_200 + SCARF)]
