"""Feeds as people see them: how old, how far trusted, what waits; answered with one touch, in one's branch alone."""

from collections.abc import Generator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from loopline import org, stock
from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.kernel.ids import PersonId
from loopline.processes.hear import weigh_feeds
from tests.make.databases import database_from
from tests.make.desk import DEMO, PEOPLE
from tests.make.feeds import heard, open_feed, snapshot
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.shop import NOON, Shop, open_shop
from tests.make.web import served, settings

pytestmark = pytest.mark.browser

HQ, DEALER = "王芳", "陈刚"
NOW = NOON + timedelta(minutes=12)


class Brand:
    """A served brand with three feeds, and a browser that collects what pages complain about."""

    def __init__(self, shop: Shop, database: Database, base: str, browser: Browser) -> None:
        self.shop = shop
        self.database = database
        self.base = base
        self.complaints: list[str] = []
        self._browser = browser

    def opened(self, *, who: str = HQ, width: int = 1440, locale: str = "en-GB") -> Page:
        """Sign somebody in on the way to the page of feeds."""
        context = self._browser.new_context(locale=locale, viewport={"width": width, "height": 844})
        page = context.new_page()
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(f"{self.base}/hq/feeds")
        page.get_by_role("button", name=who).click()
        page.wait_for_url("**/hq/feeds")
        return page

    def on_hand(self, site: str, sku: str) -> int:
        """What our books say."""
        with self.database.reading() as conn:
            (row,) = stock.stock_at_leaves(conn, [self.shop.leaves[site]], sku_ids=[self.shop.skus[sku]])
        return row.on_hand


@pytest.fixture
def brand(server: EmbeddedServer, template: str, browser: Browser) -> Generator[Brand, None, None]:
    for database in database_from(server, template):
        with database.transaction() as conn:
            shop = open_shop(conn)
            person_ids = [add_person(conn, name, at=at, role=role) for name, _, at, role in PEOPLE]
            passwords = [_password(one) for one in person_ids]
            succeeded(org.set_passwords(conn, passwords, by=None, now=NOON))
            for code, site in (("ERP-D", "D"), ("ERP-S", "S"), ("ERP-W", "W")):
                open_feed(conn, shop, code=code, site=site)
            heard(conn, snapshot(shop, code="ERP-D", as_at=NOON, HAT=9, COAT=10))
            heard(conn, snapshot(shop, code="ERP-D", as_at=NOON + timedelta(minutes=5), HAT=95, COAT=10))
            heard(conn, snapshot(shop, code="ERP-S", as_at=NOON - timedelta(hours=2), HAT=10))
            while weigh_feeds(conn, now=NOW):
                pass
        with served(database, settings(demo=DEMO), clock=lambda: NOW) as base:
            made = Brand(shop, database, base, browser)
            yield made
            assert made.complaints == []
            for context in list(browser.contexts):
                context.close()


def _password(person_id: PersonId) -> org.NewPassword:
    return org.NewPassword(person_id=person_id, password=PASSWORD)


def test_a_suspicion_is_answered_by_its_dealer_and_seen_by_nobody_elsewhere(brand: Brand):
    page = brand.opened(who=DEALER)
    expect(page.locator("table.feeds tbody tr")).to_have_count(1)
    expect(page.get_by_text("stated 95")).to_be_visible()
    page.get_by_role("button", name="It is right").click()
    expect(page.get_by_text("stated 95")).to_have_count(0)
    assert brand.on_hand("D", "HAT") == 95
