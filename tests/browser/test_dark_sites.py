"""Dark sites as headquarters see them on the wave monitor, and the settings behind them: nothing runs over."""

from collections.abc import Generator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from loopline import org
from loopline.db.embedded import EmbeddedServer
from loopline.fulfilment.dark import note_seen
from loopline.fulfilment.model import AcceptTask, PickTask
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes import dispatch, fulfil
from loopline.processes.go_dark import watch_sites
from loopline.processes.place import Placed, place
from loopline.processes.source import source_wave
from loopline.sourcing import profiles
from loopline.sourcing.settings import Profile, Settings
from tests.browser.test_parked import LOCALES, WIDTHS, opened, pictured
from tests.make.databases import database_from
from tests.make.desk import DEMO
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.shop import NOON, ask, lines, open_shop
from tests.make.web import served, settings

pytestmark = pytest.mark.browser

LATER = NOON + timedelta(minutes=42)


@pytest.fixture
def base(server: EmbeddedServer, template: str) -> Generator[str, None, None]:
    """A brand whose store began one of three tasks at noon and did nothing since."""
    for database in database_from(server, template):
        with database.transaction() as conn:
            shop = open_shop(conn)
            note_seen(conn, shop.sites["S"], now=NOON - timedelta(hours=1))  # pages are opened there
            person = add_person(conn, "wang.hq", at="HX", role=org.Role.HQ_OPERATIONS)
            new = org.NewPassword(person_id=person, password=PASSWORD)
            succeeded(org.set_passwords(conn, [new], by=None, now=NOON))
            drafts = [ask(shop, f"W-{number}", lines=lines(shop, ("COAT", 1))) for number in range(3)]
            assert all(isinstance(one, Placed) for one in place(conn, drafts, scope=WHOLE_BRAND, now=NOON))
            begun = source_wave(conn, now=NOON).tasks[0]
            succeeded(dispatch.accept(conn, [AcceptTask(task_id=begun)], scope=WHOLE_BRAND, now=NOON))
            succeeded(fulfil.pick(conn, [PickTask(task_id=begun)], scope=WHOLE_BRAND, now=NOON))
            watch_sites(conn, now=LATER, limit=10)
            source_wave(conn, now=LATER)
            draft = profiles.draft_profile(conn, Settings(), based_on=None, by="hq", now=NOON)
            assert isinstance(draft, Profile)
        with served(database, settings(demo=DEMO), clock=lambda: LATER) as address:
            yield address


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("locale", LOCALES)
def test_a_dark_site_and_its_settings(base: str, browser: Browser, width: int, locale: str):
    page = opened(base, browser, "/hq/sourcing", width=width, locale=locale)
    dark = page.locator('[data-key="dark-sites"]')
    expect(dark.get_by_role("alert")).to_have_count(1)
    expect(dark).to_contain_text("42")
    pictured(page, "dark-sites", width=width, locale=locale)
    page.goto(f"{base}/hq/sourcing/profiles/1")
    expect(page.locator('[name="dark_sites.silent_minutes"]')).to_have_value("30")
    expect(page.locator('[name="fairness.day_most_percent"]')).to_have_value("100")
    pictured(page, "dark-settings", width=width, locale=locale)
