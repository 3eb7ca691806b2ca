"""Journeys at the counter: sell without a network, take back what was bought elsewhere, exchange.

Prices hold 13 % tax. Of the net amount of a till's sale 4 % are for the guide, 5 % for the store, 6 % for its dealer
where it has one; the brand keeps the rest.
"""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.acts import Till, order_numbers, ring_up, till_says
from tests.journeys.books import NOTHING, paid_and_divided
from tests.journeys.world import EN, ZH, World, look

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SOLD = {"order_placed": 1, "payment_taken": 1, "order_settled": 1}
TAKEN_BACK = {
    "return_opened": 1,
    "return_received": 1,
    "return_graded": 1,
    "stock_corrected": 1,
    "sales_returned": 1,
}


def test_4_sold_without_a_network_in_two_tabs_and_sent_when_it_is_back(world: World):
    before = world.books()
    till = Till(world, "s01.guide2", locale=EN)
    first, second = till.first, till.another_tab()
    till.network(is_there=False)
    ring_up(first, "LZ007-AM")
    ring_up(second, "LZ007-AM", "LZ007-BL", method="card_terminal")
    ring_up(first, "LZ002-AL")
    for page in (first, second):
        till_says(page, "3 not yet sent")
    look(first, "04-offline")
    world.settle()
    assert world.since(before) == NOTHING
    till.network(is_there=True)
    for page in (first, second):
        till_says(page, "All sent")
    look(second, "04-sent")
    assert len(set(order_numbers(first, 3))) == 3
    assert order_numbers(second, 3) == order_numbers(first, 3)
    world.settle()
    change = world.since(before)
    assert change.stock == {
        ("S01", "LZ007-AM", "on_hand"): -2,
        ("S01", "LZ007-BL", "on_hand"): -1,
        ("S01", "LZ002-AL", "on_hand"): -1,
    }
    assert change.money == {
        ("LANZHI-CO", "cash"): 62_600,
        ("LANZHI-CO", "tax"): -7_202,
        ("LANZHI-CO", "revenue"): -55_398,
        ("LANZHI-CO", "sharing_cost"): 55_398,
        ("GUIDE-S01-2", "share_pending"): -2_215,
        ("STORE-S01", "share_pending"): -2_771,
        ("BRAND", "share_pending"): -50_412,
    }
    assert paid_and_divided(change) == (62_600, 62_600)
    assert change.told == dict.fromkeys(SOLD, 3)


def test_5_bought_elsewhere_and_taken_back_damaged(world: World):
    start = world.books()
    till = Till(world, "s25.guide1", locale=ZH)
    ring_up(till.first, "LZ002-AM")
    till_says(till.first, "已全部上传")
    number = order_numbers(till.first, 1)[0]
    world.settle()
    sold = world.since(start)
    assert sold.stock == {("S25", "LZ002-AM", "on_hand"): -1}
    assert sold.money == {
        ("LUYUAN-CO", "cash"): 26_900,
        ("LUYUAN-CO", "tax"): -3_095,
        ("LUYUAN-CO", "revenue"): -23_805,
        ("LUYUAN-CO", "sharing_cost"): 23_805,
        ("GUIDE-S25-1", "share_pending"): -952,
        ("STORE-S25", "share_pending"): -1_190,
        ("DEALER-LUYUAN", "share_pending"): -1_429,
        ("BRAND", "share_pending"): -20_234,
    }
    assert paid_and_divided(sold) == (26_900, 26_900)
    guide = world.staff("s01.guide1", "/store/returns", locale=ZH)
    take_back(guide, number, "LZ002-AM", reason="defect", grade="damaged", shot="05")
    expect(guide.locator(".back-hand")).to_contain_text("269.00")
    till.first.goto(f"{world.base}/earned")
    share = till.first.locator(".share", has_text=number)
    expect(share.locator(".share-amount")).to_have_text("¥0.00")
    expect(share.locator(".share-back")).to_have_text(re.compile(r"^\d+月\d+日 的退货将其冲回：×1$"))
    look(till.first, "05-earned")
    world.settle()
    change = world.since(start)
    # The goods lie where they came back, not for sale; every share is gone, and so are revenue and tax.
    assert change.stock == {
        ("S25", "LZ002-AM", "on_hand"): -1,
        ("S01", "LZ002-AM", "on_hand"): 1,
        ("S01", "LZ002-AM", "unsellable"): 1,
    }
    # The brand's drawer gave back what the dealer had taken: the dealer's company owes it to the brand's.
    assert change.money == {
        ("LUYUAN-CO", "cash"): 26_900,
        ("LANZHI-CO", "cash"): -26_900,
        ("DEALER-LUYUAN", "intercompany"): 26_900,
        ("BRAND", "intercompany"): -26_900,
    }
    assert change.told == SOLD | TAKEN_BACK


def test_6_exchanged_for_another_size(world: World):
    start = world.books()
    till = Till(world, "s01.guide2", locale=EN)
    page = till.first
    ring_up(page, "LZ004-BM")
    till_says(page, "All sent")
    number = order_numbers(page, 1)[0]
    world.settle()
    sold = world.since(start)
    page.goto(f"{world.base}/store/returns")
    found_back(page, number, "LZ004-BM", reason="size", grade="as_new")
    page.locator(".back-exchange summary").click()
    page.locator("[name=out_code]").fill("LZ004-BL")
    look(page, "06-exchange")
    page.locator("button[formaction$='/exchange']").click()
    page.wait_for_url("**/done/**")
    expect(page.locator(".back-hand")).to_contain_text("249.00")
    look(page, "06-done")
    world.settle()
    change = world.since(start)
    # The same coat in another size costs what was paid: no money moves, and everybody has the share they had.
    assert change.stock == {("S01", "LZ004-BL", "on_hand"): -1}
    assert change.money == {
        ("LANZHI-CO", "cash"): 24_900,
        ("LANZHI-CO", "tax"): -2_865,
        ("LANZHI-CO", "revenue"): -22_035,
        ("LANZHI-CO", "sharing_cost"): 22_035,
        ("GUIDE-S01-2", "share_pending"): -881,
        ("STORE-S01", "share_pending"): -1_102,
        ("BRAND", "share_pending"): -20_052,
    }
    assert change.money == sold.money
    assert paid_and_divided(change) == (24_900, 24_900)
    assert change.told == dict.fromkeys(SOLD, 2) | TAKEN_BACK | {"goods_exchanged": 1}


def take_back(page: Page, number: str, code: str, *, reason: str, grade: str, shot: str) -> None:
    """Find an order at the counter by its number, and take one piece of it back."""
    found_back(page, number, code, reason=reason, grade=grade)
    look(page, f"{shot}-return")
    page.locator(".act button").click()
    page.wait_for_url("**/done/**")
    look(page, f"{shot}-done")


def found_back(page: Page, number: str, code: str, *, reason: str, grade: str) -> None:
    """Find an order by its number, and say that one piece of it is here, why, and how it is."""
    page.locator("#q").fill(number)
    page.locator("#q").press("Enter")
    page.wait_for_url(f"**/of/{number}")
    row = page.locator(".cards > li", has_text=code)
    row.locator("input.form-control").fill("1")
    row.locator("select[name^=reason]").select_option(reason)
    row.locator("select[name^=grade]").select_option(grade)
