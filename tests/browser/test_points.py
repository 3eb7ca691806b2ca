"""Points as people see them: a version is written, a member gets some, uses them, earns others and reads of it.

LOOPLINE_SHOTS names a folder to keep pictures of every page in.
"""

import os
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Browser, Page, expect

from loopline import org
from loopline.db import Database
from loopline.kernel.ids import MemberId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.org import Role
from loopline.pricing.points import Programme
from loopline.processes.points.programme import publish as publish_draft
from loopline.processes.points.programme import save
from loopline.processes.points.rounds import mature
from loopline.processes.points.standing import FOLLOWERS
from loopline.web.settings import Demo, DemoPerson
from loopline.web.shop.shopper import MEMBER_COOKIE
from tests.browser.test_shop import Clock, Shopfront, fill_address, look, pay, state
from tests.make.loop import follow
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.points import BY, brand_agreed, points_given, terms
from tests.make.shop import OPENED
from tests.make.shopfront import open_shopfront
from tests.make.web import served, settings
from tests.process.test_promotions import SETTLE

pytestmark = pytest.mark.browser

MARKETING = "许念"
DEMO = Demo(
    password=PASSWORD,
    people=(DemoPerson(sign_in_name="xu.nian", name=MARKETING, role=Role.MARKETING, place="HX"),),
)
SHOTS = os.environ.get("LOOPLINE_SHOTS")
SKU = "LZ001-AS"
(POINTS,) = FOLLOWERS


@pytest.fixture
def front(database: Database, browser: Browser) -> Generator[Shopfront, None, None]:
    with database.transaction() as conn:
        shop = open_shopfront(conn)
        person = add_person(conn, "xu.nian", at="HX", role=Role.MARKETING)
        new = org.NewPassword(person_id=person, password=PASSWORD)
        succeeded(org.set_passwords(conn, [new], by=None, now=OPENED))
        brand_agreed(conn)
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
    page.goto(f"{front.base}/hq/points")
    page.get_by_role("button", name=MARKETING).click()
    page.wait_for_url("**/hq/points")
    return page


def publish(page: Page) -> None:
    """Write the first version: what cannot be read is said, and the form kept."""
    page.get_by_label("Name, as customers read it").fill("环线积分 Loop points")
    page.get_by_label("Channels, in per cent").fill("till")
    page.get_by_label("Comment").fill("the first")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("alert")).to_contain_text("till:200")
    expect(page.get_by_label("Comment")).to_have_value("the first")
    page.get_by_label("Channels, in per cent").fill("till:200")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("status")).to_contain_text("Published.")
    expect(page.locator(".payout-row")).to_contain_text("In force")


def correct(front: Shopfront, page: Page) -> None:
    """Give the only member there is five thousand points."""
    with front.database.reading() as conn:
        (member_id,) = conn.execute("select id from customers.member").fetchone() or (None,)
    page.get_by_label("Address of the member's page").fill(f"{front.base}/hq/members/{member_id}")
    page.get_by_label("Points", exact=True).fill("5000")
    page.get_by_label("Why, as the member reads it").fill("欢迎 Welcome")
    page.get_by_role("button", name="Correct the points").click()
    expect(page.get_by_role("status")).to_contain_text("Corrected.")


def test_a_version_is_published_and_points_are_given_used_and_earned(front: Shopfront):
    page = desk(front)
    publish(page)
    assert [one for one in front.complaints if "422" not in one] == []
    front.complaints.clear()  # the browser says that the page it was answered with is a refusal
    member = front.page(locale="zh-CN")
    member.goto(f"{front.base}/me/points")
    front.sign_in(member)
    member.wait_for_url("**/me/points")
    expect(member.locator("main")).to_contain_text("还没有积分")
    look(member, "points-none")
    correct(front, page)

    member.goto(f"{front.base}/checkout?sku={SKU}&units=1")
    row = member.locator("#points .coupon-row")
    expect(row).to_contain_text("使用 5,000 积分")
    expect(member.locator(".total").first).to_contain_text("¥399")
    row.click()
    expect(member.locator(".total").first).to_contain_text("¥349")
    look(member, "points-checkout")
    fill_address(member)
    member.locator("button[form=buy]").click()
    member.wait_for_url("**/pay/**")
    with front.database.reading() as conn:
        assert conn.execute("select available, held from pricing.points_account").fetchall() == [(0, 5_000)]
    pay(member)
    state(member, "paid")
    order = front.order(member)
    front.send(order.id)
    settle(front)
    member.reload()
    expect(member.locator("main")).to_contain_text("获得积分")
    look(member, "points-order")
    member.goto(f"{front.base}/me/points")
    expect(member.locator(".points-count")).to_have_text("0")
    expect(member.locator("main")).to_contain_text("349")
    expect(member.locator(".points-rows")).to_contain_text("人工调整: 欢迎 Welcome")
    look(member, "points-pending")
    with front.database.transaction() as conn:
        assert mature(conn, now=front.clock() + timedelta(days=40), limit=10) == 1
    member.reload()
    expect(member.locator(".points-count")).to_have_text("349")
    look(member, "points-mine")
    see_everywhere(front, member)


def settle(front: Shopfront) -> None:
    """Bring up the followers."""
    with front.database.transaction() as conn:
        follow(conn, SETTLE)
        follow(conn, POINTS)


def see_everywhere(front: Shopfront, member: Page) -> None:
    """Look at all pages in both languages, narrow and wide."""
    for width, locale in ((390, "zh-CN"), (1440, "zh-CN"), (390, "en-GB"), (1440, "en-GB")):
        other = desk(front, width=width, locale=locale)
        assert other.evaluate("document.documentElement.scrollWidth") <= width
        if SHOTS:
            other.screenshot(path=Path(SHOTS) / f"points-hq-{locale[:2]}-{width}.png", full_page=True)
    kept = [  # a phone gets few codes a day
        SetCookieParam(name=one.get("name", ""), value=one.get("value", ""), url=front.base)
        for one in member.context.cookies()
        if one.get("name") == MEMBER_COOKIE
    ]
    for width, locale in ((1440, "zh-CN"), (390, "en-GB"), (1440, "en-GB")):
        seen = front.page(width=width, locale=locale)
        seen.context.add_cookies(kept)
        seen.goto(f"{front.base}/me/points")
        look(seen, "points-mine")
        seen.goto(f"{front.base}/checkout?sku={SKU}&units=1&points=yes")
        look(seen, "points-checkout")


def programme(front: Shopfront, **changes: int) -> None:
    with front.database.transaction() as conn:
        made = save(conn, terms(**changes), comment="a test", scope=WHOLE_BRAND, by=BY, now=front.clock())
        assert isinstance(made, Programme), made
        assert isinstance(publish_draft(conn, scope=WHOLE_BRAND, by=BY, now=front.clock()), Programme)


def test_what_was_shown_is_what_is_charged_or_nothing_is(front: Shopfront):
    """While somebody looks at the checkout points come to be worth half: it is said, shown, and ordered then."""
    programme(front)
    member = front.page(locale="zh-CN")
    member.goto(f"{front.base}/me/points")
    front.sign_in(member)
    member.wait_for_url("**/me/points")
    with front.database.transaction() as conn:
        (member_id,) = conn.execute("select id from customers.member").fetchone() or (None,)
        assert member_id is not None
        points_given(conn, MemberId(member_id), 5_000, now=front.clock())
    member.goto(f"{front.base}/checkout?sku={SKU}&units=1&points=yes")
    expect(member.locator(".total").first).to_contain_text("¥349")
    fill_address(member)
    programme(front, redeem_minor=50)
    member.locator("button[form=buy]").click()
    alert = member.get_by_role("alert")
    expect(alert).to_contain_text("页面显示商品共 ¥349")
    expect(alert).to_contain_text("现在是 ¥374")
    expect(member.locator(".total").first).to_contain_text("¥374")
    look(member, "points-price-moved")
    with front.database.reading() as conn:
        assert conn.execute("select count(*) from orders.order").fetchall() == [(0,)]
    front.complaints.clear()  # the browser says that the page it was answered with is a refusal
    member.locator("button[form=buy]").click()
    member.wait_for_url("**/pay/**")
    with front.database.reading() as conn:
        assert conn.execute("select amount_minor from orders.order").fetchall() == [(37_400,)]
