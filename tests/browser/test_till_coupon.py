"""A coupon at the till: scanned or chosen, taken off what the screen shows, and never given without a network."""

from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, expect

from loopline.db import Database
from loopline.pricing.coupons import Coupon, CouponState, coupons_of_batch
from tests.browser.test_till import COAT, SCARF, low_targets, picture
from tests.browser.test_till_members import (
    Members,
    add_member,
    ring,
    scan,
    total,
    with_members,
    with_the_server,
)
from tests.make import coupons
from tests.make.shop import OPENED

pytestmark = pytest.mark.browser

THIRTY = 3_000


@pytest.fixture
def store(database: Database, browser: Browser) -> Generator[Members, None, None]:
    with with_members(database, browser) as store:
        yield store


def given(store: Members, code: str = "C", *, to_anna: bool = False, name: str = "立减30") -> Coupon:
    with store.database.transaction() as conn:
        coupons.in_force(conn, code, now=OPENED, name=name)
        return coupons.given(conn, code, store.anna if to_anna else None, now=OPENED)[0]


def state(store: Members, coupon: Coupon) -> CouponState:
    with store.database.reading() as conn:
        (found,) = coupons_of_batch(conn, coupon.batch_id, at_most=2)
    return found.state


def test_a_coupon_is_typed_taken_off_what_is_paid_and_shown_on_the_receipt(store: Members):
    coupon = given(store)
    page = store.sign_in(store.device().new_page())
    expect(page.locator("#till-coupon-form")).to_be_hidden()
    scan(page, "COAT", "SCARF")
    total(page, COAT + SCARF)
    field = page.locator("#till-coupon-code")
    field.fill("NOTHING")
    field.press("Enter")
    expect(page.locator("#till-coupon-said")).to_contain_text("There is no coupon NOTHING")
    total(page, COAT + SCARF)
    field.fill(coupon.secret.lower())
    field.press("Enter")
    total(page, COAT + SCARF - THIRTY)
    expect(page.locator("#till-coupon-name")).to_have_text("Coupon 立减30: −CN¥30.00")
    expect(page.locator("#till-cart li").first).to_contain_text("立减30")
    # Fewer goods, the same coupon; and set aside, it comes back with the cart.
    page.get_by_role("button", name="One less of").last.click()
    total(page, COAT - THIRTY)
    page.locator("#till-park").click()
    page.get_by_role("button", name="Take it up").click()
    total(page, COAT - THIRTY)
    ring(page)
    with_the_server(page)
    expect(page.locator(".till-sale").first).to_contain_text("Coupon 立减30: −CN¥30.00")
    assert store.books() == [(1, COAT - THIRTY, COAT - THIRTY)]
    assert (store.let_off(), state(store, coupon)) == ([THIRTY], CouponState.SPENT)
    # The next purchase has no coupon.
    scan(page, "COAT")
    total(page, COAT)
    expect(page.locator("#till-coupon")).to_be_hidden()
    page.goto(f"{store.base}{page.locator('.till-receipt a').get_attribute('href')}")
    expect(page.get_by_text("立减30").first).to_be_visible()


def test_a_member_has_coupons_to_choose_from_and_leaves_without(store: Members):
    coupon = given(store, to_anna=True)
    page = store.sign_in(store.device().new_page())
    scan(page, "COAT")
    expect(page.locator("#till-coupon-own")).to_be_hidden()
    add_member(page, "13800000001")
    total(page, COAT)
    page.get_by_role("button", name="Use it: −CN¥30.00").click()
    total(page, COAT - THIRTY)
    page.locator("#till-coupon-drop").click()
    total(page, COAT)
    page.get_by_role("button", name="Use it: −CN¥30.00").click()
    total(page, COAT - THIRTY)
    # Without the member it is nobody's to use.
    page.locator("#till-member-drop").click()
    expect(page.locator("#till-coupon-said")).to_contain_text("was given to somebody else")
    total(page, COAT)
    assert state(store, coupon) is CouponState.FREE


def test_without_a_network_no_coupon_is_taken_and_nothing_is_rung_up_with_one(store: Members):
    coupon = given(store)
    device = store.device()
    page = store.sign_in(device.new_page())
    scan(page, "COAT")
    total(page, COAT)
    device.set_offline(True)
    page.locator("#till-coupon-code").fill(coupon.secret)
    page.locator("#till-coupon-code").press("Enter")
    expect(page.locator("#till-coupon-name")).to_contain_text("A coupon needs the network")
    expect(page.locator("#till-ring")).to_be_disabled()
    total(page, COAT)
    device.set_offline(False)
    total(page, COAT - THIRTY)
    device.set_offline(True)
    page.get_by_role("button", name="One more of").click()
    expect(page.locator("#till-ring")).to_be_disabled()
    page.get_by_role("button", name="Without the coupon").click()
    total(page, 2 * COAT)
    ring(page)
    device.set_offline(False)
    with_the_server(page)
    assert (store.books(), state(store, coupon)) == ([(1, 2 * COAT, 2 * COAT)], CouponState.FREE)


@pytest.mark.slow
def test_a_coupon_fits_the_screen_and_a_thumb_in_both_languages(store: Members):
    given(store, "OWN", to_anna=True, name="会员日立减30 Members' day")
    free = given(store, "PAPER", name="立减30 Thirty off")
    for width in (390, 1440):
        for locale in ("en-GB", "zh-CN"):
            device = store.device(width=width, locale=locale, scheme="dark" if width == 390 else "light")
            page = store.sign_in(device.new_page())
            scan(page, "COAT", "SCARF")
            add_member(page, "13800000001")
            expect(page.locator("#till-coupon-list li")).to_have_count(1)
            picture(page, f"coupon-own-{locale}-{width}")
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
            assert low_targets(page) == []
            page.locator("#till-member-drop").click()
            page.locator("#till-coupon-code").fill(free.secret)
            page.locator("#till-coupon-code").press("Enter")
            expect(page.locator("#till-coupon")).to_have_attribute("data-on", "yes")
            picture(page, f"coupon-on-{locale}-{width}")
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
            assert low_targets(page) == []
