"""A shift at the till's own screen: opened, sold in, set aside, given back, counted blind; seen on two sizes."""

import os
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from loopline.db import Database
from loopline.kernel.scope import WHOLE_BRAND
from loopline.payments import CHECKS
from loopline.payments.shifts import ShiftAsk, ShiftRow, shifts_of_sites
from loopline.processes.doctor import ALL_CHECKS, examine
from tests.browser.test_till import Store, opened, ready, ring_up, says, scan
from tests.make.shop import NOON

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("LOOPLINE_PICTURES")
COAT, SCARF = 11_300, 2_260


@pytest.fixture
def store(database: Database, browser: Browser) -> Generator[Store, None, None]:
    with opened(database, browser) as store:
        yield store


def seen(page: Page, name: str) -> None:
    """Nothing runs over the side; keep a picture where somebody wants to look."""
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"shift-{name}-{width}.png", full_page=True)


def shifts_kept(store: Store) -> list[ShiftRow]:
    day = timedelta(days=1)
    with store.database.reading() as conn:
        return shifts_of_sites(conn, ShiftAsk(start=NOON - day, end=NOON + day, at_most=9), scope=WHOLE_BRAND)


def at_shift(page: Page) -> None:
    page.locator("#till-shift-way").click()
    page.wait_for_url("**/store/till/shift?**")


def broken(store: Store) -> list[str]:
    """What doctor finds of payments, shifts and the books of drawers; no job settles the sales here."""
    with store.database.reading() as conn:
        report = examine(
            conn, checks=[*CHECKS, *(one for one in ALL_CHECKS if one.name == "drawers_are_booked")]
        )
    return [one.name for one in report.checks if not one.ok]


@pytest.mark.parametrize(("width", "locale"), [(390, "zh-CN"), (1440, "en-GB")])
def test_a_day_at_the_till(store: Store, width: int, locale: str):
    page = store.sign_in(store.device(width=width, locale=locale).new_page())
    expect(page.locator("#till-shift")).to_have_attribute("data-open", "no")
    seen(page, "none")
    at_shift(page)
    page.locator('[name="n10000"]').fill("4")
    expect(page.locator(".count-sum")).to_contain_text("400")
    seen(page, "open")
    page.locator('form[action$="/open"] button').click()
    page.wait_for_url("**/store/till")
    ready(page)
    expect(page.locator("#till-shift")).to_have_attribute("data-open", "yes")
    ring_up(page, "COAT")
    store.clock.turn(timedelta(minutes=5))
    at_shift(page)
    page.locator('[name="amount"]').fill("20")
    page.locator('[name="why"]').select_option("petty_cash out")
    page.locator('form[action$="/cash"] [name="note"]').fill("胶带")
    page.locator('form[action$="/cash"] button').click()
    expect(page.locator("#moves li")).to_contain_text("胶带")
    page.locator('form[action$="/close"] [name="n10000"]').fill("4")
    page.locator('[name="act"][value="close"]').click()
    expect(page.locator(".refusal")).to_be_visible()  # 493 yuan should be there, and nobody says so
    seen(page, "differs")
    page.locator('form[action$="/close"] [name="n1000"]').fill("9")
    page.locator('form[action$="/close"] [name="note"]').fill("少了三元")
    page.locator('[name="act"][value="close"]').click()
    page.wait_for_url("**/store/till/shifts/*")
    expect(page.locator("#expected")).to_contain_text("493.00")
    expect(page.locator("#counted")).to_contain_text("490.00")
    seen(page, "report")
    (row,) = shifts_kept(store)
    assert (row.z_number, row.difference_minor, row.note) == (1, -300, "少了三元")
    assert broken(store) == []
    manager = store.device(width=width, locale=locale).new_page()
    store.sign_in(manager, "林晓梅")
    manager.goto(f"{store.base}/hq/shifts")
    expect(manager.locator("tbody").last).to_contain_text("少了三元")
    seen(manager, "desk")


def test_what_was_sold_without_a_network_stands_in_its_shift_as_having_come_later(store: Store):
    device = store.device()
    page = store.sign_in(device.new_page())
    at_shift(page)
    page.locator('form[action$="/open"] button').click()
    page.wait_for_url("**/store/till")
    ready(page)
    device.set_offline(True)
    ring_up(page, "COAT")
    says(page, "1 not yet sent")
    store.clock.turn(timedelta(minutes=5))
    colleague = store.device().new_page()
    store.sign_in(colleague, "林晓梅")
    (row,) = shifts_kept(store)
    colleague.goto(f"{store.base}/store/till/shift?till={row.till_id}")
    colleague.locator('form[action$="/close"] [name="n10000"]').fill("1")
    colleague.locator('form[action$="/close"] [name="n1000"]').fill("1")
    colleague.locator('form[action$="/close"] [name="n100"]').fill("3")
    colleague.locator('form[action$="/close"] [name="note"]').fill("one sale is not sent")
    colleague.locator('[name="act"][value="close"]').click()
    colleague.wait_for_url("**/store/till/shifts/*")
    device.set_offline(False)
    says(page, "All sent")
    colleague.reload()
    expect(colleague.locator("#later")).to_contain_text("113.00")
    expect(colleague.locator("#expected")).to_contain_text("0.00")
    (row,) = shifts_kept(store)
    assert (row.difference_minor, row.later_minor) == (COAT, COAT)
    assert broken(store) == []


def test_a_cart_is_set_aside_and_taken_up_by_one_tab(store: Store):
    device = store.device()
    first = store.sign_in(device.new_page())
    second = store.open(device.new_page())
    scan(first, "COAT", "SCARF")
    first.locator("#till-park").click()
    expect(first.locator("#till-cart-card")).to_be_hidden()
    first.reload()
    ready(first)
    for page in (first, second):
        expect(page.locator("#till-parked-list li")).to_have_count(1)
    ring_up(first, "HAT")
    scan(second, "SCARF")
    second.locator("#till-parked-list button").click()  # what is in hand is set aside for it
    expect(second.locator("#till-cart li")).to_have_count(2)
    expect(first.locator("#till-parked-list li")).to_have_count(1)
    seen(second, "aside")
    second.locator("#till-ring").click()
    expect(second.locator("#till-done")).to_be_visible()
    says(second, "All sent")
    assert store.books() == [(1, 999, 999), (2, COAT + SCARF, COAT + SCARF)]


def test_a_return_without_a_receipt_is_one_touch_away(store: Store):
    page = store.sign_in(store.device().new_page())
    page.locator('#till-shift a[href="/store/returns/without"]').click()
    page.wait_for_url("**/store/returns/without")
