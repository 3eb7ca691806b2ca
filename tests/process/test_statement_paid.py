"""Which lines of a statement stand as paid: those of the seller whose money arrived, and not before it did."""

import pytest

from loopline.db import Conn
from loopline.kernel.ids import EntityId, PartyId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Credits
from loopline.org import entities_by_code
from loopline.payouts import LineState as PayoutLineState
from loopline.payouts import RequestId
from loopline.payouts import queries as payouts_queries
from loopline.processes.pay_out import make_file
from loopline.processes.place import place
from loopline.processes.settle import release_due
from loopline.processes.statement.reading import LineState, lines_between, paid_through_of, states_of
from tests.make.loop import follow
from tests.make.org import succeeded
from tests.make.payouts import LATER, RING, SETTLE, approved, earned, paid_to, pays_by, say, terms
from tests.make.shop import NOON, Shop, open_shop, till_sale

PAID, DUE = LineState.PAID, LineState.DUE


@pytest.fixture
def shop(conn: Conn) -> Shop:
    """A shop whose brand and whose dealer each owe the guide 4.20; the brand pays by its bank."""
    found = open_shop(conn)
    dealer = entities_by_code(conn, ["DEALER-CO"])["DEALER-CO"].id
    earned(conn, found)
    sale = till_sale(
        found,
        "T-1",
        site="D",
        seller_entity_id=dealer,
        credits=Credits(guide_id=found.parties["GUIDE"]),
    )
    succeeded(place(conn, [sale], scope=WHOLE_BRAND, now=NOON))
    follow(conn, SETTLE)
    release_due(conn, now=LATER, limit=1_000)
    terms(conn)
    pays_by(conn, found.brand_entity)
    paid_to(conn, [found.parties["GUIDE"]])
    return found


def states(conn: Conn, party_id: PartyId) -> dict[EntityId, set[LineState]]:
    """How what was sold stands, by who sold it."""
    placed = lines_between(conn, party_id, first_day=NOON.date(), last_day=LATER.date())
    lines = [one.line for one in placed if one.line.kind == "sale"]
    found: dict[EntityId, set[LineState]] = {}
    for line, state in zip(
        lines, states_of(conn, party_id, lines, paid_through_of(conn, party_id)), strict=True
    ):
        found.setdefault(line.entity_id, set()).add(state)
    return found


def sent(conn: Conn, shop: Shop) -> RequestId:
    approved(conn, shop, "GUIDE")
    (payer,) = payouts_queries.payers_in_use(conn)
    found = make_file(conn, payer.id, ring=RING, scope=WHOLE_BRAND, now=LATER)
    assert not isinstance(found, Refusal), found
    return found


def test_lines_are_paid_when_the_money_arrived_and_only_those_of_who_paid(conn: Conn, shop: Shop):
    guide, brand = shop.parties["GUIDE"], shop.brand_entity
    dealer = entities_by_code(conn, ["DEALER-CO"])["DEALER-CO"].id
    assert states(conn, guide) == {brand: {DUE}, dealer: {DUE}}
    request_id = sent(conn, shop)
    assert states(conn, guide) == {brand: {DUE}, dealer: {DUE}}
    say(conn, request_id, PayoutLineState.PAID)
    assert states(conn, guide) == {brand: {PAID}, dealer: {DUE}}


def test_lines_whose_money_came_back_are_due(conn: Conn, shop: Shop):
    request_id = sent(conn, shop)
    say(conn, request_id, PayoutLineState.RETURNED)
    assert states(conn, shop.parties["GUIDE"])[shop.brand_entity] == {DUE}


def test_lines_are_due_while_only_what_was_paid_before_has_arrived(conn: Conn, shop: Shop):
    """What is on its way a second time does not count with what arrived the first time."""
    guide, brand = shop.parties["GUIDE"], shop.brand_entity
    say(conn, sent(conn, shop), PayoutLineState.PAID)
    earned(conn, shop, start=2)
    request_id = sent(conn, shop)
    assert states(conn, guide)[brand] == {DUE}
    say(conn, request_id, PayoutLineState.PAID)
    assert states(conn, guide)[brand] == {PAID}
