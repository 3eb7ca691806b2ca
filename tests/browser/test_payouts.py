"""Payouts as finance sees them: planned, approved by another person, put into a file, paid as the bank says."""

from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from loopline import org
from loopline.customers.keys import open_key_ring
from loopline.db import Conn
from loopline.db.embedded import EmbeddedServer
from loopline.kernel.ids import PersonId
from loopline.org import Role
from loopline.payouts import AccountKind
from loopline.web.settings import Demo, DemoPerson
from tests.make.databases import database_from
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.payouts import LATER, earned, paid_to, pays_by, terms
from tests.make.shop import Shop, open_shop
from tests.make.web import data_directory, served, settings

pytestmark = pytest.mark.browser

MAKER, SECOND, DEALER = "顾明远", "贺清", "陈刚"
PEOPLE = (
    ("gu.finance", MAKER, Role.FINANCE, "HX"),
    ("he.finance", SECOND, Role.FINANCE, "HX"),
    ("chen.dealer", DEALER, Role.DEALER, "DEALER"),
)
DEMO = Demo(
    password=PASSWORD,
    people=tuple(
        DemoPerson(sign_in_name=sign_in, name=name, role=role, place=unit)
        for sign_in, name, role, unit in PEOPLE
    ),
)


def furnish(conn: Conn) -> Shop:
    """A shop that owes its guide and the platform, pays by a bank, and keeps a fifth of what people are paid."""
    shop = open_shop(conn)
    earned(conn, shop, orders=3)
    terms(conn, least_minor=100, second_person_above_minor=500)
    pays_by(conn, shop.brand_entity)
    ring = open_key_ring(data_directory() / "keys")
    paid_to(conn, [shop.parties[code] for code in ("GUIDE", "PLATFORM")], AccountKind.BANK, ring=ring)
    ids: list[PersonId] = [add_person(conn, name, at=unit, role=role) for name, _, role, unit in PEOPLE]
    passwords = [org.NewPassword(person_id=one, password=PASSWORD) for one in ids]
    succeeded(org.set_passwords(conn, passwords, by=None, now=LATER))
    return shop


class Finance:
    """A served brand, and a browser that collects what pages complain about."""

    def __init__(self, base: str, browser: Browser) -> None:
        self.base = base
        self.complaints: list[str] = []
        self._browser = browser

    def opened(
        self, *, who: str = MAKER, width: int = 1440, locale: str = "en-GB", path: str = "/hq/payouts"
    ) -> Page:
        """Sign somebody in on the way to the page."""
        context = self._browser.new_context(locale=locale, viewport={"width": width, "height": 844})
        page = context.new_page()
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(f"{self.base}{path}")
        page.get_by_role("button", name=who).click()
        page.wait_for_url(f"**{path}")
        return page


@pytest.fixture
def finance(server: EmbeddedServer, template: str, browser: Browser) -> Generator[Finance, None, None]:
    for database in database_from(server, template):
        with database.transaction() as conn:
            furnish(conn)
        with served(database, settings(demo=DEMO), clock=lambda: LATER) as base:
            yield Finance(base, browser)


def test_what_is_due_is_planned_approved_by_another_and_paid_by_a_file(finance: Finance, tmp_path: Path):
    maker, second = finance.opened(), finance.opened(who=SECOND)
    expect(maker.locator("[data-key=due]")).to_have_text("CN¥16.80")
    maker.get_by_role("button", name="Plan what is ticked").click()
    expect(maker.get_by_role("status")).to_have_text("2 planned.")
    guide = maker.locator(".payout-row").filter(has_text="CN¥10.08")
    expect(guide).to_contain_text("CN¥2.52 withheld of CN¥12.60")
    expect(guide).to_contain_text("Above the limit: somebody else approves it.")
    expect(guide.get_by_role("button", name="Approve")).to_have_count(0)
    second.reload()
    for _ in range(2):
        second.get_by_role("button", name="Approve").first.click()
        expect(second.get_by_role("status")).to_have_text("1 approved: sent next.")
    second.get_by_role("button", name="Make the file for Settlement").click()
    expect(second.locator("[data-key=in_transit]")).to_have_text("CN¥14.28")
    with second.expect_download() as downloading:
        second.get_by_role("button", name="Download the file").click()
    text = Path(downloading.value.path()).read_text(encoding="utf-8-sig")
    numbers = [row.split(",")[0] for row in text.splitlines()[1:]]
    outcome = tmp_path / "outcome.csv"
    outcome.write_text(
        f"number,result,reason\n{numbers[0]},成功,\n{numbers[1]},失败,户名不符\n", encoding="gb18030"
    )
    second.reload()
    expect(second.locator(".payout-row").last).to_contain_text("Given to He.Finance")
    second.get_by_label("Outcome file of the bank").set_input_files(outcome)
    second.get_by_role("button", name="Read the outcome").click()
    expect(second.get_by_role("status")).to_have_text("2 lines were read.")
    second.get_by_role("link", name="Not paid").click()
    expect(second.locator(".payout-row")).to_contain_text("户名不符")
    assert finance.complaints == []


def test_a_dealer_has_no_payouts_and_no_way_to_them(finance: Finance):
    page = finance.opened(who=DEALER, path="/hq/board")
    expect(page.get_by_role("link", name="Payouts")).to_have_count(0)
    assert page.goto(f"{finance.base}/hq/payouts").status == 403  # pyright: ignore[reportOptionalMemberAccess]


@pytest.mark.parametrize("locale", ["zh-CN", "en-GB"])
@pytest.mark.parametrize("path", ["/hq/payouts", "/hq/payouts/accounts"])
def test_nothing_is_wider_than_a_phone(finance: Finance, locale: str, path: str):
    page = finance.opened(width=390, locale=locale, path=path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert finance.complaints == []
