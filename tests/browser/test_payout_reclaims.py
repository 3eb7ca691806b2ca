"""Shares asked back as finance sees them: a debt is ticked, approved by another person, and on its way."""

from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, expect

from loopline import org
from loopline.customers.keys import open_key_ring
from loopline.db import Conn
from loopline.db.embedded import EmbeddedServer
from loopline.payouts import AccountKind, LineState
from loopline.processes.pay_out import prepare_requests
from tests.browser.test_payouts import DEMO, PEOPLE, SECOND, Finance
from tests.make.databases import database_from
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.payouts import LATER, approved, earned, noted, paid_to, say, terms
from tests.make.shop import open_shop
from tests.make.web import data_directory, served, settings
from tests.process.test_pay_out_reclaims import RETURNED, bring_back
from tests.property.processes.test_money_machine import CONTRACT

pytestmark = pytest.mark.browser


def furnish(conn: Conn) -> None:
    """A shop whose platform was paid 1.40 by profit sharing, and owes 1.00 of it since a coat came back."""
    shop = open_shop(conn)
    earned(conn, shop)
    terms(conn, withheld_basis_points=0)
    ring = open_key_ring(data_directory() / "keys")
    paid_to(conn, [shop.parties["PLATFORM"]], AccountKind.WECHAT_MERCHANT, ring=ring)
    payer = noted(conn, shop, [1_000])
    approved(conn, shop, "PLATFORM")
    (request_id,) = prepare_requests(conn, payer, CONTRACT, {"0000": 1_000}, ring=ring, now=LATER)
    say(conn, request_id, LineState.PAID)
    bring_back(conn, shop, ("COAT", 1))
    ids = [add_person(conn, name, at=unit, role=role) for name, _, role, unit in PEOPLE]
    passwords = [org.NewPassword(person_id=one, password=PASSWORD) for one in ids]
    succeeded(org.set_passwords(conn, passwords, by=None, now=RETURNED))


@pytest.fixture
def finance(server: EmbeddedServer, template: str, browser: Browser) -> Generator[Finance, None, None]:
    for database in database_from(server, template):
        with database.transaction() as conn:
            furnish(conn)
        with served(database, settings(demo=DEMO), clock=lambda: RETURNED) as base:
            yield Finance(base, browser)


def test_a_debt_is_ticked_and_asked_back_when_another_person_approves(finance: Finance):
    maker, second = finance.opened(), finance.opened(who=SECOND, width=390, locale="zh-CN")
    debt = maker.locator("tr").filter(has_text="-CN¥1.00")
    expect(debt).to_contain_text("CN¥1.00 of it can be asked back")
    for box in maker.locator("input[name=due]:checked").all():
        box.uncheck()
    debt.locator("input[name=debt]").check()
    maker.get_by_role("button", name="Plan what is ticked").click()
    expect(maker.get_by_role("status")).to_have_text("1 planned.")
    mine = maker.locator("section").filter(has=maker.get_by_role("heading", name="Shares asked back"))
    expect(mine).to_contain_text("Above the limit: somebody else approves it.")
    expect(mine.get_by_role("button", name="Approve")).to_have_count(0)
    second.reload()
    theirs = second.locator("section").filter(has=second.get_by_role("heading", name="分账回退"))
    theirs.get_by_role("button", name="审批通过").click()
    expect(second.get_by_role("status")).to_be_visible()
    expect(theirs.locator(".state")).to_have_text("已审批")
    assert second.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    maker.reload()
    expect(mine.locator(".state")).to_have_text("Approved")
    assert finance.complaints == []
