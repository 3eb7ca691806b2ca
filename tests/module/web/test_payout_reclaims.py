"""What finance is shown of shares that are asked back, and what it may do with them."""

import pytest

from loopline.db import Conn
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.payouts import AccountKind, LineState, Way
from loopline.processes.pay_out import (
    PlanAsk,
    approve_reclaims,
    ask_approved,
    plan_reclaims,
    prepare_requests,
)
from loopline.processes.statement.reading import statement_of
from loopline.web.hq.payouts import find
from loopline.web.hq.payouts_view import View, written
from loopline.web.languages import languages
from loopline.web.statements.view import KIND_WORDS
from tests.make.org import succeeded
from tests.make.payouts import LATER, MAKER, RING, SECOND, approved, earned, noted, paid_to, say, terms
from tests.make.shop import NOON, Shop, open_shop
from tests.process.test_pay_out_reclaims import RETURNED, bring_back
from tests.property.processes.test_money_machine import CONTRACT

ENGLISH = languages()["en"]


@pytest.fixture
def shop(conn: Conn) -> Shop:
    """A shop whose platform was paid 1.40 and owes 1.00 of it since the coat came back."""
    found = open_shop(conn)
    earned(conn, found)
    terms(conn, withheld_basis_points=0)
    paid_to(conn, [found.parties["PLATFORM"]], AccountKind.WECHAT_MERCHANT)
    payer = noted(conn, found, [1_000])
    approved(conn, found, "PLATFORM")
    (request_id,) = prepare_requests(conn, payer, CONTRACT, {"0000": 1_000}, ring=RING, now=LATER)
    say(conn, request_id, LineState.PAID)
    bring_back(conn, found, ("COAT", 1))
    return found


def shown(conn: Conn, *, person: str = MAKER, scope: Scope = WHOLE_BRAND) -> View:
    return written(find(conn, "", scope=scope, person=person, now=RETURNED), ENGLISH)


def test_a_debt_that_can_be_asked_back_can_be_ticked(conn: Conn, shop: Shop):
    (row,) = [one for one in shown(conn).dues if one.debt]
    assert (row.due, row.value) == ("-CN¥1.00", "")
    assert row.why == "a debt: CN¥1.00 of it can be asked back, the rest is set off"
    party, entity, currency = row.debt.split("/")
    assert (party, entity, currency) == (str(shop.parties["PLATFORM"]), str(shop.brand_entity), "CNY")
    assert shown(conn, scope=Scope()).reclaims == []


def test_what_is_asked_back_shows_where_it_stands_and_who_may_decide(conn: Conn, shop: Shop):
    ask = PlanAsk(party_id=shop.parties["PLATFORM"], entity_id=shop.brand_entity, currency="CNY")
    succeeded(plan_reclaims(conn, [ask], by=MAKER, scope=WHOLE_BRAND, now=RETURNED))
    (mine,) = shown(conn).reclaims
    assert (mine.state, mine.amount, mine.may_approve, mine.needs_another, mine.may_withdraw) == (
        "Waits for approval", "CN¥1.00", False, True, True,
    )  # fmt: skip
    (theirs,) = shown(conn, person=SECOND).reclaims
    assert (theirs.may_approve, theirs.needs_another) == (True, False)
    assert [one.debt for one in shown(conn).dues if one.debt] == []


def test_a_statement_tells_what_was_asked_back(conn: Conn, shop: Shop):
    ask, party = (
        PlanAsk(party_id=shop.parties["PLATFORM"], entity_id=shop.brand_entity, currency="CNY"),
        shop.parties["PLATFORM"],
    )
    (planned,) = succeeded(plan_reclaims(conn, [ask], by=MAKER, scope=WHOLE_BRAND, now=RETURNED))
    succeeded(approve_reclaims(conn, planned, by=SECOND, scope=WHOLE_BRAND, now=RETURNED))
    assert ask_approved(conn, [Way.WECHAT_SHARING.value], now=RETURNED) == 1
    (balance,) = statement_of(conn, party, first_day=NOON.date(), last_day=RETURNED.date()).balances
    assert {one.kind: one.due_minor for one in balance.kinds if one.due_minor} == {
        "share_release": 140,
        "payout": -140,
        "share_claw_back": -100,
        "reclaim": 100,
    }
    assert balance.closing.due_minor == 0
    assert set(KIND_WORDS) >= {"reclaim", "reclaim_failed"}
