"""Scanning: where a code leads, what counts, whose customer the member becomes, which order it brought."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from loopline import org, touchpoints
from loopline.customers import BindingRole, NewBinding, bind_members, bindings_of_members, timeline
from loopline.customers.bindings import Bound
from loopline.db import Conn
from loopline.db.followers import Follower
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.ids import MemberId, OrderId, PartyId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, NotInYourBranch, Scope
from loopline.orders import Credits, order_by_id
from loopline.org import NewParty, PartyKind, Role
from loopline.processes.place import Placed, place
from loopline.processes.touch import (
    Host,
    Scanned,
    WantedLiveRoom,
    WantedTouchpoint,
    add_live_rooms,
    add_touchpoints,
    attribute_orders,
    credits_for,
    end_live_rooms,
    identify_visitor,
    issue_receipts,
    retire_touchpoints,
    scan,
    scan_digital_link,
    start_live_rooms,
)
from loopline.touchpoints import (
    BindRole,
    Buyer,
    Credit,
    CreditBasis,
    CreditRole,
    DigitalLink,
    LiveRoomUnknown,
    NewBindingRule,
    ScanOutsideWindow,
    TieOutcome,
    TouchpointGone,
    TouchpointKind,
    TouchpointKindIsMade,
    TouchpointNeeds,
    TouchpointUnknown,
    set_binding_rules,
)
from tests.make.loop import follow, subject_types
from tests.make.org import add_person, succeeded
from tests.make.shop import NOON, Shop, ask, lines, open_shop, till_sale
from tests.make.touchpoints import OTHER_VISITOR, VISITOR, code_of, member_of, scan_of

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def led(conn: Conn, code: str, **fields: Any) -> Scanned:
    (outcome,) = succeeded(scan(conn, [scan_of(code, **fields)], now=fields.get("at", NOON)))
    return outcome


def counted(conn: Conn, table: str) -> int:
    row = conn.execute(f"select count(*) from touchpoints.{table}".encode()).fetchone()
    assert row is not None
    return row[0]


def second_guide(conn: Conn) -> PartyId:
    """A guide at the dealer's store."""
    party = NewParty(code="GUIDE-D", kind=PartyKind.GUIDE, name="Mo", unit_code="U-D")
    return succeeded(org.add_parties(conn, [party], by=None, now=NOON))[0].party_id


def streamer(conn: Conn, name: str = "LIVE") -> PartyId:
    party = NewParty(code=name, kind=PartyKind.STREAMER, name=name, unit_code="HX")
    return succeeded(org.add_parties(conn, [party], by=None, now=NOON))[0].party_id


# ---- where a code leads


def test_each_kind_leads_to_its_page(conn: Conn):
    open_shop(conn)
    kinds: list[tuple[TouchpointKind, dict[str, Any], str]] = [
        (TouchpointKind.STORE, {"site_code": "S"}, "/s/S"),
        (TouchpointKind.SHELF, {"site_code": "S", "product_code": "COAT"}, "/p/COAT?site=S"),
        (TouchpointKind.SHELF, {"site_code": "S"}, "/s/S"),
        (TouchpointKind.SAMPLE, {"site_code": "S", "sku_code": "COAT"}, "/p/COAT?site=S&sku=COAT"),
        (TouchpointKind.PRODUCT, {"product_code": "HAT"}, "/p/HAT"),
        (TouchpointKind.GUIDE, {"party_code": "GUIDE"}, "/g/GUIDE"),
        (TouchpointKind.TABLE, {"site_code": "D"}, "/s/D"),
        (TouchpointKind.POSTER, {"party_code": "DEALER"}, "/g/DEALER"),
        (TouchpointKind.POSTER, {"product_code": "HAT", "party_code": "GUIDE"}, "/p/HAT"),
    ]
    for kind, names, path in kinds:
        assert led(conn, code_of(conn, kind, **names)).leads_to == path, (kind, names)


def test_a_code_reads_as_it_is_typed(conn: Conn):
    open_shop(conn)
    code = code_of(conn, TouchpointKind.STORE, site_code="S")
    assert led(conn, f" {code[:5].lower()}-{code[5:].replace('0', 'o').replace('1', 'l')}").leads_to == "/s/S"


@pytest.mark.parametrize("code", ["", "ABCDEFGHJK", "x" * 5000, "a\x00b", "中文"])
def test_a_forged_code_leads_nowhere_and_leaves_nothing(conn: Conn, code: str):
    open_shop(conn, units=0)
    (outcome,) = scan(conn, [scan_of(code)], now=NOON)
    assert isinstance(outcome, TouchpointUnknown)
    assert counted(conn, "scan") == 0


def test_a_retired_code_leads_nowhere(conn: Conn):
    open_shop(conn, units=0)
    code = code_of(conn, TouchpointKind.STORE, site_code="S")
    succeeded(retire_touchpoints(conn, [code], scope=WHOLE_BRAND, now=NOON))
    assert scan(conn, [scan_of(code)], now=NOON) == [TouchpointGone(touchpoint_code=code)]
    assert counted(conn, "scan") == 0


def test_a_gtin_has_one_code_for_good(conn: Conn):
    open_shop(conn, units=0)
    conn.execute("update catalogue.sku set gtin = '09520123456788' where code = 'COAT'")
    link = DigitalLink(gtin="09520123456788", attributes={"10": "LOT"})
    first = scan_digital_link(conn, link, scan_of(""), now=NOON)
    again = scan_digital_link(conn, link, scan_of("", at=NOON + DAY), now=NOON + DAY)
    assert isinstance(first, Scanned)
    assert isinstance(again, Scanned)
    assert first.leads_to == again.leads_to == "/p/COAT?sku=COAT"
    assert first.touchpoint_id == again.touchpoint_id
    unknown = scan_digital_link(
        conn, DigitalLink(gtin="00000000000000", attributes={}), scan_of(""), now=NOON
    )
    assert isinstance(unknown, Refusal)
    assert (counted(conn, "touchpoint"), counted(conn, "scan")) == (1, 2)


# ---- what counts


def test_one_visitor_at_one_code_counts_once_within_seconds(conn: Conn):
    open_shop(conn, units=0)
    code = code_of(conn, TouchpointKind.STORE, site_code="S")
    moments = [NOON, NOON + 4 * SECOND, NOON + 5 * SECOND, NOON - 4 * SECOND, NOON]
    outcomes = succeeded(scan(conn, [scan_of(code, at=at) for at in moments], now=NOON))
    assert [one.is_repeat for one in outcomes] == [False, True, False, True, True]
    assert outcomes[1].scan_id == outcomes[0].scan_id
    # Told again, in another transaction, it is what it was; another visitor is another scan.
    assert [one.is_repeat for one in succeeded(scan(conn, [scan_of(code)], now=NOON + SECOND))] == [True]
    assert not led(conn, code, visitor=OTHER_VISITOR).is_repeat
    point = touchpoints.touchpoints_by_codes(conn, [code])[code]
    assert touchpoints.scan_totals(conn, [point.id])[point.id].scans == 3
    assert counted(conn, "scan") == 3
    assert subject_types(conn, point.id) == ["touchpoint_scanned"] * 3


def test_scans_of_long_ago_and_of_the_future_are_refused(conn: Conn):
    open_shop(conn, units=0)
    code = code_of(conn, TouchpointKind.STORE, site_code="S")
    moments = [NOON - 31 * DAY, NOON + timedelta(minutes=6)]
    outcomes = scan(conn, [scan_of(code, at=at) for at in moments], now=NOON)
    assert outcomes == [ScanOutsideWindow(days=30)] * 2
    assert counted(conn, "scan") == 0


# ---- making codes


def test_codes_of_another_branch_are_refused_from_outside(conn: Conn):
    shop = open_shop(conn, units=0)
    (unit,) = org.units_by_code(conn, ["U-S"]).values()
    mine = Scope(sites=frozenset({shop.sites["S"]}), org_units=frozenset({unit.id}))
    wanted = [
        WantedTouchpoint(kind=TouchpointKind.STORE, site_code="S"),
        WantedTouchpoint(kind=TouchpointKind.STORE, site_code="D"),
        WantedTouchpoint(kind=TouchpointKind.GUIDE, party_code="GUIDE"),
        WantedTouchpoint(kind=TouchpointKind.POSTER, site_code="S", party_code="DEALER"),
        WantedTouchpoint(kind=TouchpointKind.PRODUCT, product_code="COAT"),
        WantedTouchpoint(kind=TouchpointKind.STORE, site_code="NOWHERE"),
    ]
    outcomes = add_touchpoints(conn, wanted, scope=mine, now=NOON)
    assert [isinstance(one, Refusal) for one in outcomes] == [False, True, False, True, True, True]
    assert outcomes[1] == NotInYourBranch(subject="D")
    assert outcomes[5] == NotInYourBranch(subject="NOWHERE")  # nor is it told what there is elsewhere
    assert counted(conn, "touchpoint") == 2
    other = code_of(conn, TouchpointKind.STORE, site_code="D")
    assert retire_touchpoints(conn, [other], scope=mine, now=NOON) == [NotInYourBranch(subject=other)]
    assert led(conn, other).leads_to == "/s/D"


def test_codes_that_name_too_little_or_grant_something_are_not_made(conn: Conn):
    open_shop(conn, units=0)
    wanted = [
        WantedTouchpoint(kind=TouchpointKind.RECEIPT),
        WantedTouchpoint(kind=TouchpointKind.LIVE_ROOM),
        WantedTouchpoint(kind=TouchpointKind.STORE),
        WantedTouchpoint(kind=TouchpointKind.POSTER),
        WantedTouchpoint(kind=TouchpointKind.GUIDE, party_code="STORE-S"),
        WantedTouchpoint(kind=TouchpointKind.SHELF, site_code="S", product_code="HAT", sku_code="COAT"),
        WantedTouchpoint(kind=TouchpointKind.STORE, site_code="S", label="a\x07b"),
    ]
    outcomes = add_touchpoints(conn, wanted, scope=WHOLE_BRAND, now=NOON)
    assert outcomes[:4] == [
        TouchpointKindIsMade(kind=TouchpointKind.RECEIPT),
        TouchpointKindIsMade(kind=TouchpointKind.LIVE_ROOM),
        TouchpointNeeds(kind=TouchpointKind.STORE, field="site_code"),
        TouchpointNeeds(kind=TouchpointKind.POSTER, field="product_code"),
    ]
    assert all(isinstance(one, Refusal) for one in outcomes)
    assert counted(conn, "touchpoint") == 0


# ---- whose customer


def bound(conn: Conn, member_id: MemberId) -> Bound | None:
    return bindings_of_members(conn, [member_id]).get(member_id)


def test_a_member_who_scans_a_guide_is_the_guides_and_the_stores_and_the_dealers(conn: Conn):
    shop = open_shop(conn, units=0)
    guide = second_guide(conn)
    member_id = member_of(conn)
    led(conn, code_of(conn, TouchpointKind.GUIDE, party_code="GUIDE-D"), member_id=member_id)
    assert bound(conn, member_id) == Bound(
        guide_id=guide, store_id=shop.parties["STORE-D"], dealer_id=shop.parties["DEALER"]
    )
    assert subject_types(conn, member_id) == ["member_bound"] * 3


def test_protection_holds_until_it_ends_and_then_another_guide_may_take_over(conn: Conn):
    shop = open_shop(conn, units=0)
    other = second_guide(conn)
    member_id = member_of(conn)
    mine = code_of(conn, TouchpointKind.GUIDE, party_code="GUIDE")
    theirs = code_of(conn, TouchpointKind.GUIDE, party_code="GUIDE-D")
    led(conn, mine, member_id=member_id)
    led(conn, theirs, member_id=member_id, at=NOON + 30 * DAY - SECOND)
    assert bound(conn, member_id) == Bound(
        guide_id=shop.parties["GUIDE"], store_id=shop.parties["STORE-S"], dealer_id=shop.parties["DEALER"]
    )
    led(conn, theirs, member_id=member_id, visitor=OTHER_VISITOR, at=NOON + 30 * DAY)
    taken = bound(conn, member_id)
    assert taken is not None
    assert taken.guide_id == other
    ties = [
        one for one in touchpoints.ties_of_member(conn, member_id, limit=20) if one.role is BindRole.GUIDE
    ]
    assert [(one.outcome, one.party_id, one.was_bound_to) for one in ties] == [
        (TieOutcome.TAKEN_OVER, other, shop.parties["GUIDE"]),
        (TieOutcome.PROTECTED, other, shop.parties["GUIDE"]),
        (TieOutcome.BOUND, shop.parties["GUIDE"], None),
    ]
    history = conn.execute(
        "select party_id, bound_at, ended_at from customers.binding where role = 'guide' order by id"
    ).fetchall()
    assert history == [
        (shop.parties["GUIDE"], NOON, NOON + 30 * DAY),
        (other, NOON + 30 * DAY, None),
    ]


def test_a_binding_by_hand_is_protected_anew_whatever_an_old_scan_of_the_same_guide_said(conn: Conn):
    shop = open_shop(conn, units=0)
    other, mine = second_guide(conn), shop.parties["GUIDE"]
    member_id = member_of(conn)
    led(conn, code_of(conn, TouchpointKind.GUIDE, party_code="GUIDE"), member_id=member_id)
    for days, party_id in ((40, other), (41, mine)):
        said = NewBinding(member_id=member_id, role=BindingRole.GUIDE, party_id=party_id, reason="said by HQ")
        assert bind_members(conn, [said], now=NOON + days * DAY) == 1
    led(
        conn,
        code_of(conn, TouchpointKind.GUIDE, party_code="GUIDE-D"),
        member_id=member_id,
        at=NOON + 42 * DAY,
    )
    stands = bound(conn, member_id)
    assert stands is not None
    assert stands.guide_id == mine
    last = next(
        one for one in touchpoints.ties_of_member(conn, member_id, limit=20) if one.role is BindRole.GUIDE
    )
    assert (last.outcome, last.was_bound_to) == (TieOutcome.PROTECTED, mine)


def test_a_rule_that_lets_nobody_take_over_holds_for_good(conn: Conn):
    shop = open_shop(conn, units=0)
    second_guide(conn)
    member_id = member_of(conn)
    for_good = NewBindingRule(
        kind=TouchpointKind.GUIDE, role=BindRole.GUIDE, protection_days=1, may_take_over=False
    )
    succeeded(set_binding_rules(conn, [for_good], author="lin", now=NOON))
    led(conn, code_of(conn, TouchpointKind.GUIDE, party_code="GUIDE"), member_id=member_id)
    # A kinder rule that comes later does not change what was bound before.
    kinder = NewBindingRule(
        kind=TouchpointKind.GUIDE, role=BindRole.GUIDE, protection_days=1, may_take_over=True
    )
    succeeded(set_binding_rules(conn, [kinder], author="lin", now=NOON + DAY))
    theirs = code_of(conn, TouchpointKind.GUIDE, party_code="GUIDE-D")
    led(conn, theirs, member_id=member_id, at=NOON + 200 * DAY)
    stands = bound(conn, member_id)
    assert stands is not None
    assert stands.guide_id == shop.parties["GUIDE"]
    outcomes = {one.role: one.outcome for one in touchpoints.ties_of_member(conn, member_id, limit=3)}
    assert outcomes[BindRole.GUIDE] is TieOutcome.KEPT


def test_a_rule_that_ended_binds_nobody(conn: Conn):
    open_shop(conn, units=0)
    member_id = member_of(conn)
    ended = [
        NewBindingRule(
            kind=TouchpointKind.STORE, role=role, protection_days=0, may_take_over=True, is_active=False
        )
        for role in BindRole
    ]
    succeeded(set_binding_rules(conn, ended, author="lin", now=NOON))
    led(conn, code_of(conn, TouchpointKind.STORE, site_code="S"), member_id=member_id)
    assert bound(conn, member_id) is None


def test_what_an_unknown_visitor_scanned_binds_when_they_sign_in(conn: Conn):
    shop = open_shop(conn, units=0)
    member_id = member_of(conn)
    code = code_of(conn, TouchpointKind.GUIDE, party_code="GUIDE")
    led(conn, code)
    assert bound(conn, member_id) is None
    found = identify_visitor(conn, [(VISITOR, member_id)], now=NOON + DAY)
    assert len(found) == 1
    stands = bound(conn, member_id)
    assert stands is not None
    assert stands.guide_id == shop.parties["GUIDE"]
    # Again, and for another member, there is nothing left to claim.
    assert identify_visitor(conn, [(VISITOR, member_id)], now=NOON + DAY) == []
    second = member_of(conn, 2)
    assert identify_visitor(conn, [(VISITOR, second)], now=NOON + DAY) == []
    assert bound(conn, second) is None


def test_an_erased_member_is_bound_by_nothing(conn: Conn):
    open_shop(conn, units=0)
    member_id = member_of(conn)
    conn.execute("delete from customers.identity")
    conn.execute("update customers.member set erased_at = %s", (NOON,))
    led(conn, code_of(conn, TouchpointKind.GUIDE, party_code="GUIDE"), member_id=member_id)
    assert conn.execute("select member_id from touchpoints.scan").fetchall() == [(None,)]
    assert (counted(conn, "tie"), bound(conn, member_id)) == (0, None)


def test_scans_and_bindings_stand_in_the_timeline(conn: Conn):
    open_shop(conn, units=0)
    member_id = member_of(conn)
    led(conn, code_of(conn, TouchpointKind.STORE, site_code="S"), member_id=member_id)
    follow(conn, follower("touch_timelines"))
    kinds = [one.kind for one in timeline(conn, member_id, before=NOON + DAY, limit=10)]
    assert sorted(kinds) == ["member_bound", "touchpoint_scanned"]


def follower(name: str) -> Follower:
    return next(one for one in FOLLOWERS if one.name == name)


# ---- which order


def buyer(
    member_id: MemberId | None = None, visitor: UUID | None = None, code: str | None = None, **fields: Any
) -> Buyer:
    stated: dict[str, Any] = {"at": NOON}
    return Buyer(member_id=member_id, visitor=visitor, touchpoint_code=code, **(stated | fields))


def test_a_guest_s_order_is_credited_to_the_last_touch_within_the_window(conn: Conn):
    shop = open_shop(conn, units=0)
    other = second_guide(conn)
    mine = code_of(conn, TouchpointKind.GUIDE, party_code="GUIDE")
    theirs = code_of(conn, TouchpointKind.GUIDE, party_code="GUIDE-D")
    led(conn, mine, at=NOON - 30 * DAY + SECOND)
    first = buyer(visitor=VISITOR)
    assert credits_for(conn, [first, buyer(visitor=OTHER_VISITOR), buyer()]) == [
        Credits(guide_id=shop.parties["GUIDE"]),
        Credits(),
        Credits(),
    ]
    led(conn, theirs, at=NOON - DAY)
    assert credits_for(conn, [first, buyer(visitor=VISITOR, at=NOON - 2 * DAY)]) == [
        Credits(guide_id=other, dealer_id=shop.parties["DEALER"]),
        Credits(guide_id=shop.parties["GUIDE"]),
    ]
    # A day later the first touch has left the window; the window's first moment still counts.
    assert credits_for(conn, [buyer(visitor=VISITOR, at=NOON + 29 * DAY)]) == [
        Credits(guide_id=other, dealer_id=shop.parties["DEALER"])
    ]
    assert credits_for(conn, [buyer(visitor=VISITOR, at=NOON + 29 * DAY + SECOND)]) == [Credits()]


def test_a_protected_binding_goes_before_a_later_touch(conn: Conn):
    shop = open_shop(conn, units=0)
    second_guide(conn)
    member_id = member_of(conn)
    led(conn, code_of(conn, TouchpointKind.GUIDE, party_code="GUIDE"), member_id=member_id)
    theirs = code_of(conn, TouchpointKind.GUIDE, party_code="GUIDE-D")
    led(conn, theirs, member_id=member_id, at=NOON + DAY)
    (credited,) = credits_for(conn, [buyer(member_id, at=NOON + 2 * DAY)])
    assert credited.guide_id == shop.parties["GUIDE"]


def test_what_another_member_did_in_the_same_browser_is_not_this_members(conn: Conn):
    open_shop(conn, units=0)
    first, second = member_of(conn, 1), member_of(conn, 2)
    code = code_of(conn, TouchpointKind.POSTER, product_code="COAT", party_code="GUIDE")
    led(conn, code)
    identify_visitor(conn, [(VISITOR, first)], now=NOON)
    at = NOON + DAY
    credited = credits_for(conn, [buyer(first, VISITOR, at=at), buyer(second, VISITOR, at=at)])
    assert [one.guide_id is None for one in credited] == [False, True]


def place_one(conn: Conn, shop: Shop, number: str, one: Buyer, **fields: Any) -> OrderId:
    """Place an order as the web shop does: credits first, then the order, then the evidence."""
    (credited,) = credits_for(conn, [one])
    draft = ask(
        shop, number, member_id=one.member_id, credits=credited, lines=lines(shop, ("COAT", 1)), **fields
    )
    (placed,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(placed, Placed)
    attribute_orders(conn, {placed.order_id: one}, now=NOON)
    return placed.order_id


def test_the_order_has_the_credit_and_the_evidence_says_why(conn: Conn):
    shop = open_shop(conn)
    shelf = led(conn, code_of(conn, TouchpointKind.SHELF, site_code="S"), at=NOON - 2 * DAY)
    guide = led(conn, code_of(conn, TouchpointKind.GUIDE, party_code="GUIDE"), at=NOON - DAY)
    order_id = place_one(conn, shop, "W-1", buyer(visitor=VISITOR))
    head = order_by_id(conn, order_id)
    assert head is not None
    assert head.guide_id == shop.parties["GUIDE"]
    one = touchpoints.attributions_of_orders(conn, [order_id])[order_id]
    assert [touch.scan_id for touch in one.touches] == [shelf.scan_id, guide.scan_id]
    (credited,) = one.credits
    assert credited == Credit(
        role=CreditRole.GUIDE,
        party_id=shop.parties["GUIDE"],
        basis=CreditBasis.TOUCH,
        rule_from=credited.rule_from,
        scan_id=guide.scan_id,
        touchpoint_id=guide.touchpoint_id,
    )
    assert (one.visitor, one.placed_at) == (VISITOR, NOON)
    assert subject_types(conn, order_id)[-1] == "order_attributed"
    # What touched an order is kept once.
    assert attribute_orders(conn, {order_id: buyer(visitor=VISITOR)}, now=NOON) == []


def test_an_order_that_nothing_touched_has_no_attribution(conn: Conn):
    shop = open_shop(conn)
    order_id = place_one(conn, shop, "W-1", buyer(visitor=VISITOR))
    assert touchpoints.attributions_of_orders(conn, [order_id]) == {}


def test_a_till_sale_to_a_member_is_attributed_by_the_follower_to_what_they_scanned(conn: Conn):
    shop = open_shop(conn)
    member_id = member_of(conn)
    poster = led(
        conn, code_of(conn, TouchpointKind.POSTER, product_code="COAT"), member_id=member_id, at=NOON - DAY
    )
    stated = till_sale(shop, "T-1", member_id=member_id, credits=Credits(guide_id=shop.parties["GUIDE"]))
    (placed,) = succeeded(place(conn, [stated, till_sale(shop, "T-2")], scope=WHOLE_BRAND, now=NOON))[:1]
    follow(conn, follower("attribution"))
    follow(conn, follower("attribution"))
    one = touchpoints.attributions_of_orders(conn, [placed.order_id])[placed.order_id]
    assert [touch.scan_id for touch in one.touches] == [poster.scan_id]
    assert [(credited.role, credited.basis) for credited in one.credits] == [
        (CreditRole.GUIDE, CreditBasis.STATED)
    ]
    assert counted(conn, "attribution") == 1


# ---- receipts


def test_an_order_has_one_receipt_however_often_it_is_asked_for(conn: Conn):
    shop = open_shop(conn)
    sales = succeeded(place(conn, [till_sale(shop, f"T-{n}") for n in range(2)], scope=WHOLE_BRAND, now=NOON))
    ids = [one.order_id for one in sales]
    first = issue_receipts(conn, [*ids, ids[0]], now=NOON)
    again = issue_receipts(conn, list(reversed(ids)), now=NOON + DAY)
    assert first == again
    assert len(set(first.values())) == 2
    assert all(len(code) == 16 for code in first.values())
    assert led(conn, first[ids[0]]).leads_to == f"/r/{first[ids[0]]}"


def test_a_receipt_scanned_by_a_member_makes_them_the_stores(conn: Conn):
    shop = open_shop(conn)
    (sale,) = succeeded(place(conn, [till_sale(shop, "T-1", site="D")], scope=WHOLE_BRAND, now=NOON))
    code = issue_receipts(conn, [sale.order_id], now=NOON)[sale.order_id]
    member_id = member_of(conn)
    led(conn, code, member_id=member_id)
    assert bound(conn, member_id) == Bound(store_id=shop.parties["STORE-D"], dealer_id=shop.parties["DEALER"])


# ---- live rooms

HQ = Host(scope=WHOLE_BRAND)


def show(code: str = "SHOW-1", **fields: Any) -> WantedLiveRoom:
    stated: dict[str, Any] = {
        "name": "春装上新",
        "streamer_code": "LIVE",
        "starts_at": NOON,
        "sku_codes": ("COAT", "HAT"),
    }
    return WantedLiveRoom(code=code, **(stated | fields))


def test_a_live_room_runs_from_start_to_end_with_its_counters(conn: Conn):
    shop = open_shop(conn)
    streamer_id = streamer(conn)
    (room,) = succeeded(add_live_rooms(conn, [show()], host=HQ, now=NOON))
    assert (room.is_live, room.sku_codes, len(room.touchpoint_code)) == (False, ("COAT", "HAT"), 10)
    (started,) = succeeded(start_live_rooms(conn, ["SHOW-1"], host=HQ, now=NOON))
    assert started.room.is_live
    assert led(conn, room.touchpoint_code).leads_to == "/live/SHOW-1"
    # One order comes with the visitor who scanned, one names the code, one has neither.
    guest = place_one(conn, shop, "L-1", buyer(visitor=VISITOR))
    named = place_one(conn, shop, "L-2", buyer(code=room.touchpoint_code))
    alone = place_one(conn, shop, "L-3", buyer())
    heads = [order_by_id(conn, order_id) for order_id in (guest, named, alone)]
    assert [head.streamer_id if head else None for head in heads] == [streamer_id, streamer_id, None]
    (ended,) = succeeded(end_live_rooms(conn, ["SHOW-1"], host=HQ, now=NOON + DAY))
    assert (ended.room.is_live, ended.room.ended_at) == (False, NOON + DAY)
    counters = touchpoints.live_counters(conn, [room.id])[room.id]
    assert (counters.scans, counters.orders) == (1, 2)
    assert subject_types(conn, room.id) == ["live_room_started", "live_room_ended"]


def test_a_streamer_credit_ends_a_day_after_the_scan(conn: Conn):
    open_shop(conn, units=0)
    streamer_id = streamer(conn)
    (room,) = succeeded(add_live_rooms(conn, [show()], host=HQ, now=NOON))
    led(conn, room.touchpoint_code)
    at = [NOON + DAY, NOON + DAY + SECOND]
    assert [one.streamer_id for one in credits_for(conn, [buyer(visitor=VISITOR, at=one) for one in at])] == [
        streamer_id,
        None,
    ]


@pytest.mark.parametrize("followers", [("settle", "attribution"), ("attribution", "settle")])
def test_rules_see_the_show_of_a_till_sale_whoever_follows_first(conn: Conn, followers: tuple[str, ...]):
    shop = open_shop(conn)
    streamer_id, member_id = streamer(conn), member_of(conn)
    (room,) = succeeded(add_live_rooms(conn, [show()], host=HQ, now=NOON))
    led(conn, room.touchpoint_code, member_id=member_id)
    sale = till_sale(shop, "T-1", member_id=member_id, credits=Credits(streamer_id=streamer_id))
    succeeded(place(conn, [sale], scope=WHOLE_BRAND, now=NOON))
    for name in followers:
        follow(conn, follower(name))
    assert conn.execute("select campaign from sharing.line_kind").fetchall() == [("SHOW-1",)]


def test_starting_and_ending_twice_is_once_and_other_orders_are_refused(conn: Conn):
    open_shop(conn, units=0)
    streamer(conn)
    succeeded(add_live_rooms(conn, [show("A"), show("B")], host=HQ, now=NOON))
    assert len(succeeded(add_live_rooms(conn, [show("A")], host=HQ, now=NOON))) == 1
    codes = [
        one.code
        for one in (
            *add_live_rooms(conn, [show("A", name="other")], host=HQ, now=NOON),
            *end_live_rooms(conn, ["A"], host=HQ, now=NOON),
            *start_live_rooms(conn, ["NONE"], host=HQ, now=NOON),
        )
        if isinstance(one, Refusal)
    ]
    assert codes == ["live_room_code_taken", "live_room_not_started", "live_room_unknown"]
    started = start_live_rooms(conn, ["A", "A", "B"], host=HQ, now=NOON)
    assert [getattr(one, "is_repeat", one) for one in started[:2]] == [False, True]
    assert isinstance(started[2], Refusal)
    assert started[2].code == "streamer_on_air"
    ended = end_live_rooms(conn, ["A", "A"], host=HQ, now=NOON)
    assert [getattr(one, "is_repeat", one) for one in ended] == [False, True]
    (over,) = start_live_rooms(conn, ["A"], host=HQ, now=NOON)
    assert isinstance(over, Refusal)
    assert over.code == "live_room_has_ended"
    (room,) = touchpoints.live_rooms_by_code(conn, ["A"]).values()
    assert subject_types(conn, room.id) == ["live_room_started", "live_room_ended"]


def test_a_streamer_moves_the_own_shows_and_nobody_elses(conn: Conn):
    open_shop(conn, units=0)
    person_id = add_person(conn, "mei", at="HX", role=Role.STREAMER)
    own = NewParty(code="LIVE", kind=PartyKind.STREAMER, name="Mei", unit_code="HX", sign_in_name="mei")
    succeeded(org.add_parties(conn, [own], by=None, now=NOON))
    streamer(conn, "OTHER")
    mei = Host(scope=Scope(), person_id=person_id)
    wanted = [show("MINE"), show("THEIRS", streamer_code="OTHER"), show("X", streamer_code="GUIDE")]
    outcomes = add_live_rooms(conn, wanted, host=mei, now=NOON)
    assert [getattr(one, "code", "") for one in outcomes] == ["MINE", "not_in_your_branch", "party_unknown"]
    succeeded(add_live_rooms(conn, [wanted[1]], host=HQ, now=NOON))
    moved = start_live_rooms(conn, ["MINE", "THEIRS"], host=mei, now=NOON)
    assert moved[1] == LiveRoomUnknown(live_room_code="THEIRS")
    rooms = touchpoints.live_rooms_by_code(conn, ["MINE", "THEIRS"])
    assert [rooms[code].is_live for code in ("MINE", "THEIRS")] == [True, False]
