"""Fitting at home from the shop to the door: an hour is chosen, a fitter comes, and what is done shows by itself."""

import re
from collections.abc import Generator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from loopline import org, slots
from loopline.catalogue import Fitting
from loopline.db import Database
from loopline.db.followers import catch_up
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.ids import OrderId
from loopline.org import Role
from loopline.processes.source import source_wave
from loopline.slots import Way
from tests.browser.test_shop import Shopfront, fill_address, look, opened, pay, state
from tests.make.hours import fitted, offer_hours
from tests.make.loop import pack_up
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.photos import photo
from tests.make.shop import OPENED
from tests.make.shopfront import open_shopfront

pytestmark = pytest.mark.browser
OTHERS = ("deliver", "courier", "collect", "appointment")


@pytest.fixture
def front(database: Database, browser: Browser) -> Generator[Shopfront, None, None]:
    with database.transaction() as conn:
        shop = open_shopfront(conn)
        offer_hours(conn, way=Way.AT_HOME, horizon_days=7)
        for code in ("LZ038-AM", "LZ038-AL"):
            fitted(conn, code)
        fitted(conn, "LZ017-AM", Fitting.NEEDED)
        fitter = add_person(conn, "wu.packer", at="U-S", role=Role.PACKER)
        password = org.NewPassword(person_id=fitter, password=PASSWORD)
        succeeded(org.set_passwords(conn, [password], by=None, now=OPENED))
    with opened(database, shop, browser) as front:
        yield front


def at_work(front: Shopfront, *, width: int, locale: str) -> Page:
    page = front.page(width=width, locale=locale)
    page.goto(f"{front.base}/sign-in")
    form = page.locator("form[action='/sign-in']").last
    form.locator("input[name=sign_in_name]").fill("wu.packer")
    form.locator("input[name=password]").fill(PASSWORD)
    form.locator("button").last.click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    return page


def bought(front: Shopfront, page: Page, sku: str) -> OrderId:
    page.goto(f"{front.base}/checkout?sku={sku}&how=fitting")
    fill_address(page)
    page.locator(".bar .button-main").click()
    hours = page.locator("select[name=hour_new]")
    expect(hours).to_be_visible()
    expect(page.locator("[data-fee]:visible")).to_have_text(re.compile("¥5$"))
    front.complaints[:] = [one for one in front.complaints if "422" not in one]
    look(page, "fitting-when")
    hours.select_option(index=0)
    page.locator(".bar .button-main").click()
    pay(page)
    state(page, "paid")
    return front.order(page).id


def packed(front: Shopfront) -> None:
    with front.database.transaction() as conn:
        pack_up(conn, source_wave(conn, now=front.clock()).tasks, now=front.clock())


@pytest.mark.parametrize(("width", "locale"), [(390, "zh-CN"), (1440, "en-GB")])
def test_a_fitter_comes_and_what_is_done_shows_by_itself(front: Shopfront, width: int, locale: str):
    page = front.member_page(width=width, locale=locale)
    order_id = bought(front, page, "LZ038-AM")
    packed(front)
    with front.database.reading() as conn:
        (booking,) = slots.bookings_of_orders(conn, [order_id]).values()
    front.clock.ahead += booking.starts_at - timedelta(minutes=30) - front.clock()
    work = at_work(front, width=width, locale=locale)
    work.goto(f"{front.base}/store/visits")
    look(work, "visits-open")
    work.locator(".visit .visit-ways .btn").last.click()
    work.locator("form[action$='/take'] .btn-primary").click()
    expect(work.locator("[data-visit=taken] address")).to_contain_text("愚园路 12 号 301 室")
    look(work, "visit-taken")
    work.locator("form[action$='/set-out'] .btn-primary").click()
    expect(work.locator("[data-visit=under_way]")).to_be_visible()
    look(work, "visit-under-way")
    # The customer sees who is coming without touching anything, and the code to say.
    expect(page.locator("[data-visit=under_way]")).to_be_visible(timeout=15_000)
    look(page, "fitting-under-way")
    code = page.locator("[data-visit-code]").inner_text()
    work.locator("#code").fill(f"{(int(code) + 1) % 1_000_000:06d}")
    work.locator("[data-done] .btn-primary").click()
    expect(work.locator(".refusal")).to_be_visible()
    front.complaints[:] = [one for one in front.complaints if "422" not in one]
    work.locator("#code").fill(code)
    work.locator("[data-done] .btn-primary").click()
    expect(work.locator("[data-visit=done] .finished")).to_be_visible()
    look(work, "visit-done")
    catch_up(front.database, FOLLOWERS, now=front.clock())
    state(page, "arrived")
    look(page, "fitting-arrived")


def test_who_has_no_code_signs_beside_a_photo_and_who_is_not_home_gets_another_hour(front: Shopfront):
    page = front.member_page(locale="zh-CN")
    order_id = bought(front, page, "LZ038-AM")
    packed(front)
    with front.database.reading() as conn:
        (booking,) = slots.bookings_of_orders(conn, [order_id]).values()
    front.clock.ahead += booking.starts_at + timedelta(minutes=10) - front.clock()
    work = at_work(front, width=390, locale="zh-CN")

    def go() -> None:
        work.goto(f"{front.base}/store/visits/{order_id}")
        work.locator("form[action$='/take'] .btn-primary").click()
        work.locator("form[action$='/set-out'] .btn-primary").click()

    go()
    work.locator("[data-not-done] summary").click()
    look(work, "visit-not-done")
    work.locator("input[value=nobody_home]").check()
    work.locator("[data-not-done] .btn-refuse").click()
    expect(work.locator("[data-visit=in_vain]")).to_be_visible()
    # Its customer chooses another hour, though the first one has begun.
    expect(page.locator("[data-visit=in_vain]")).to_be_visible(timeout=15_000)
    look(page, "fitting-in-vain")
    page.locator("[data-hour] summary").click()
    page.locator("[data-hour] select").select_option(index=0)
    page.locator("[data-hour] .button-main").click()
    expect(page.locator("[data-hour] b").first).to_contain_text("–")
    go()
    work.locator("[data-signed] > summary").click()
    work.locator("#signed_by").fill("李雷")
    line = work.locator(".photo-line")
    line.locator("input[type=file]").set_input_files(
        {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    )
    expect(line.locator(".photo-strip img")).to_have_count(1)
    expect(work.locator(".photo-own[data-state=kept]")).to_have_count(0, timeout=15_000)
    look(work, "visit-signed")
    work.locator("[data-signed] form[action$='/done'] .btn").click()
    expect(work.locator("[data-visit=done] .finished")).to_be_visible()


def test_what_needs_a_fitter_has_no_other_way_and_who_lives_too_far_is_told_what_is_near(front: Shopfront):
    page = front.member_page(locale="en-GB")
    page.goto(f"{front.base}/checkout?sku=LZ017-AM")
    expect(page.locator("[data-way=fitting][aria-current]")).to_be_visible()
    for way in OTHERS:
        expect(page.locator(f"[data-way={way}]")).to_have_count(0)
    fill_address(page)
    page.locator("select[name=region_code]").select_option("650100")
    page.locator(".bar .button-main").click()
    expect(page.locator("[data-too-far]")).to_contain_text("km away, goes as far as 8 km")
    front.complaints[:] = [one for one in front.complaints if "422" not in one]
    look(page, "fitting-too-far")
    page.goto(f"{front.base}/checkout?sku=LZ001-BM&how=fitting")
    expect(page.locator("[data-way=fitting]")).to_have_count(0)
