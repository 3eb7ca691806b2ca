"""Journeys of customers: not collected, delivered, collected, and bought by a guide's card in another store.

Prices hold 13 % tax. Of the net amount 2.5 % are for the site that sends or hands over, 3 % for the guide who brought
the sale, 6 % for the dealer whose place sells; the brand keeps the rest. A member gets a point for each yuan paid: a
hundred take a yuan off, and of them eighty are expected to be used, so that of ¥279 the brand puts off ¥2.23. The one
who waits a week goes first, so that no share of another journey comes due meanwhile.
"""

import pytest
from playwright.sync_api import expect

from loopline.simulator.brand.goods import items
from tests.journeys.acts import Customer, Worker
from tests.journeys.books import BOUGHT, GONE, WORKED, Change, paid_and_divided
from tests.journeys.world import EN, ZH, World, look

pytestmark = [pytest.mark.browser, pytest.mark.slow]

GTINS = {one.code: one.gtin for one in items()}


def test_3_bought_and_never_collected_the_money_goes_back(world: World):
    before = world.books()
    customer = Customer(world, "13800000003", locale=ZH)
    customer.open("/p/LZ010?site=S01")
    look(customer.page, "03-product")
    customer.choose("白色", "M")
    customer.collect_at("S01")
    look(customer.page, "03-checkout")
    number = customer.pay()
    packer = Worker(world, "s01.packer", locale=ZH)
    packer.work_off(number, "LZ010-AM")
    task = packer.page.url
    world.settle()
    customer.sees("ready")
    look(customer.page, "03-ready")
    look(packer.page, "03-packed")
    waiting = world.since(before)
    assert waiting.stock == {("S01", "LZ010-AM", "allocated"): 1}
    assert waiting.money == {("LANZHI-CO", "gateway"): 18_900, ("LANZHI-CO", "customer_deposit"): -18_900}
    world.wait(days=8)
    customer.sees("cancelled")
    expect(customer.page.locator("[data-refunded]")).to_have_text("¥189")
    expect(customer.page.locator(".history li").first).to_contain_text("已退款")
    look(customer.page, "03-over")
    packer = Worker(world, "s01.packer", locale=ZH)
    packer.page.goto(task)
    expect(packer.page.locator(".task-page")).to_contain_text("顾客逾期未取。请把商品放回货架")
    expect(packer.page.locator(".goods .good")).to_contain_text("LZ010-AM")
    expect(packer.page.locator(".pays")).to_have_count(0)
    look(packer.page, "03-back-on-the-shelf")
    # Told: that it is ready, that it goes back tomorrow, that it went back, that the money did.
    ended = {"parcel_not_collected": 1, "lines_cancelled": 1, "money_refunded": 1, "promise_kept": 1}
    told = BOUGHT | WORKED | ended | {"customer_told": 4, "day_sealed": 8}
    assert world.since(before) == Change(stock={}, money={}, told=told)


def test_1_scanned_bought_delivered_and_reviewed(world: World):
    before = world.books()
    customer = Customer(world, "13800000001", locale=ZH)
    customer.open(f"/01/{GTINS['LZ005-AL']}")
    expect(customer.page.locator(".bar-words")).to_contain_text("米色 · L")
    look(customer.page, "01-scanned")
    customer.buy()
    customer.fill_address()
    look(customer.page, "01-checkout")
    number = customer.pay()
    packer = Worker(world, "s01.packer", locale=ZH)
    packer.work_off(number, "LZ005-AL")
    packer.send("SF1000000001")
    world.settle()
    look(packer.page, "01-handed-over")
    customer.sees("sent")
    look(customer.page, "01-sent")
    world.arrives(number)
    customer.page.reload()
    customer.sees("arrived")
    customer.review("做工细致，送来很快。")
    world.settle()
    look(customer.page, "01-reviewed")
    reader = Customer(world, "13800000011", locale=ZH)
    reader.open("/p/LZ005")
    expect(reader.page.locator(".review", has_text="做工细致，送来很快。")).to_have_count(1)
    change = world.since(before)
    assert change.stock == {("S01", "LZ005-AL", "on_hand"): -1}
    assert change.money == {
        ("LANZHI-CO", "gateway"): 27_900,
        ("LANZHI-CO", "tax"): -3_210,
        ("LANZHI-CO", "revenue"): -24_690,
        ("LANZHI-CO", "sharing_cost"): 24_690,
        ("STORE-S01", "share_pending"): -617,
        ("BRAND", "share_pending"): -24_073,
        ("LANZHI-CO", "points_deferred"): 223,
        ("LANZHI-CO", "points_liability"): -223,
    }
    assert paid_and_divided(change) == (27_900, 27_900)
    scanned = {"touchpoint_scanned": 1, "order_attributed": 1}
    arrived = {"customer_told": 1, "parcel_arrived": 1, "promise_kept": 1, "review_written": 1}
    assert change.told == BOUGHT | WORKED | GONE | scanned | arrived


def test_2_bought_and_collected_with_the_code(world: World):
    before = world.books()
    customer = Customer(world, "13800000002", locale=EN)
    customer.open("/s/S01")
    look(customer.page, "02-store")
    customer.open("/p/LZ015?site=S01")
    customer.choose("Red", "M")
    customer.collect_at("S01")
    look(customer.page, "02-checkout")
    number = customer.pay()
    guide = Worker(world, "s01.guide1", locale=EN)
    guide.work_off(number, "LZ015-AM")
    world.settle()
    customer.sees("ready")
    look(customer.page, "02-ready")
    guide.give(customer.code())
    world.settle()
    customer.sees("collected")
    look(customer.page, "02-collected")
    expect(guide.page.locator(".finished")).to_contain_text("In the books")
    look(guide.page, "02-given")
    change = world.since(before)
    assert change.stock == {("S01", "LZ015-AM", "on_hand"): -1}
    assert change.money == {
        ("LANZHI-CO", "gateway"): 49_900,
        ("LANZHI-CO", "tax"): -5_741,
        ("LANZHI-CO", "revenue"): -44_159,
        ("LANZHI-CO", "sharing_cost"): 44_159,
        ("STORE-S01", "share_pending"): -1_104,
        ("BRAND", "share_pending"): -43_055,
        ("LANZHI-CO", "points_deferred"): 399,
        ("LANZHI-CO", "points_liability"): -399,
    }
    assert paid_and_divided(change) == (49_900, 49_900)
    assert change.told == BOUGHT | WORKED | GONE | {"promise_kept": 1, "customer_told": 1}


def test_8_a_guides_card_leads_to_an_order_in_another_store_and_the_share_is_hers(world: World):
    before = world.books()
    guide = world.staff("s01.guide1", "/hq/codes", locale=EN)
    look(guide, "08-codes")
    card = guide.locator(".code-card", has_text="Zhou Ke")
    customer = Customer(world, "13800000008", locale=EN)
    customer.open(f"/t/{card.locator('.code-spelt').inner_text()}")
    look(customer.page, "08-card")
    customer.page.locator(".card-goods", has_text="Bow chiffon blouse").click()
    customer.page.wait_for_url("**/p/LZ005**")
    expect(customer.page.locator(".person")).to_contain_text("Zhou Ke")
    customer.choose("Pink", "L")
    customer.collect_at("S25")
    look(customer.page, "08-checkout")
    number = customer.pay()
    manager = Worker(world, "s25.manager", locale=EN)
    manager.work_off(number, "LZ005-BL")
    world.settle()
    customer.sees("ready")
    manager.give(customer.code())
    world.settle()
    customer.sees("collected")
    guide.goto(f"{world.base}/earned")
    share = guide.locator(".share", has_text=number)
    expect(share.locator(".share-amount")).to_have_text("CN¥7.41")
    look(guide, "08-earned")
    change = world.since(before)
    assert change.stock == {("S25", "LZ005-BL", "on_hand"): -1}
    assert change.money == {
        ("LUYUAN-CO", "gateway"): 27_900,
        ("LUYUAN-CO", "tax"): -3_210,
        ("LUYUAN-CO", "revenue"): -24_690,
        ("LUYUAN-CO", "sharing_cost"): 24_690,
        ("GUIDE-S01-1", "share_pending"): -741,
        ("DEALER-LUYUAN", "share_pending"): -1_481,
        ("STORE-S25", "share_pending"): -617,
        ("BRAND", "share_pending"): -21_851,
        # The dealer's company sold; the points are the brand's to honour.
        ("LANZHI-CO", "points_deferred"): 223,
        ("LANZHI-CO", "points_liability"): -223,
    }
    assert paid_and_divided(change) == (27_900, 27_900)
    brought = {"touchpoint_scanned": 1, "order_attributed": 1, "member_bound": 2}
    assert change.told == BOUGHT | WORKED | GONE | brought | {"promise_kept": 1, "customer_told": 1}
