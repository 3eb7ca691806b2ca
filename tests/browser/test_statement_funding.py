"""A dealer's statement says what it bears of promotions, at a desk and on a phone, in both languages."""

import os
from collections.abc import Generator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from loopline import org
from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.org import Role
from loopline.web.settings import Demo, DemoPerson
from tests.make.databases import database_from
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.sandbox import SetClock
from tests.make.shop import NOON, open_shop
from tests.make.statements import DAY, bring_back, sell
from tests.make.web import served, settings
from tests.process.test_promotions import agreed, funders, in_force

pytestmark = pytest.mark.browser

FINANCE = "顾财务"
DEMO = Demo(
    password=PASSWORD,
    people=(DemoPerson(sign_in_name="gu.finance", name=FINANCE, role=Role.FINANCE, place="HX"),),
)
SHOTS = os.environ.get("LOOPLINE_SHOTS")
PATH = "/hq/statements/DEALER?from=2026-03-01&to=2026-03-31"
WORDS = {
    "zh-CN": ("承担的活动优惠", "承担的优惠", "¥9.49", "优惠 ¥11.30 的 60%：¥6.78"),
    "en-GB": ("Discount borne", "Borne of promotions", "CN¥9.49", "60 % of CN¥11.30 off: CN¥6.78"),
}


@pytest.fixture
def base(server: EmbeddedServer, template: str) -> Generator[str, None, None]:
    for database in database_from(server, template):
        _trade(database)
        with served(database, settings(demo=DEMO), clock=SetClock(NOON + 3 * DAY)) as base:
            yield base


def _trade(database: Database) -> None:
    with database.transaction() as conn:
        shop = open_shop(conn, units=20)
        person = add_person(conn, "gu.finance", at="HX", role=Role.FINANCE)
        password = org.NewPassword(person_id=person, password=PASSWORD)
        succeeded(org.set_passwords(conn, [password], by=None, now=NOON))
        agreed(conn, "DEALER", most=6_000)
        in_force(conn, "TENTH", name="九折", funders=funders(DEALER=6_000, seller=4_000))
    sell(database, shop, "W-1", ("COAT", 1), ("SCARF", 3), at=NOON)
    bring_back(database, shop, "R-1", ("SCARF", 1), at=NOON + 2 * DAY - timedelta(hours=1))


def _opened(browser: Browser, base: str, *, width: int, locale: str) -> tuple[Page, list[str]]:
    complaints: list[str] = []
    page = browser.new_context(locale=locale, viewport={"width": width, "height": 844}).new_page()
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{base}{PATH}")
    page.get_by_role("button", name=FINANCE).click()
    page.wait_for_url(f"**{PATH}")
    return page, complaints


@pytest.mark.parametrize("locale", list(WORDS))
def test_what_a_dealer_bears_is_read_at_any_width(base: str, browser: Browser, locale: str):
    kind, head, closing, why = WORDS[locale]
    for width in (390, 1440):
        page, complaints = _opened(browser, base, width=width, locale=locale)
        balances = page.locator(".statement-balances")
        expect(balances.get_by_role("columnheader", name=head)).to_be_visible()
        expect(balances.locator("tr.sum").last.locator("td").last).to_have_text(closing)
        line = page.locator(".statement-line").filter(has_text=kind).filter(has_text=why)
        expect(line).to_have_count(1)
        expect(line).to_contain_text("TENTH")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/statement-{width}-{locale[:2]}.png", full_page=True)
        assert complaints == []
