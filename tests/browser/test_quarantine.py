"""The quarantine as people see it: why a message waits, tried again, put right, dismissed; both languages, widths."""

import re
from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, Page, expect

from loopline import orders, org
from loopline.channels.receiving import Receiver
from loopline.customers.keys import open_key_ring
from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from tests.make.databases import database_from
from tests.make.desk import DEMO
from tests.make.messages import cancelled, created, paid, sender
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.shop import NOON, open_shop
from tests.make.web import served, settings

pytestmark = pytest.mark.browser

HQ = "王芳"
WIDTHS = [390, 1440]


@pytest.fixture(scope="module")
def quarantine(server: EmbeddedServer, template: str) -> Generator[tuple[Database, str], None, None]:
    """A brand to which channels said things that could not be done."""
    for database in database_from(server, template):
        web = settings(demo=DEMO)
        with database.transaction() as conn:
            shop = open_shop(conn)
            person = add_person(conn, "wang.hq", at="HX", role=org.Role.HQ_OPERATIONS)
            succeeded(
                org.set_passwords(
                    conn, [org.NewPassword(person_id=person, password=PASSWORD)], by=None, now=NOON
                )
            )
            by = sender(conn)
        over = Receiver(database, ring=open_key_ring(web.keys_directory), clock=lambda: NOON)
        over.receive(
            [
                created("T-1"),
                created("T-1", id="T-1-again", lines=[{"sku_code": "HAT", "units": 1}]),
                created("T-2", channel="tmall", site_code="S"),
                created("T-4", channel="tmall"),
                created("T-3", lines=[{"sku_code": "BOOT", "units": 1}], buyer={"name": "王小明"}),
                paid("T-8"),
                cancelled("T-9"),
                b'{"id": "T-7", "channel": "web"',
            ],
            by,
        )
        with served(database, web, clock=lambda: NOON) as base:
            yield database, base
        del shop


def opened(browser: Browser, base: str, path: str, *, width: int = 1440, locale: str = "en-GB") -> Page:
    page = browser.new_context(locale=locale, viewport={"width": width, "height": 844}).new_page()
    page.goto(f"{base}{path}")
    page.get_by_role("button", name=HQ).click()
    page.wait_for_url(f"**{path}")
    return page


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    ("locale", "said"), [("en-GB", "There is no channel tmall."), ("zh-CN", "没有渠道 tmall。")]
)
def test_reasons_are_said_in_the_readers_language_and_nothing_runs_over(
    quarantine: tuple[Database, str], browser: Browser, width: int, locale: str, said: str
):
    page = opened(browser, quarantine[1], "/hq/quarantine", width=width, locale=locale)
    expect(page.locator(".message")).to_have_count(7)
    expect(page.locator(".message", has_text="T-4")).to_contain_text(said)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator(".message", has_text="T-3").locator(".message-name").click()
    text = page.locator("#body")
    expect(text).to_have_value(re.compile("王•••"))
    expect(text).not_to_have_value(re.compile("王小明"))
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_was_mended_is_tried_again_together_and_one_is_put_right(
    quarantine: tuple[Database, str], browser: Browser
):
    database, base = quarantine
    page = opened(browser, base, "/hq/quarantine")
    page.get_by_role("link", name="tmall · unknown channel").click()
    expect(page.locator(".message")).to_have_count(2)
    with database.transaction() as conn:
        terms = orders.channels_by_code(conn)["web"]
        orders.put_channels(
            conn, [orders.ChannelTerms(code="tmall", name="Tmall", network_node_id=terms.network_node_id)]
        )
    page.get_by_role("button", name="Try all of these again").click()
    expect(page.get_by_role("status")).to_have_text("2 applied, 0 still here.")
    assert "reason=unknown_channel" in page.url
    expect(page.get_by_role("heading", name="No message fits")).to_be_visible()
    page.get_by_role("link", name="Show all that is not settled").click()
    page.locator(".message", has_text="T-3").locator(".message-name").click()
    page.locator("#body").fill(created("T-3", lines=[{"sku_code": "HAT", "units": 1}]).decode())
    page.get_by_role("button", name="Try again as written here").click()
    expect(page.locator("h1 .state")).to_have_text("Applied")
    page.get_by_text("As it came first").click()
    expect(page.locator("details pre")).to_contain_text("BOOT")
    page.goto(f"{base}/hq/quarantine")
    page.locator(".message", has_text="Unreadable").locator(".message-name").click()
    page.get_by_label("Why").fill("Cut off on the way.")
    page.get_by_role("button", name="Dismiss").click()
    expect(page.locator("h1 .state")).to_have_text("Dismissed")
    expect(page.locator(".timeline")).to_contain_text("Cut off on the way.")
