"""A courier from the shop to the door: an hour is chosen, changed, and the arrival shows without anybody reloading."""

import re
from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, expect

from loopline import slots
from loopline.db import Database
from loopline.fulfilment import queries as fulfilment
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.promised import FOLLOWERS as PROMISED
from loopline.processes.promised import tell_arrivals
from loopline.slots import Fee, Way
from tests.browser.test_shop import Shopfront, fill_address, look, opened, pay, state
from tests.make.hours import offer_hours
from tests.make.loop import follow
from tests.make.org import succeeded
from tests.make.shopfront import open_shopfront

pytestmark = pytest.mark.browser


@pytest.fixture
def front(database: Database, browser: Browser) -> Generator[Shopfront, None, None]:
    with database.transaction() as conn:
        shop = open_shopfront(conn)
        offer_hours(conn)
        offer_hours(conn, way=Way.IN_STORE)
    with opened(database, shop, browser) as front:
        yield front


@pytest.mark.parametrize(("width", "locale"), [(390, "zh-CN"), (1440, "en-GB")])
def test_a_courier_comes_within_the_hours_that_were_chosen(front: Shopfront, width: int, locale: str):
    page = front.member_page(width=width, locale=locale)
    page.goto(f"{front.base}/checkout?sku=LZ001-BM&how=courier")
    fill_address(page)
    look(page, "courier-where")
    page.locator(".bar .button-main").click()
    # Where to is known now, and with it what it costs and when it can come.
    hours = page.locator("select[name=hour_new]")
    expect(hours).to_be_visible()
    expect(page.locator("[data-fee]")).to_have_text(re.compile("¥5$"))
    assert [one for one in front.complaints if "422" not in one] == []
    front.complaints.clear()
    look(page, "courier-when")
    hours.select_option(index=1)
    page.locator(".bar .button-main").click()
    pay(page)
    state(page, "paid")
    order = front.order(page)
    assert (order.amount_minor, order.site_id) == (40_400, front.shop.sites["S"])
    chosen = page.locator("[data-hour] b")
    expect(chosen).to_have_text(re.compile("16:00–18:00"))
    look(page, "courier-paid")
    page.locator("[data-hour] summary").click()
    page.locator("[data-hour] select").select_option(index=1)
    page.locator("[data-hour] .button-main").click()
    expect(chosen).to_have_text(re.compile("18:00–20:00"))
    with front.database.reading() as conn:
        booking = slots.bookings_of_orders(conn, [order.id])[order.id]
    assert f"{booking.starts_at:%d %H:%M}" == "04 10:00"
    front.send(order.id)
    state(page, "sent")
    with front.database.transaction() as conn:
        (task,) = fulfilment.tasks_of_orders(conn, [order.id])
        succeeded(
            tell_arrivals(
                conn, [(task.task_id, front.clock())], scope=WHOLE_BRAND, actor="rider", now=front.clock()
            )
        )
        (follower,) = PROMISED
        follow(conn, follower)
    state(page, "arrived")
    look(page, "courier-arrived")


def test_an_hour_at_the_store_is_chosen_beside_it(front: Shopfront):
    page = front.member_page(locale="zh-CN")
    page.goto(f"{front.base}/checkout?sku=LZ017-AM&how=appointment&site=S")
    page.locator("input[name=site][value=S]").check()
    page.locator("select[name=hour_S]").select_option(index=0)
    look(page, "appointment")
    page.locator(".bar .button-main").click()
    pay(page)
    state(page, "paid")
    expect(page.locator("[data-hour] b")).to_contain_text("–")
    order = front.order(page)
    with front.database.reading() as conn:
        assert slots.bookings_of_orders(conn, [order.id])[order.id].way is Way.IN_STORE


def test_what_is_to_be_paid_follows_the_address(front: Shopfront):
    with front.database.transaction() as conn:
        offer_hours(conn, "U-D", fees=(Fee(kilometres_most=8, minor=1_200),))
    page = front.member_page(locale="en-GB")
    for count, region_code in enumerate(("310100", "330100", "650100"), start=1):
        page.locator("summary", has_text="Add an address").click()
        fill_address(page)
        page.locator("select[name=region_code]").select_option(region_code)
        page.locator("form[action='/me/addresses'] .button-main").click()
        expect(page.locator("form[action^='/me/addresses/'][action$='/delete']")).to_have_count(count)
    page.goto(f"{front.base}/checkout?sku=LZ001-BM&how=courier")
    picks = page.locator("label.pick", has=page.locator("input[name=address]:not([value=new])"))
    fee, total = page.locator("[data-fee]:visible"), page.locator(".total:visible .price")
    told: list[tuple[str, str]] = []
    for place in range(picks.count()):
        picks.nth(place).locator("input").check()
        expect(page.locator(".bar-words .price:visible")).to_have_text(total.inner_text())
        told.append((fee.inner_text(), total.inner_text()))
    assert sorted(told) == [("CN¥12", "CN¥411"), ("CN¥5", "CN¥404"), ("–", "CN¥399")]
    picks.filter(has_text="CN¥12").locator("input").check()
    page.locator(".bar .button-main").click()
    pay(page)
    state(page, "paid")
    order = front.order(page)
    assert (order.amount_minor, order.site_id) == (41_100, front.shop.sites["D"])
