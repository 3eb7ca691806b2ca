"""Pre-orders as people see them: headquarters open one, a member orders ahead, the day changes, goods come.

LOOPLINE_SHOTS names a folder to keep pictures of every page in.
"""

from collections.abc import Generator
from datetime import date, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from loopline import catalogue, org
from loopline.db import Database
from loopline.kernel.ids import uuid7
from loopline.org import Role
from loopline.processes.promise import fill_parked
from loopline.stock import Fact, MovementReason, record_facts
from loopline.web.languages import languages
from loopline.web.settings import Demo, DemoPerson
from tests.browser.test_shop import Clock, Shopfront, fill_address, look, pay, state
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.shop import OPENED
from tests.make.shopfront import SHOPPING, open_shopfront
from tests.make.web import served, settings

pytestmark = pytest.mark.browser

OPERATIONS = "王芳"
DEMO = Demo(
    password=PASSWORD,
    people=(DemoPerson(sign_in_name="wang.hq", name=OPERATIONS, role=Role.HQ_OPERATIONS, place="HX"),),
)
PREORDERS = "/hq/sourcing/preorders"
SKU = "LZ001-AS"
LOOKS = [(390, "zh-CN"), (1440, "zh-CN"), (390, "en-GB"), (1440, "en-GB")]
FIRST, SECOND = ((SHOPPING + timedelta(days=days)).date() for days in (20, 25))


@pytest.fixture
def front(database: Database, browser: Browser) -> Generator[Shopfront, None, None]:
    """A shop whose shelves are empty."""
    with database.transaction() as conn:
        shop = open_shopfront(conn, units=0)
        person = add_person(conn, "wang.hq", at="HX", role=Role.HQ_OPERATIONS)
        succeeded(
            org.set_passwords(
                conn, [org.NewPassword(person_id=person, password=PASSWORD)], by=None, now=OPENED
            )
        )
    clock = Clock()
    found = Shopfront(database, shop, browser, clock)
    with served(database, settings(demo=DEMO), clock=clock) as base:
        found.base = base
        yield found
        for context in list(browser.contexts):
            context.close()
    assert found.complaints == []


def desk(front: Shopfront, path: str, *, width: int = 1440, locale: str = "en-GB") -> Page:
    page = front.page(width=width, locale=locale)
    page.goto(f"{front.base}{path}")
    page.get_by_role("button", name=OPERATIONS).click()
    page.wait_for_url(f"**{path}")
    return page


def seen(front: Shopfront, path: str, name: str) -> None:
    """Keep pictures of a page of headquarters in both languages and widths."""
    for width, locale in LOOKS:
        page = desk(front, path, width=width, locale=locale)
        look(page, name)
        page.context.close()


def test_it_is_opened_ordered_ahead_put_off_and_sent_when_goods_come(front: Shopfront):  # noqa: PLR0915 - one way through
    page = desk(front, PREORDERS)
    form = page.locator(".preorder-form")
    form.locator("[name=sku]").fill(SKU)
    form.locator("[name=allowance]").fill("3")
    form.locator("[name=ships_on]").fill(FIRST.isoformat())
    form.locator("[name=per_order]").fill("2")
    form.locator("button").click()
    row = page.locator(f"tr[data-sku={SKU}]")
    expect(row).to_contain_text("0 of 3")

    for width, locale in LOOKS:
        shown = front.page(width=width, locale=locale)
        shown.goto(f"{front.base}/p/LZ001?sku={SKU}")
        expect(shown.locator(".product-head .pre-order")).to_be_visible()
        look(shown, "preorder-product")
        shown.goto(f"{front.base}/shop")
        expect(shown.locator(".card-ahead")).to_have_count(1)
        shown.context.close()
    member = front.member_page(locale="zh-CN")
    member.goto(f"{front.base}/p/LZ001?sku={SKU}")
    expect(member.locator("[data-ships-on]")).to_have_text(f"预计 {_zh(FIRST)} 起发货")
    member.get_by_role("link", name="立即预订").click()
    member.get_by_role("link", name="加一件").click()
    expect(member.locator("[data-ahead='2']")).to_contain_text(_zh(FIRST))
    expect(member.get_by_role("link", name="加一件")).to_have_count(0)  # two are the most of one order
    look(member, "preorder-checkout")
    fill_address(member)
    member.locator("button[form=buy]").click()
    pay(member)
    state(member, "waiting")
    expect(member.locator("[data-expected]")).to_have_text(f"预售商品，预计 {_zh(FIRST)} 起发货")
    look(member, "preorder-order")
    order = front.order(member)

    page.goto(f"{front.base}{PREORDERS}")
    expect(row.locator("[data-key=sold]")).to_have_text("2 of 3")
    expect(row.locator("[data-key=waiting]")).to_have_text("2")
    expect(row.locator("[data-key=left]")).to_have_text("1")
    row.get_by_role("link", name="Amend").click()
    expect(form.locator("[name=ships_on]")).to_have_value(FIRST.isoformat())
    form.locator("[name=ships_on]").fill(SECOND.isoformat())
    form.locator("[name=allowance]").fill("1")
    form.locator("button").click()
    expect(row.locator("[data-key=above]")).to_contain_text("1")
    seen(front, PREORDERS, "preorders")
    seen(front, f"/hq/orders/{order.number}", "preorder-hq-order")
    seen(front, "/hq/sourcing/parked", "preorder-parked")
    member.reload()
    expect(member.locator("[data-expected]")).to_contain_text(_zh(SECOND))
    expect(member.locator("main")).to_contain_text("到货日期有更新")
    row.get_by_role("button", name="Close the pre-order").click()
    expect(row).to_contain_text("No longer sold")
    expect(row.get_by_role("button")).to_have_count(0)

    with front.database.transaction() as conn:
        now, sku_id = front.clock(), catalogue.skus_by_code(conn, [SKU])[SKU].id
        came = Fact(
            id=uuid7(now),
            leaf_id=front.shop.leaves["W"],
            sku_id=sku_id,
            reason=MovementReason.RECEIPT,
            on_hand=2,
        )
        succeeded(record_facts(conn, [came], now=now))
        fill_parked(conn, sku_ids=[sku_id], now=now, limit=10)
    member.reload()
    state(member, "paid")
    front.send(order.id)
    member.reload()
    state(member, "sent")


def _zh(day: date) -> str:
    return languages()["zh"].plain_day(day)
