"""An entry of the books as finance reads it: from a statement to the entry, what took it back, and the scan before."""

import os
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from loopline import org
from loopline.db import Conn, Database
from loopline.ledger.model import EntryKind
from loopline.org import Permission, Role
from loopline.touchpoints import TouchpointKind
from loopline.web.settings import Demo, DemoPerson
from tests.make.api import make_key
from tests.make.loop import follow, hand_over_everything
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.sandbox import SetClock
from tests.make.shop import NOON, open_shop
from tests.make.touchpoints import VISITOR, code_of
from tests.make.web import served, settings
from tests.process.test_take_back import SETTLE, back, taken
from tests.process.test_touch import DAY, buyer, led, place_one
from tests.process.test_trace_entry import entries

pytestmark = pytest.mark.browser

FINANCE = "顾财务"
DEMO = Demo(
    password=PASSWORD,
    people=(DemoPerson(sign_in_name="gu.finance", name=FINANCE, role=Role.FINANCE, place="HX"),),
)
PICTURES = os.environ.get("LOOPLINE_PICTURES")
STATEMENT = "/hq/statements/BRAND?from=2026-03-01&to=2026-03-31"
WORDS = {
    "zh-CN": ("销售分佣", "销售", "因退货收回", "最初的扫码", "由此开始", "待到期分账"),
    "en-GB": (
        "Share of a sale",
        "Sale",
        "Taken back by a return",
        "The scan that began it",
        "Began it",
        "Shares pending",
    ),
}


def _trade(conn: Conn) -> None:
    """A shelf and a guide's code are scanned, a coat is sold, and comes back three days later."""
    shop = open_shop(conn)
    person = add_person(conn, "gu.finance", at="HX", role=Role.FINANCE)
    password = org.NewPassword(person_id=person, password=PASSWORD)
    succeeded(org.set_passwords(conn, [password], by=None, now=NOON))
    led(conn, code_of(conn, TouchpointKind.SHELF, site_code="S"), at=NOON - 2 * DAY)
    led(conn, code_of(conn, TouchpointKind.GUIDE, party_code="GUIDE"), at=NOON - DAY)
    order_id = place_one(conn, shop, "W-1", buyer(visitor=VISITOR))
    hand_over_everything(conn, now=NOON)
    follow(conn, SETTLE)
    taken(conn, back(shop, "R-1", ("COAT", 1), member_id=None, order_id=order_id))


@pytest.fixture
def house(database: Database) -> Generator[tuple[str, str, str], None, None]:
    with database.transaction() as conn:
        _trade(conn)
        (sale,) = entries(conn, EntryKind.SALE)
    key = make_key(database, branch="HX", permissions={Permission.LEDGER_READ})
    with served(database, settings(demo=DEMO), clock=SetClock(NOON + 5 * DAY)) as base:
        yield base, key, str(sale)


def _opened(browser: Browser, base: str, *, width: int, locale: str) -> tuple[Page, list[str]]:
    complaints: list[str] = []
    page = browser.new_context(locale=locale, viewport={"width": width, "height": 844}).new_page()
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{base}{STATEMENT}")
    page.get_by_role("button", name=FINANCE).click()
    page.wait_for_url(f"**{STATEMENT}")
    return page, complaints


@pytest.mark.parametrize("locale", list(WORDS))
def test_a_line_of_a_statement_leads_to_the_scan_that_began_it(
    house: tuple[str, str, str], browser: Browser, locale: str
):
    base, _, sale = house
    line, kind, undone, title, began, pending = WORDS[locale]
    for width in (390, 1440):
        page, complaints = _opened(browser, base, width=width, locale=locale)
        page.locator(".statement-line").get_by_role("link", name=line, exact=True).first.click()
        page.wait_for_url(f"**/hq/entries/{sale}")
        expect(page.get_by_role("heading", level=1)).to_have_text(kind)
        expect(page.get_by_role("heading", name=title)).to_be_visible()
        scans = page.locator("[aria-labelledby=touches] .entries li")
        expect(scans).to_have_count(2)
        expect(scans.first).to_contain_text(began)
        expect(scans.nth(1)).not_to_contain_text(began)
        expect(page.locator(".entry-postings")).to_contain_text(pending)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"entry-{width}-{locale}.png", full_page=True)
        page.get_by_role("link", name=undone).click()
        page.wait_for_url(lambda url: "/hq/entries/" in url and sale not in url)
        expect(page.get_by_role("heading", level=1)).to_have_text(undone)
        expect(page.get_by_role("heading", name=title)).to_be_visible()
        # What a journal calls an entry is found by the field for anything.
        page.goto(f"{base}/hq/find?text={sale}")
        page.wait_for_url(f"**/hq/entries/{sale}")
        assert complaints == []
        page.context.close()


def test_programs_read_the_same(house: tuple[str, str, str]):
    base, key, sale = house
    with httpx.Client(base_url=f"{base}/api/v1", headers={"authorization": f"Bearer {key}"}) as program:
        told = program.get(f"/ledger/entries/{sale}").json()
        assert [one["kind"] for one in told["touches"]] == ["shelf", "guide"]
        assert [(one["role"], one["party_code"], one["basis"]) for one in told["credits"]] == [
            ("guide", "GUIDE", "touch")
        ]
        assert told["credits"][0]["scan_id"] == told["touches"][1]["scan_id"]
        assert sum(one["amount_minor"] for one in told["postings"]) == 0
        assert {one["rule_version"] for one in told["shares"]} == {1}
        assert sum(one["amount_minor"] for one in told["shares"]) == told["shares"][0]["base_minor"]
        assert all(one["taken_back_minor"] == one["amount_minor"] for one in told["shares"])
        assert [(one["kind"], one["relation"]) for one in told["others"]] == [("reversal", "taken_back_by")]
        assert told["months"] == [
            {"entity_code": "BRAND-CO", "currency": "CNY", "month": "2026-03", "is_closed": False}
        ]
        unknown = program.get("/ledger/entries/00000000-0000-7000-8000-000000000000")
        assert unknown.status_code == 404
