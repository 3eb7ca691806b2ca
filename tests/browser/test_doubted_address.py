"""An address that may lead nowhere, on the phone: seen while packing, said to be right without a network."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from loopline import customers
from loopline.customers import NewDelivery, Recipient, open_key_ring
from loopline.db import Database
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import TaskState
from loopline.kernel.ids import MemberId
from loopline.orders import order_by_id
from tests.browser.test_kept_tasks import Site, pulse, work_off
from tests.browser.test_store import fits, low_targets
from tests.make.customers import member, phone, registered
from tests.make.loop import subject_types
from tests.make.org import succeeded
from tests.make.shop import NOON, stock_up
from tests.make.store import DEMO, Clock, offer, offer_to_collect, open_store
from tests.make.web import data_directory, served, settings

pytestmark = pytest.mark.browser
expect.set_options(timeout=20_000)

VAGUE = Recipient(name="陈念❤", phone="13800000007", region_code="310100", street="苏州市观前街")
SHOTS = os.environ.get("LOOPLINE_SHOTS")


class Doubted(Site):
    """A served store with a task whose address is in doubt, and whose customer is known."""

    buyer: MemberId

    def look(self, page: Page, name: str) -> None:
        """See that what is shown fits, wide and narrow, in both languages, for a thumb; and keep pictures of it."""
        size = page.viewport_size
        assert size is not None
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 844})
            assert (fits(page), low_targets(page) if width == 390 else []) == (True, []), (name, width)
            if SHOTS:
                page.screenshot(path=Path(SHOTS) / f"doubt-{name}-{width}.png", full_page=True)
        page.set_viewport_size(size)


@pytest.fixture
def site(database: Database, browser: Browser) -> Generator[Doubted]:
    ring = open_key_ring(data_directory() / "keys")
    with database.transaction() as conn:
        stage = open_store(conn)
        stock_up(conn, stage.shop, {("S", "COAT"): 40, ("S", "SCARF"): 40})
        (buyer,) = registered(conn, [member(phone(7))], keys=ring)
        tasks = (offer(conn, stage, "K-1", member_id=buyer), offer_to_collect(conn, stage, "K-2"))
        (task,) = fulfilment.tasks_by_id(conn, tasks[:1])
        new = NewDelivery(order_id=task.order_id, member_id=buyer, recipient=VAGUE)
        succeeded(customers.keep_deliveries(conn, [new], ring=ring, now=NOON))
    with served(database, settings(demo=DEMO), clock=Clock(NOON)) as base:
        site = Doubted(database, stage, tasks, base, browser)
        site.buyer = buyer
        yield site
        for context in list(browser.contexts):
            context.close()
    assert site.complaints == []


def test_without_a_network_the_doubts_are_there_and_whoever_packs_says_that_it_is_right(site: Doubted):
    device = site.device()
    page = site.sign_in(device)
    device.set_offline(True)
    page.goto(site.path(site.to_send))
    work_off(page)
    doubts = page.locator(".doubts li")
    expect(doubts).to_have_text(
        [
            "The street names another province or city than the one chosen.",
            "The street has neither a number nor a place to find.",
            "Some signs in it are missing on a label, such as emoji or rare characters.",
        ]
    )
    expect(page.get_by_text("陈念")).to_have_count(0)
    site.look(page, "offline-en")
    # What is asked is answered before anything goes on.
    give = page.get_by_role("button", name="Given to the carrier")
    give.click()
    pulse(page, 4)
    page.get_by_label("The address is right: send it").check()
    give.click()
    pulse(page, 5)
    device.set_offline(False)
    expect(page.locator("#step-pulse")).to_be_hidden()
    expect(page.locator("#step-page")).to_have_attribute("data-state", "handed_over")
    with site.database.reading() as conn:
        (task,) = fulfilment.tasks_by_id(conn, [site.to_send])
        told = subject_types(conn, task.order_id)
    assert (task.state, told.count("address_said_right")) == (TaskState.HANDED_OVER, 1)


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_the_packer_and_the_customer_read_the_same_doubts(site: Doubted, locale: str):
    device = site.device(locale=locale)
    page = site.sign_in(device)
    page.goto(site.path(site.to_send))
    page.wait_for_selector('#step-outbox[data-ready="yes"]', state="attached")
    for state in ("accepted", "picking", "checked"):
        for box in page.locator(".tick-box").all():
            box.check()
        page.locator(".act button.btn-primary").click()
        expect(page.locator("#step-page")).to_have_attribute("data-state", state)
    expect(page.locator(".doubts li")).to_have_count(3)
    expect(page.locator('.doubts a[href="tel:+8613800000007"]')).to_be_visible()
    site.look(page, f"checked-{locale[:2]}")
    page.locator(".act button.btn-primary").click()
    expect(page.locator("#step-page")).to_have_attribute("data-state", "packed")
    site.look(page, f"packed-{locale[:2]}")
    with site.database.transaction() as conn:
        (task,) = fulfilment.tasks_by_id(conn, [site.to_send])
        head = order_by_id(conn, task.order_id)
        (session,) = succeeded(customers.begin_sessions(conn, [site.buyer], now=NOON))
    assert head is not None
    mine = site.device(locale=locale)
    mine.add_cookies([{"name": "loopline_member", "value": session.token, "url": site.base}])
    shop = mine.new_page()
    shop.goto(f"{site.base}/o/{head.number}")
    expect(shop.locator("[data-mend] li")).to_have_count(3)
    assert fits(shop)
    if SHOTS:
        shop.screenshot(path=Path(SHOTS) / f"doubt-order-{locale[:2]}-390.png", full_page=True)
    shop.locator("[data-mend] input[name=recipient]").fill("陈念")
    shop.locator("[data-mend] input[name=street]").fill("武康路 99 号 2 室")
    shop.locator("[data-mend] .button-main").click()
    expect(shop.locator("[data-mend]")).to_have_count(0)
    page.reload()
    expect(page.locator(".doubts")).to_have_count(0)
    expect(page.locator("address")).to_contain_text("武康路 99 号 2 室")
