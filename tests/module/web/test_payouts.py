"""What finance is shown of payouts: what was sent and what arrived, never what was only approved."""

import pytest

from loopline.db import Conn
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.payouts import (
    AccountKind,
    Contract,
    LineState,
    Payer,
    RequestId,
)
from loopline.processes.pay_out import prepare_requests
from loopline.web.hq.payouts import find
from loopline.web.hq.payouts_view import View, written
from loopline.web.languages import languages
from tests.make.payouts import LATER, MAKER, RING, approved, earned, noted, paid_to, say, terms
from tests.make.shop import Shop, open_shop

ENGLISH = languages()["en"]


@pytest.fixture
def shop(conn: Conn) -> Shop:
    """A shop whose guide is due 4.20, a fifth of it tax, and whose platform is due 1.40."""
    found = open_shop(conn)
    earned(conn, found)
    terms(conn)
    paid_to(conn, [found.parties[code] for code in ("GUIDE", "PLATFORM")], AccountKind.WECHAT_PERSON)
    return found


def shown(conn: Conn, chosen: str = "", *, scope: Scope = WHOLE_BRAND) -> View:
    return written(find(conn, chosen, scope=scope, person=MAKER, now=LATER), ENGLISH)


def figures(view: View) -> dict[str, str]:
    return {one.key: one.amount for one in view.figures}


def sent(conn: Conn, payer: Payer, left: dict[str, int | None], **contract: int) -> list[RequestId]:
    usual = {"receivers_per_request": 50, "requests_per_transaction": 1, "ratio_basis_points": 10_000}
    return list(prepare_requests(conn, payer, Contract(**(usual | contract)), left, ring=RING, now=LATER))


def test_a_payout_that_is_sent_short_shows_what_was_sent_and_then_what_arrived(conn: Conn, shop: Shop):
    """Of 3.36 that were approved 1.68 are sent, out of two payments of customers; half of that arrives."""
    payer = noted(conn, shop, [84, 84])
    approved(conn, shop, "GUIDE")
    (row,) = shown(conn, "under_way").rows
    assert (row.amount, row.tax) == ("CN¥3.36", "CN¥0.84 withheld of CN¥4.20")
    first, second = sent(conn, payer, {"0000": 84, "0001": 84})
    view = shown(conn, "under_way")
    assert (view.rows[0].amount, view.rows[0].tax) == ("CN¥1.68", "CN¥0.42 withheld of CN¥2.10")
    assert (figures(view)["in_transit"], figures(view)["paid"]) == ("CN¥1.68", "–")
    say(conn, first, LineState.PAID)
    view = shown(conn, "under_way")
    assert view.rows[0].amount == "CN¥1.68"
    assert (figures(view)["in_transit"], figures(view)["paid"]) == ("CN¥0.84", "CN¥0.84")
    say(conn, second, LineState.RETURNED)
    view = shown(conn, "paid")
    assert (view.rows[0].state, view.rows[0].amount) == ("Paid in part", "CN¥0.84")
    assert view.rows[0].tax == "CN¥0.21 withheld of CN¥1.05"
    assert (figures(view)["in_transit"], figures(view)["paid"]) == ("–", "CN¥0.84")


def test_what_did_not_arrive_shows_what_was_sent(conn: Conn, shop: Shop):
    payer = noted(conn, shop, [84])
    approved(conn, shop, "GUIDE")
    (request_id,) = sent(conn, payer, {"0000": 84})
    say(conn, request_id, LineState.RETURNED)
    view = shown(conn, "not_paid")
    assert (view.rows[0].state, view.rows[0].amount) == ("Did not arrive", "CN¥0.84")
    assert (figures(view)["in_transit"], figures(view)["paid"]) == ("–", "–")


def test_all_money_on_its_way_is_summed_however_many_requests_are_shown(conn: Conn, shop: Shop):
    payer = noted(conn, shop, [1] * 60)
    approved(conn, shop, "GUIDE")
    assert len(sent(conn, payer, {f"{place:04d}": 1 for place in range(60)})) == 60
    view = shown(conn, "under_way")
    assert len(view.requests) == 50
    assert figures(view)["in_transit"] == "CN¥0.60"


def test_figures_are_of_the_entities_that_somebody_sees(conn: Conn, shop: Shop):
    payer = noted(conn, shop, [84])
    approved(conn, shop, "GUIDE")
    sent(conn, payer, {"0000": 84})
    (dealers,) = conn.execute("select id from org.unit where code = 'DEALER'").fetchone() or (None,)
    view = shown(conn, "under_way", scope=Scope(org_units=frozenset({dealers})))  # pyright: ignore[reportArgumentType]
    assert (view.rows, figures(view)["in_transit"]) == ([], "–")
