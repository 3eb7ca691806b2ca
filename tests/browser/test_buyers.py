"""A marketplace's buyer as people see one: masked, shown for a purpose, hidden again; and the log."""

from collections.abc import Generator
from contextlib import contextmanager

import httpx
import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect

from loopline import orders, org
from loopline.channels.receiving import Receiver
from loopline.channels.sandbox_sealing import market_settings
from loopline.customers.keys import open_key_ring
from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.fulfilment import queries as fulfilment
from loopline.kernel.ids import PersonId, TaskId
from loopline.org import Role
from loopline.web.settings import DemoPerson
from tests.make.buyers import ZHANG, put_in_hand
from tests.make.databases import database_from
from tests.make.messages import created, sender
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.shop import NOON
from tests.make.store import DEMO, Clock, open_store
from tests.make.web import data_directory, served, settings

pytestmark = pytest.mark.browser

WIDTHS = [390, 1440]
AUDITOR = DemoPerson(sign_in_name="lu.audit", name="陆衡", role=Role.AUDITOR, place="总部")


class Site(msgspec.Struct, frozen=True):
    """A served brand with one parcel in hand, whose buyer a marketplace sealed."""

    base: str
    task: TaskId
    number: str


@pytest.fixture(scope="module")
def site(server: EmbeddedServer, template: str) -> Generator[Site, None, None]:
    web = settings(demo=msgspec.structs.replace(DEMO, people=(*DEMO.people, AUDITOR)))
    with contextmanager(database_from)(server, template) as database:
        with database.transaction() as conn:
            stage = open_store(conn)
            person = add_person(conn, AUDITOR.sign_in_name, at="HX", role=AUDITOR.role)
            password = org.NewPassword(person_id=person, password=PASSWORD)
            succeeded(org.set_passwords(conn, [password], by=None, now=NOON))
            by = sender(conn)
        clock = Clock()
        with served(database, web, clock=clock) as base:
            key = market_settings(data_directory(), base).app_key
            sealed = httpx.post(
                f"{base}/sandbox/sealing/v1/seal",
                json=ZHANG,
                headers={"authorization": f"Bearer {key}"},
            ).json()
            over = Receiver(database, ring=open_key_ring(web.keys_directory), clock=clock)
            over.receive([created("T-1", sealed_buyer=sealed)], by)
            yield Site(base, *in_hand(database, stage.people["zhou.guide"]))


def in_hand(database: Database, guide: PersonId) -> tuple[TaskId, str]:
    with database.transaction() as conn:
        task = put_in_hand(conn, guide)[0]
        (of,) = fulfilment.tasks_by_id(conn, [task])
        (head,) = orders.orders_by_ids(conn, [of.order_id])
    return task, head.number


def opened(
    browser: Browser, site: Site, name: str, path: str, *, width: int = 390, locale: str = "en-GB"
) -> Page:
    page = browser.new_context(locale=locale, viewport={"width": width, "height": 844}).new_page()
    page.goto(f"{site.base}{path}")
    page.get_by_role("button", name=name).click()
    page.wait_for_url(f"**{path}")
    return page


def test_whoever_packs_sees_the_buyer_for_a_purpose_and_the_auditor_sees_that(site: Site, browser: Browser):
    page = opened(browser, site, "周可", f"/store/tasks/{site.task}")
    card = page.locator("#buyer")
    expect(card).to_contain_text("张**")
    expect(card).not_to_contain_text(ZHANG["phone"])
    page.get_by_role("button", name="Show to print the label").click()
    expect(card.locator("address")).to_contain_text(ZHANG["address"])
    expect(card.get_by_role("link", name=ZHANG["phone"])).to_have_attribute("href", f"tel:{ZHANG['phone']}")
    expect(card.get_by_role("button", name="Print the label")).to_be_visible()
    card.get_by_role("link", name="Hide now").click()
    expect(page.locator("#buyer")).to_contain_text("138****5678")
    assert ZHANG["phone"] not in page.content()
    audit = opened(browser, site, "陆衡", "/hq/openings", locale="zh-CN")
    expect(audit.locator(".openings .message")).to_have_count(1)
    expect(audit.locator(".openings .message")).to_contain_text("打印面单")
    expect(audit.locator(".openings .state")).to_have_text("已解密")
    audit.goto(f"{site.base}/hq/orders/{site.number}")
    expect(audit.locator("#buyer")).to_contain_text("张**")
    expect(audit.locator("#buyer button")).to_have_count(0)


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_runs_over(site: Site, browser: Browser, width: int):
    page = opened(browser, site, "沈知夏", f"/hq/orders/{site.number}", width=width)
    expect(page.locator("#buyer button")).to_have_count(5)
    page.get_by_role("button", name="Show for a legal request").click()
    expect(page.locator("#buyer address")).to_contain_text(ZHANG["name"])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto(f"{site.base}/hq/openings?of={site.number}")
    expect(page.locator(".openings .message").first).to_contain_text("For a legal request")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
