"""Protection of dealers: what a dealer's followers buy is the dealer's, wherever they buy and whatever is stated."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from loopline import org, touchpoints
from loopline.customers import BindingRole, NewBinding, bind_members
from loopline.db import Conn
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.ids import MemberId, OrderId, PartyId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Credits, DraftKind, order_by_id
from loopline.org import NewParty, PartyKind
from loopline.processes.place import Placed, place
from loopline.processes.take_in import Incoming, MessageLine, OrderMessage, OrderTaken, place_messages
from loopline.processes.touch import scan
from loopline.touchpoints import CreditBasis, CreditRole, TouchpointKind
from tests.make.loop import follow
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, lines, open_shop, till_sale
from tests.make.touchpoints import code_of, member_of, scan_of

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
SETTLE = next(one for one in FOLLOWERS if one.name == "settle")


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def rival(conn: Conn) -> PartyId:
    """Another dealer, whom orders state."""
    party = NewParty(
        code="RIVAL", kind=PartyKind.DEALER, name="Rival", unit_code="HX", entity_code="DEALER-CO"
    )
    return succeeded(org.add_parties(conn, [party], by=None, now=NOON))[0].party_id


def dealers_code(conn: Conn) -> str:
    """The code of a guide at the dealer's store: whoever scans it is the dealer's too."""
    party = NewParty(code="GUIDE-D", kind=PartyKind.GUIDE, name="Mo", unit_code="U-D")
    succeeded(org.add_parties(conn, [party], by=None, now=NOON))
    return code_of(conn, TouchpointKind.GUIDE, party_code="GUIDE-D")


def dealer_of(conn: Conn, outcome: object) -> PartyId | None:
    assert isinstance(outcome, Placed | OrderTaken), outcome
    head = order_by_id(conn, outcome.order_id)
    assert head is not None
    return head.dealer_id


def message(number: str, **fields: Any) -> OrderMessage:
    stated: dict[str, Any] = {
        "channel": "web",
        "external_number": number,
        "kind": DraftKind.ASK,
        "lines": (MessageLine(sku_code="COAT", units=1),),
        "region_code": "310000",
        "dealer_code": "RIVAL",
    }
    return OrderMessage(**(stated | fields))


def taken(conn: Conn, one: OrderMessage) -> OrderTaken | Refusal:
    (outcome,) = place_messages(conn, [Incoming(message=one, scope=WHOLE_BRAND)], now=NOON)
    return outcome


def test_a_protected_follower_is_the_dealers_whoever_is_stated(conn: Conn, shop: Shop):
    other = rival(conn)
    dealer = shop.parties["DEALER"]
    member = member_of(conn)
    code = dealers_code(conn)
    at = NOON - 30 * DAY + SECOND
    succeeded(scan(conn, [scan_of(code, member_id=member, at=at)], now=at))
    stated = Credits(dealer_id=other)
    theirs, strangers, till = place(
        conn,
        [
            ask(shop, "W-1", member_id=member, credits=stated),
            ask(shop, "W-2", member_id=member_of(conn, 2), credits=stated),
            till_sale(shop, "T-1", member_id=member, credits=stated),
        ],
        scope=WHOLE_BRAND,
        now=NOON,
    )
    assert [dealer_of(conn, one) for one in (theirs, strangers, till)] == [dealer, other, dealer]
    assert dealer_of(conn, taken(conn, message("M-1", member_id=member))) == dealer
    assert dealer_of(conn, taken(conn, message("M-2"))) == other
    # The same message again is the same order, whatever its member was bound to.
    again = taken(conn, message("M-1", member_id=member))
    assert isinstance(again, OrderTaken)
    assert again.is_repeat


def test_when_protection_has_ended_or_had_not_begun_who_is_stated_is_credited(conn: Conn, shop: Shop):
    other = rival(conn)
    member = member_of(conn)
    code = dealers_code(conn)
    succeeded(scan(conn, [scan_of(code, member_id=member, at=NOON)], now=NOON))
    (tie,) = [
        one
        for one in touchpoints.last_binding_ties(conn, [member])
        if one.role is touchpoints.BindRole.DEALER and one.protected_until is not None
    ]
    until = tie.protected_until
    assert until is not None
    moments = (NOON - SECOND, NOON, until - SECOND, until)
    drafts = [
        till_sale(
            shop,
            f"T-{place}",
            member_id=member,
            credits=Credits(dealer_id=other),
            placed_at=at,
            lines=lines(shop, ("HAT", 1), stated=True),
        )
        for place, at in enumerate(moments)
    ]
    placed = place(conn, drafts, scope=WHOLE_BRAND, now=until)
    dealer = shop.parties["DEALER"]
    # Bound as of when the scan was taken in; from then on until protection ends.
    assert [dealer_of(conn, one) for one in placed] == [other, dealer, dealer, other]


def test_a_binding_that_was_made_by_hand_is_protected_while_it_stands(conn: Conn, shop: Shop):
    other = rival(conn)
    member = member_of(conn)
    mine = NewBinding(
        member_id=member, role=BindingRole.DEALER, party_id=shop.parties["DEALER"], reason="an old customer"
    )
    bind_members(conn, [mine], now=NOON - 400 * DAY)
    (placed,) = place(
        conn,
        [ask(shop, "W-1", member_id=member, credits=Credits(dealer_id=other))],
        scope=WHOLE_BRAND,
        now=NOON,
    )
    assert dealer_of(conn, placed) == shop.parties["DEALER"]
    theirs = NewBinding(member_id=member, role=BindingRole.DEALER, party_id=other, reason="moved there")
    bind_members(conn, [theirs], now=NOON)
    (placed,) = place(conn, [ask(shop, "W-2", member_id=member)], scope=WHOLE_BRAND, now=NOON)
    assert dealer_of(conn, placed) == other


def by_hand(conn: Conn, member_id: MemberId, party_id: PartyId, *, now: datetime) -> None:
    """Bind a member to a dealer as somebody at HQ says."""
    said = NewBinding(member_id=member_id, role=BindingRole.DEALER, party_id=party_id, reason="said by HQ")
    assert bind_members(conn, [said], now=now) == 1


def test_a_binding_by_hand_to_a_dealer_is_not_judged_by_an_old_scan_of_the_dealers(conn: Conn, shop: Shop):
    other, dealer = rival(conn), shop.parties["DEALER"]
    member = member_of(conn)
    code = dealers_code(conn)
    succeeded(scan(conn, [scan_of(code, member_id=member, at=NOON - 400 * DAY)], now=NOON - 400 * DAY))
    (tie,) = [
        one
        for one in touchpoints.last_binding_ties(conn, [member])
        if one.role is touchpoints.BindRole.DEALER
    ]
    assert tie.protected_until is not None
    assert tie.protected_until < NOON
    by_hand(conn, member, other, now=NOON - 2 * DAY)
    by_hand(conn, member, dealer, now=NOON - DAY)
    (placed,) = place(
        conn,
        [ask(shop, "W-1", member_id=member, credits=Credits(dealer_id=other))],
        scope=WHOLE_BRAND,
        now=NOON,
    )
    assert dealer_of(conn, placed) == dealer


def test_the_share_and_the_evidence_are_the_protected_dealers(conn: Conn, shop: Shop):
    other = rival(conn)
    dealer = shop.parties["DEALER"]
    member = member_of(conn)
    code = dealers_code(conn)
    succeeded(scan(conn, [scan_of(code, member_id=member, at=NOON - DAY)], now=NOON - DAY))
    (placed,) = place(
        conn,
        [till_sale(shop, "T-1", member_id=member, credits=Credits(dealer_id=other))],
        scope=WHOLE_BRAND,
        now=NOON,
    )
    assert isinstance(placed, Placed)
    for one in FOLLOWERS:
        if one.name in {"settle", "attribution"}:
            follow(conn, one)
    assert earners(conn, placed.order_id) >= {dealer}
    assert other not in earners(conn, placed.order_id)
    evidence = touchpoints.attributions_of_orders(conn, [placed.order_id])[placed.order_id]
    (credited,) = [one for one in evidence.credits if one.role is CreditRole.DEALER]
    assert (credited.party_id, credited.basis) == (dealer, CreditBasis.BINDING)


def earners(conn: Conn, order_id: OrderId) -> set[PartyId]:
    found = conn.execute(
        "select distinct unnest(party_ids) from sharing.split where order_id = %s", [order_id]
    ).fetchall()
    return {party_id for (party_id,) in found}
