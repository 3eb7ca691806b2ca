"""What is left open of sourcing, as a dealer sets it: a row opens, says why, and nothing runs over."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from loopline import org
from loopline.db.embedded import EmbeddedServer
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.open_settings import Wish, set_open
from loopline.sourcing import profiles
from loopline.sourcing.settings import Profile, Publication, Settings, SiteSetting
from tests.make.databases import database_from
from tests.make.desk import DEMO
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.shop import NOON, open_shop
from tests.make.two_dealers import add_rival
from tests.make.web import served, settings

pytestmark = pytest.mark.browser

DEALER = "陈刚"
OVERRIDES = "/hq/sourcing/overrides"
OPEN = Settings(answer_minutes=200, open_to_units=(SiteSetting.ANSWER_MINUTES, SiteSetting.AGEING_CREDIT))


@pytest.fixture
def base(server: EmbeddedServer, template: str) -> Generator[str, None, None]:
    """A brand that leaves two settings open; its region has set one of them."""
    for database in database_from(server, template):
        with database.transaction() as conn:
            add_rival(conn, open_shop(conn, units=0))
            person = add_person(conn, "chen.dealer", at="DEALER", role=org.Role.DEALER)
            new = org.NewPassword(person_id=person, password=PASSWORD)
            succeeded(org.set_passwords(conn, [new], by=None, now=NOON))
            draft = profiles.draft_profile(conn, OPEN, based_on=None, by="hq", now=NOON)
            assert isinstance(draft, Profile)
            publication = Publication(version=draft.version, comment="Tried in March.", by="hq")
            profiles.publish_profile(conn, publication, now=NOON, site_ids=[])
            wish = Wish(
                unit_code="EAST", setting=SiteSetting.ANSWER_MINUTES, value=60, comment="Stores close at six."
            )
            succeeded(set_open(conn, [wish], scope=WHOLE_BRAND, by="hq", now=NOON))
        with served(database, settings(demo=DEMO), clock=lambda: NOON) as address:
            yield address


def opened(base: str, browser: Browser, *, width: int, locale: str) -> Page:
    page = browser.new_context(locale=locale, viewport={"width": width, "height": 844}).new_page()
    page.goto(f"{base}{OVERRIDES}")
    page.get_by_role("button", name=DEALER).click()
    page.wait_for_url(f"**{OVERRIDES}")
    return page


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize(
    ("locale", "by_region", "mine"),
    [("en-GB", "set by region EAST", "set here"), ("zh-CN", "由 region EAST 设置", "本级设置")],
)
def test_a_dealer_opens_its_row_and_sets_what_holds_for_its_sites(
    base: str, browser: Browser, width: int, locale: str, by_region: str, mine: str
):
    page = opened(base, browser, width=width, locale=locale)
    row = page.locator("#answer_minutes-DEALER")
    expect(row).to_contain_text(by_region)
    expect(row).to_contain_text("Stores close at six.")
    row.locator("summary").click()
    expect(row.locator("[name=value]")).to_have_value("60")
    row.locator("[name=value]").fill("45")
    row.locator("[name=comment]").fill("We are quick.")
    row.locator("button[value=set]").click()
    page.wait_for_url(f"**{OVERRIDES}#answer_minutes-DEALER")
    expect(row.locator(".override-value")).to_have_text("45")
    expect(row).to_contain_text(mine)
    expect(row).to_contain_text("We are quick.")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if "LOOPLINE_PICTURES" in os.environ:
        path = Path(os.environ["LOOPLINE_PICTURES"]) / f"overrides-{locale}-{width}.png"
        page.screenshot(path=path, full_page=True)
