"""Coupons as people see them: marketing writes a batch, a member gets one by its address, chooses it and sees it used.

LOOPLINE_SHOTS names a folder to keep pictures of every page in.
"""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Browser, Page, expect

from loopline import org
from loopline.db import Database
from loopline.org import Role
from loopline.pricing.coupons import OffPercentage
from loopline.web.settings import Demo, DemoPerson
from loopline.web.shop.shopper import MEMBER_COOKIE
from tests.browser.test_shop import Clock, Shopfront, fill_address, look, pay, state
from tests.make.coupons import in_force
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.shop import OPENED
from tests.make.shopfront import open_shopfront
from tests.make.web import served, settings

pytestmark = pytest.mark.browser

MARKETING = "许念"
DEMO = Demo(
    password=PASSWORD,
    people=(DemoPerson(sign_in_name="xu.nian", name=MARKETING, role=Role.MARKETING, place="HX"),),
)
SHOTS = os.environ.get("LOOPLINE_SHOTS")
SKU = "LZ001-AS"


@pytest.fixture
def front(database: Database, browser: Browser) -> Generator[Shopfront, None, None]:
    with database.transaction() as conn:
        shop = open_shopfront(conn)
        person = add_person(conn, "xu.nian", at="HX", role=Role.MARKETING)
        succeeded(
            org.set_passwords(
                conn, [org.NewPassword(person_id=person, password=PASSWORD)], by=None, now=OPENED
            )
        )
        in_force(conn, "TENTH", OffPercentage(basis_points=1_000), now=OPENED, shared_code="TENTH10", days=30)
        in_force(
            conn,
            "BIG",
            now=OPENED,
            shared_code="BIG1000",
            least_minor=100_000,
            name="满千减三十 Big spenders",
        )
    clock = Clock()
    found = Shopfront(database, shop, browser, clock)
    with served(database, settings(demo=DEMO), clock=clock) as base:
        found.base = base
        yield found
        for context in list(browser.contexts):
            context.close()
    assert found.complaints == []


def desk(front: Shopfront, *, width: int = 1440, locale: str = "en-GB") -> Page:
    """Sign marketing in on the way to the page."""
    page = front.page(width=width, locale=locale)
    page.goto(f"{front.base}/hq/coupons")
    page.get_by_role("button", name=MARKETING).click()
    page.wait_for_url("**/hq/coupons")
    return page


def test_a_batch_is_written_published_claimed_chosen_and_used(front: Shopfront):  # noqa: PLR0915 - one way through
    page = desk(front)
    page.get_by_label("Name, as customers read it").fill("开春礼 Spring gift")
    page.get_by_label("Code of the batch").fill("SPRING")
    page.get_by_label("Value").fill("thirty")
    page.get_by_label("Least spend").fill("300")
    page.get_by_label("How many", exact=True).fill("500")
    page.get_by_label("Days after it is given").fill("14")
    page.get_by_label("Shared code").fill("spring30")
    page.get_by_label("Comment").fill("spring")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("alert")).to_contain_text("99.90")
    expect(page.get_by_label("Shared code")).to_have_value("spring30")
    assert [one for one in front.complaints if "422" not in one] == []
    front.complaints.clear()  # the browser says that the page it was answered with is a refusal
    page.get_by_label("Value").fill("30")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    row = page.locator(".payout-row", has_text="SPRING")
    row.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("status")).to_contain_text("Published.")
    row.get_by_text("Give", exact=True).click()
    row.get_by_label("How many codes").fill("20")
    row.get_by_role("button", name="Make codes").click()
    expect(page.get_by_role("status")).to_contain_text("Made.")
    expect(row).to_contain_text("20 of 500")
    with page.expect_download() as begun:
        row.get_by_role("link", name="Sheet").click()
    assert begun.value.suggested_filename == "coupons.xlsx"

    member = front.page(locale="zh-CN")
    member.goto(row.locator(".coupon-link a").get_attribute("href") or "")
    look(member, "coupon-shared")
    member.get_by_role("link", name="登录后领取").click()
    front.sign_in(member)
    member.wait_for_url("**/coupons/SPRING30")
    member.get_by_role("button", name="领取").click()
    member.wait_for_url("**/me/coupons?got=1")
    for code in ("tenth-10", "BIG1000"):
        member.get_by_label("有券码？").fill(code)
        member.get_by_role("button", name="领取").click()
        member.wait_for_url("**/me/coupons?got=1")
    expect(member.locator(".ticket")).to_have_count(3)
    look(member, "coupons-mine")
    member.get_by_label("有券码？").fill("BIG1000")
    member.get_by_role("button", name="领取").click()
    expect(member.get_by_role("alert")).to_be_visible()
    front.complaints.clear()  # as above

    member.goto(f"{front.base}/checkout?sku={SKU}&units=1")
    chosen = member.locator(".coupon-row[aria-current]")
    expect(chosen).to_contain_text("−¥39.90")  # a tenth of 399 is more than thirty
    expect(member.locator(".total").first).to_contain_text("¥359.10")
    expect(member.locator(".coupon-off")).to_contain_text("还差 ¥601")
    look(member, "coupons-checkout")
    member.locator(".coupon-row", has_text="开春礼").click()
    expect(member.locator(".total").first).to_contain_text("¥369")
    member.get_by_role("link", name="不用券").click()
    expect(member.locator(".total").first).to_contain_text("¥399")
    member.locator(".coupon-row", has_text="开春礼").click()
    expect(chosen).to_contain_text("−¥30")
    fill_address(member)
    member.locator("button[form=buy]").click()
    pay(member)
    state(member, "paid")
    expect(member.locator("main")).to_contain_text("¥369")
    look(member, "coupons-order")
    member.goto(f"{front.base}/me/coupons")
    used = member.locator(".ticket.quiet-ticket", has_text="开春礼")
    expect(used).to_contain_text("已用于订单")
    look(member, "coupons-used")

    page.goto(f"{front.base}/hq/coupons")
    expect(row).to_contain_text("CN¥369.00")
    for width, locale in ((390, "zh-CN"), (1440, "zh-CN"), (390, "en-GB"), (1440, "en-GB")):
        other = desk(front, width=width, locale=locale)
        assert other.evaluate("document.documentElement.scrollWidth") <= width
        if SHOTS:
            other.screenshot(path=Path(SHOTS) / f"coupons-hq-{locale[:2]}-{width}.png", full_page=True)
    kept = [  # a phone gets few codes a day
        SetCookieParam(name=one.get("name", ""), value=one.get("value", ""), url=front.base)
        for one in member.context.cookies()
        if one.get("name") == MEMBER_COOKIE
    ]
    for width, locale in ((1440, "zh-CN"), (390, "en-GB"), (1440, "en-GB")):
        seen = front.page(width=width, locale=locale)
        seen.context.add_cookies(kept)
        seen.goto(f"{front.base}/me/coupons")
        look(seen, "coupons-mine")
        seen.goto(f"{front.base}/checkout?sku={SKU}&units=1")
        look(seen, "coupons-checkout")


def test_a_coupon_that_is_over_or_gone_is_said(front: Shopfront):
    member = front.member_page()
    member.goto(f"{front.base}/coupons/NOWHERE")
    expect(member.get_by_role("heading")).to_contain_text("There is no such coupon")
    front.complaints.clear()  # a page that is not there
    member.goto(f"{front.base}/coupons/TENTH10")
    member.get_by_role("button", name="Get it").click()
    member.wait_for_url("**/me/coupons?got=1")
    front.clock.forward(days=31)
    other = front.member_page()
    other.goto(f"{front.base}/me/coupons")
    expect(other.locator(".ticket.quiet-ticket")).to_contain_text("Its time is over")
