"""Messages to customers as people see them: service reads what was told and why the rest was not, and tells again."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from loopline import customers, org
from loopline.channels.telling import notice_gateway
from loopline.customers import Purpose
from loopline.customers.keys import open_key_ring
from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.db.followers import catch_up
from loopline.jobs.followers import FOLLOWERS
from loopline.jobs.notices import tell_customers
from loopline.org import Role
from loopline.web.settings import Demo, DemoPerson
from tests.make.customers import consent_key, member, phone, registered, says
from tests.make.databases import database_from
from tests.make.notices import at_work, failed_notice
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.sandbox import SetClock
from tests.make.shop import NOON, open_shop
from tests.make.web import data_directory, served, settings
from tests.process.test_notify import ready

pytestmark = pytest.mark.browser

SERVICE = "唐可"
DEMO = Demo(
    password=PASSWORD,
    people=(DemoPerson(sign_in_name="tang.service", name=SERVICE, role=Role.CUSTOMER_SERVICE, place="HX"),),
)
SHOTS = os.environ.get("LOOPLINE_SHOTS")


class Told:
    """A served brand one of whose customers was told, one declined, and one could not be reached."""

    def __init__(self, base: str, browser: Browser, number: str) -> None:
        self.base, self.number = base, number
        self.complaints: list[str] = []
        self._browser = browser

    def opened(self, path: str, *, width: int = 1440, locale: str = "en-GB") -> Page:
        """Sign customer service in on the way to the page."""
        page = self._browser.new_context(locale=locale, viewport={"width": width, "height": 844}).new_page()
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(f"{self.base}{path}")
        page.get_by_role("button", name=SERVICE).click()
        page.wait_for_url(f"**{path}")
        return page


@pytest.fixture
def brand(server: EmbeddedServer, template: str, browser: Browser) -> Generator[Told, None, None]:
    clock, ring = SetClock(NOON), open_key_ring(data_directory() / "keys")
    for database in database_from(server, template):
        at_work(database, NOON)
        number = _trade(database)
        with served(database, settings(demo=DEMO), clock=clock) as base:
            gateway = notice_gateway(data_directory(), Path("none"), sandbox_at=base)
            assert gateway is not None
            catch_up(database, FOLLOWERS, now=NOON)
            while tell_customers(database, gateway, clock(), open_ring=lambda: ring):
                clock.on(minutes=3)
            catch_up(database, FOLLOWERS, now=clock())
            yield Told(base, browser, number)


def _trade(database: Database) -> str:
    ring = open_key_ring(data_directory() / "keys")
    with database.transaction() as conn:
        shop = open_shop(conn)
        ids = [add_person(conn, "tang.service", at="HX", role=Role.CUSTOMER_SERVICE)]
        passwords = [org.NewPassword(person_id=one, password=PASSWORD) for one in ids]
        succeeded(org.set_passwords(conn, passwords, by=None, now=NOON))
        people = registered(conn, [member(phone(one)) for one in range(1, 4)], keys=ring)
        declined = consent_key(people[1], purpose=Purpose.SERVICE, receiver_id=shop.parties["BRAND"])
        succeeded(customers.record_consents(conn, [says(declined, granted=False, at=NOON)], now=NOON))
        unreached = ready(conn, shop, "C-3", people[2], code="ABCD2347")
        failed_notice(conn, unreached, people[2], shop.sites["S"])
        told = ready(conn, shop, "C-1", people[0])
        ready(conn, shop, "C-2", people[1], code="ABCD2346")
    return told.number


def look(page: Page, name: str) -> None:
    """Keep a picture, where somebody wants one."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def test_service_reads_what_was_told_and_tells_again_what_failed(brand: Told):
    page = brand.opened("/hq/notices")
    row = page.locator(".payout-row")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("The gateway will not send it · isv.BLACK_KEY_CONTROL_LIMIT")
    look(page, "notices-failed-1440-en")
    row.get_by_role("button", name="Tell again").click()
    expect(page.get_by_role("status")).to_have_text("It is told again within the minute.")
    page.get_by_role("link", name="Left out").click()
    expect(page.locator(".payout-why")).to_have_text("The customer wants no messages about orders")
    page.goto(f"{brand.base}/hq/orders/{brand.number}")
    expect(page.locator(".timeline")).to_contain_text("Customer told by message")
    look(page, "notices-order-1440-en")
    page.get_by_role("link", name="Messages to the customer").click()
    expect(page.get_by_role("heading", level=2)).to_have_text(f"Messages about order {brand.number}")
    expect(page.locator(".payout-row").last).to_contain_text(f"您的订单{brand.number}已在S备好")
    for width, locale in ((390, "zh-CN"), (1440, "zh-CN"), (390, "en-GB")):
        for path, name in (
            ("/hq/notices?list=sent", "sent"),
            ("/hq/notices?list=waiting", "waiting"),
            (f"/hq/orders/{brand.number}", "order"),
        ):
            other = brand.opened(path, width=width, locale=locale)
            assert other.evaluate("document.documentElement.scrollWidth") <= width
            look(other, f"notices-{name}-{width}-{locale[:2]}")
    assert brand.complaints == []
