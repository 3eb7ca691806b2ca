"""What promises taught, as people see it: whether it holds for days it had not seen, in both languages and widths."""

import os
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from loopline import org, promises
from loopline.db.embedded import EmbeddedServer
from loopline.promises import HeldBack, Pace
from tests.make.databases import database_from
from tests.make.desk import DEMO
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.shop import NOON, open_shop
from tests.make.web import served, settings

pytestmark = pytest.mark.browser

HQ = "王芳"
PAGE = "/hq/promises"


@pytest.fixture(scope="module")
def learnt(server: EmbeddedServer, template: str) -> Generator[str, None, None]:
    """A brand whose promises taught something."""
    for database in database_from(server, template):
        with database.transaction() as conn:
            shop = open_shop(conn)
            person = add_person(conn, "wang.hq", at="HX", role=org.Role.HQ_OPERATIONS)
            succeeded(
                org.set_passwords(
                    conn, [org.NewPassword(person_id=person, password=PASSWORD)], by=None, now=NOON
                )
            )
            paces = [
                Pace(stage="ready", site_id=shop.sites["S"], band=None, minutes=96, observed=412, told=120)
            ]
            since = NOON - timedelta(days=60)
            record = promises.record_since(conn, since)
            version = promises.write_learnt(conn, paces, record, since=since, now=NOON)
            week = NOON - timedelta(days=7)
            measured = [
                HeldBack(
                    stage="ready", since=week, aim_percent=90, observed=1_412, covered=1_291, minutes_mean=104,
                    told_covered=1_370, told_minutes_mean=134,
                ),
                HeldBack(
                    stage="lane", since=week, aim_percent=90, observed=988, covered=862, minutes_mean=1_905,
                    told_covered=611, told_minutes_mean=1_610,
                ),
            ]  # fmt: skip
            promises.write_held_back(conn, version, measured)
        with served(database, settings(demo=DEMO), clock=lambda: NOON) as base:
            yield base


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en-GB", ["91 % within 104 min", "97 % within 134 min", "87 % within 32 h", "61 % within 27 h"]),
        ("zh-CN", ["备货", "91 %", "104 分钟", "在途", "61 %"]),
    ],
)
def test_what_was_learnt_stands_beside_what_it_replaced_and_nothing_runs_over(
    learnt: str, browser: Browser, width: int, locale: str, said: list[str]
):
    page = browser.new_context(locale=locale, viewport={"width": width, "height": 844}).new_page()
    page.goto(f"{learnt}{PAGE}")
    page.get_by_role("button", name=HQ).click()
    page.wait_for_url(f"**{PAGE}")
    part = page.locator(".held-back")
    expect(part.locator("tbody tr")).to_have_count(2)
    for word in said:
        expect(part).to_contain_text(word)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if "LOOPLINE_PICTURES" in os.environ:
        part.scroll_into_view_if_needed()
        page.screenshot(
            path=Path(os.environ["LOOPLINE_PICTURES"]) / f"promises-{locale}-{width}.png", full_page=True
        )
