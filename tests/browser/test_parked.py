"""What waits for goods and what must ship from where, as headquarters see and say it: nothing runs over."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from loopline import org
from loopline.db.embedded import EmbeddedServer
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import OnShortage
from loopline.processes import expect as expecting
from loopline.processes.place import Placed, place
from loopline.sourcing import profiles
from loopline.sourcing.settings import Profile, Settings
from tests.make.databases import database_from
from tests.make.desk import DEMO
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.shop import NOON, ask, lines, open_shop
from tests.make.web import served, settings

pytestmark = pytest.mark.browser

OPERATIONS = "王芳"
PARKED = "/hq/sourcing/parked"
WIDTHS = [390, 1440]
LOCALES = ["en-GB", "zh-CN"]


@pytest.fixture
def base(server: EmbeddedServer, template: str) -> Generator[str, None, None]:
    """A brand with one coat too few for each of three orders, and a draft of the profile."""
    for database in database_from(server, template):
        with database.transaction() as conn:
            shop = open_shop(conn, units=0)
            person = add_person(conn, "wang.hq", at="HX", role=org.Role.HQ_OPERATIONS)
            new = org.NewPassword(person_id=person, password=PASSWORD)
            succeeded(org.set_passwords(conn, [new], by=None, now=NOON))
            drafts = [
                ask(
                    shop,
                    f"W-{number}",
                    lines=lines(shop, (sku, 1)),
                    on_shortage=OnShortage.PARK,
                    hold_minutes=0,
                    ship_from=(shop.sites["D"],) if sku == "HAT" else (),
                )
                for number, sku in enumerate(("COAT", "HAT", "SCARF"))
            ]
            assert all(isinstance(one, Placed) for one in place(conn, drafts, scope=WHOLE_BRAND, now=NOON))
            expecting.expect(conn, now=NOON)
            draft = profiles.draft_profile(conn, Settings(), based_on=None, by="hq", now=NOON)
            assert isinstance(draft, Profile)
        with served(database, settings(demo=DEMO), clock=lambda: NOON) as address:
            yield address


def opened(base: str, browser: Browser, path: str, *, width: int, locale: str) -> Page:
    page = browser.new_context(locale=locale, viewport={"width": width, "height": 844}).new_page()
    page.goto(f"{base}{path}")
    page.get_by_role("button", name=OPERATIONS).click()
    page.wait_for_url(f"**{path}")
    return page


def pictured(page: Page, name: str, *, width: int, locale: str) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if "LOOPLINE_PICTURES" in os.environ:
        path = Path(os.environ["LOOPLINE_PICTURES"]) / f"{name}-{locale}-{width}.png"
        page.screenshot(path=path, full_page=True)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("locale", LOCALES)
def test_what_comes_is_said_and_what_waits_gets_its_day(base: str, browser: Browser, width: int, locale: str):
    page = opened(base, browser, PARKED, width=width, locale=locale)
    expect(page.locator("[data-key=parked-3]")).to_have_text("3")
    form = page.locator(".restock-form")
    form.locator("[name=sku]").fill("COAT")
    form.locator("[name=day]").fill("2026-03-10")
    form.locator("[name=units]").fill("40")
    form.locator("[name=note]").fill("Boat of the 2nd")
    form.locator("button").click()
    page.wait_for_url(f"**{PARKED}#restocks")
    expect(page.locator(".restock")).to_contain_text("Boat of the 2nd")
    expect(page.locator("[data-key=parked-2]")).to_have_text("1")
    expect(page.locator("table.parked tbody tr").first).to_contain_text("COAT")
    pictured(page, "parked", width=width, locale=locale)
    page.locator("table.parked a").first.click()
    page.wait_for_url("**/hq/orders/*")
    pictured(page, "parked-order", width=width, locale=locale)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("locale", LOCALES)
def test_a_rule_of_what_must_ship_from_where_is_typed_and_another_row_is_there(
    base: str, browser: Browser, width: int, locale: str
):
    page = opened(base, browser, "/hq/sourcing/profiles/1", width=width, locale=locale)
    rule = page.locator(".profile-rule")
    rule.locator("[name='ship_from.0.name']").fill("Coats")
    rule.locator("[name='ship_from.0.sites']").fill("W, S")
    rule.locator("[name='ship_from.0.products']").fill("COAT")
    page.locator(".profile-save button").click()
    expect(page.locator(".profile-rule")).to_have_count(2)
    expect(page.locator(".profile-changes")).to_contain_text("Coats")
    expect(page.locator("[name='ship_from.0.sites']")).to_have_value("W, S")
    page.locator("#ship-from").scroll_into_view_if_needed()
    pictured(page, "ship-from", width=width, locale=locale)
