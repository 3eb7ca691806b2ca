"""Nobody earns by buying through themselves: as guide, dealer or streamer, nor as who brought the member."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from loopline import org
from loopline.customers import BindingRole, NewBinding, bind_members
from loopline.db import Conn
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.ids import LadderId, MemberId, OrderId, PartyId, PersonId, RuleSetId, uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.kernel.times import TimeRange
from loopline.orders import Credits
from loopline.org import NewParty, PartyKind
from loopline.processes.look_up import order_story
from loopline.processes.own_members import OwnMemberUnknown, OwnPartyUnknown, WantedOwn, note_own
from loopline.processes.place import Placed, place
from loopline.processes.what_if import what_if
from loopline.sharing import ladders, own, queries
from loopline.sharing.ladders import Ladder, LadderWay, Step
from loopline.sharing.model import NewRuleSet, Role, RuleRow
from loopline.sharing.queries import OwnPurchase
from tests.make.customers import member, phone, registered, ring
from tests.make.loop import follow
from tests.make.org import add_person, succeeded
from tests.make.shop import NOON, SHARING, Shop, open_shop, till_sale
from tests.make.tried import publish_tried

SETTLE = next(one for one in FOLLOWERS if one.name == "settle")
RING = ring(1)
ROWS = (
    *SHARING[:-1],
    RuleRow(role=Role.STREAMER, basis_points=200),
    RuleRow(role=Role.INTRODUCER, basis_points=100),
    SHARING[-1],
)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    found = open_shop(conn)
    publish_rows(conn, found)
    return found


def publish_rows(conn: Conn, shop: Shop, *, after_minutes: int = 0, own_earns: bool = False) -> None:
    at = NOON - timedelta(hours=1) + timedelta(minutes=after_minutes)
    made = NewRuleSet(
        id=RuleSetId(uuid7(at)),
        currency="CNY",
        author_id=shop.manager,
        comment="with streamers and introducers",
        rows=ROWS,
        own_earns=own_earns,
    )
    publish_tried(conn, made, now=at)


def buyer(conn: Conn, number: int = 1) -> MemberId:
    return registered(conn, [member(phone(number))])[0]


def streamer(conn: Conn, **fields: Any) -> PartyId:
    party = NewParty(code="LIVE", kind=PartyKind.STREAMER, name="Live", unit_code="HX", **fields)
    return succeeded(org.add_parties(conn, [party], by=None, now=NOON))[0].party_id


def note(conn: Conn, code: str, said: str, *, by: PersonId) -> object:
    wanted = WantedOwn(party_code=code, member=said)
    (outcome,) = note_own(conn, [wanted], ring=RING, by=by, purpose="a test", now=NOON)
    return outcome


def sell(conn: Conn, shop: Shop, number: str, who: MemberId | None, **credited: PartyId) -> OrderId:
    draft = till_sale(shop, number, member_id=who, credits=Credits(**credited))
    (sold,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(sold, Placed), sold
    follow(conn, SETTLE)
    return sold.order_id


def earned(conn: Conn, order_id: OrderId) -> Mapping[PartyId, int]:
    found = conn.execute(
        "select party_id, sum(amount_minor)::bigint from sharing.split, unnest(party_ids, amounts_minor) as share"
        " (party_id, amount_minor) where order_id = %s group by party_id",
        [order_id],
    ).fetchall()
    return dict(found)


def test_a_guide_who_serves_themselves_earns_nothing_and_the_brand_keeps_it(conn: Conn, shop: Shop):
    guide, brand = shop.parties["GUIDE"], shop.parties["BRAND"]
    me, somebody = buyer(conn), buyer(conn, 2)
    note(conn, "GUIDE", "138 0000 0001", by=shop.manager)
    theirs = earned(conn, sell(conn, shop, "T-1", somebody, guide_id=guide))
    order_id = sell(conn, shop, "T-2", me, guide_id=guide)
    mine = earned(conn, order_id)
    assert theirs[guide] > 0
    assert guide not in mine
    assert mine[brand] == theirs[brand] + theirs[guide]
    assert sum(mine.values()) == sum(theirs.values())
    story = order_story(conn, order_id)
    assert story is not None
    rules = next(one for one in queries.rule_sets(conn) if one.rows == ROWS)
    assert set(story.own_purchases) == {
        OwnPurchase(line_id=line.line_id, rule_set_id=rules.id, role=Role.GUIDE, party_id=guide)
        for line in story.lines
    }
    assert guide in story.parties


def test_a_dealer_earns_nothing_of_their_own_purchase_bound_or_not(conn: Conn, shop: Shop):
    dealer = shop.parties["DEALER"]
    me = buyer(conn)
    assert dealer in earned(conn, sell(conn, shop, "T-1", buyer(conn, 2), dealer_id=dealer))
    note(conn, "DEALER", str(me), by=shop.manager)
    bound = NewBinding(member_id=me, role=BindingRole.DEALER, party_id=dealer, reason="themselves")
    bind_members(conn, [bound], now=NOON - timedelta(days=9))
    assert dealer not in earned(conn, sell(conn, shop, "T-2", me))
    assert dealer not in earned(conn, sell(conn, shop, "T-3", me, dealer_id=dealer))


def test_whoever_brought_themselves_earns_nothing_of_what_they_buy(conn: Conn, shop: Shop):
    guide = shop.parties["GUIDE"]
    me, somebody = buyer(conn), buyer(conn, 2)
    note(conn, "GUIDE", str(me), by=shop.manager)
    bind_members(
        conn,
        [
            NewBinding(member_id=one, role=BindingRole.GUIDE, party_id=guide, reason="scanned")
            for one in (me, somebody)
        ],
        now=NOON - timedelta(days=9),
    )
    other = streamer(conn)
    assert guide in earned(conn, sell(conn, shop, "T-1", somebody, streamer_id=other))
    assert guide not in earned(conn, sell(conn, shop, "T-2", me, streamer_id=other))


def test_the_same_person_is_the_same_by_every_party_they_are(conn: Conn, shop: Shop):
    add_person(conn, "lan.streams", at="U-S", role=org.Role.GUIDE)
    live = streamer(conn, sign_in_name="lan.streams")
    party = NewParty(
        code="LAN", kind=PartyKind.GUIDE, name="Lan", unit_code="U-S", sign_in_name="lan.streams"
    )
    guide = succeeded(org.add_parties(conn, [party], by=None, now=NOON))[0].party_id
    me = buyer(conn)
    assert {live, guide} <= set(
        earned(conn, sell(conn, shop, "T-1", buyer(conn, 2), guide_id=guide, streamer_id=live))
    )
    note(conn, "LIVE", str(me), by=shop.manager)
    found = earned(conn, sell(conn, shop, "T-2", me, guide_id=guide, streamer_id=live))
    assert not {live, guide} & set(found)
    # Another guide who served them earns.
    assert shop.parties["GUIDE"] in earned(
        conn, sell(conn, shop, "T-3", me, guide_id=shop.parties["GUIDE"], streamer_id=live)
    )


def test_rules_may_let_them_earn_and_a_trial_shows_what_that_costs(conn: Conn, shop: Shop):
    guide = shop.parties["GUIDE"]
    me = buyer(conn)
    note(conn, "GUIDE", str(me), by=shop.manager)
    sell(conn, shop, "T-1", me, guide_id=guide)
    (rules,) = [one for one in queries.rule_sets(conn) if one.rows == ROWS]
    day = TimeRange(start=NOON - timedelta(hours=1), end=NOON + timedelta(hours=1))
    same = what_if(conn, rules, sold=day, tell=lambda _done, _of: None)
    assert (same.parts, same.parts_changed) == (2, 0)
    letting = msgspec.structs.replace(rules, own_earns=True)
    other = what_if(conn, letting, sold=day, tell=lambda _done, _of: None)
    gains = {one.party_id: one.after_minor - one.before_minor for one in other.parties}
    assert gains[guide] > 0
    assert gains[shop.parties["BRAND"]] == -gains[guide]
    publish_rows(conn, shop, after_minutes=30, own_earns=True)
    order_id = sell(conn, shop, "T-2", me, guide_id=guide)
    assert earned(conn, order_id)[guide] == gains[guide]
    story = order_story(conn, order_id)
    assert story is not None
    assert story.own_purchases == ()


def test_nobody_climbs_a_ladder_by_buying_themselves(conn: Conn, shop: Shop):
    guide = shop.parties["GUIDE"]
    me = buyer(conn)
    note(conn, "GUIDE", str(me), by=shop.manager)
    sell(conn, shop, "T-1", buyer(conn, 2), guide_id=guide)
    climb = ladder(shop)
    before = turned(conn, climb, guide)
    for number in range(2, 7):
        sell(conn, shop, f"T-{number}", me, guide_id=guide)
    assert before > 0
    assert turned(conn, climb, guide) == before


def ladder(shop: Shop) -> Ladder:
    return Ladder(
        id=LadderId(uuid7(NOON)),
        code="guides",
        role=Role.GUIDE,
        currency="CNY",
        way=LadderWay.WHOLE,
        steps=(Step(from_minor=1, basis_points=100),),
        from_month=NOON.date().replace(day=1),
        author_id=shop.manager,
        comment="more for more",
        published_at=NOON,
    )


def turned(conn: Conn, climb: Ladder, party_id: PartyId) -> int:
    during = TimeRange(start=NOON - timedelta(days=1), end=NOON + timedelta(days=1))
    found = ladders.turnovers(conn, [climb], during=during)[climb.id]
    return sum(one.volume_minor for one in found if one.party_id == party_id)


def test_who_is_noted_has_to_be_known(conn: Conn, shop: Shop):
    me = buyer(conn)
    assert note(conn, "STORE-S", str(me), by=shop.manager) == OwnPartyUnknown(party_code="STORE-S")
    assert note(conn, "GUIDE", "13900000000", by=shop.manager) == OwnMemberUnknown(member="13900000000")
    nobody = str(shop.manager)
    assert note(conn, "GUIDE", nobody, by=shop.manager) == OwnMemberUnknown(member=nobody)
    assert own.members_of_parties(conn, [shop.parties["GUIDE"]]) == []
    note(conn, "GUIDE", "13800000001", by=shop.manager)
    note(conn, "GUIDE", str(me), by=shop.manager)
    (noted,) = own.members_of_parties(conn, [shop.parties["GUIDE"]])
    assert (noted.member_id, noted.noted_by) == (me, shop.manager)
    looked = conn.execute(
        "select count(*) from customers.access where %s = any(member_ids) and purpose = 'a test'", [me]
    ).fetchone()
    assert looked == (2,)
