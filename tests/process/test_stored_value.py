"""Stored value through the loop: paid ahead, used at tills, back with what came back, paid out, and in the books."""

from datetime import timedelta

import pytest
from psycopg.errors import CheckViolation

from loopline import stored_value
from loopline.customers import Erased
from loopline.customers.refusals import MemberUnknown
from loopline.db import Conn
from loopline.kernel.ids import EntityId, MemberId, PersonId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, NotInYourBranch, Scope
from loopline.ledger.queries import balances_by_purpose
from loopline.org import entities_by_code
from loopline.payments import payments_of_orders
from loopline.payments.shifts import MoveKind, ShiftNotOpen
from loopline.processes.close.telling import OWED
from loopline.processes.doctor import FOLLOWS_THE_LOG, examine
from loopline.processes.follow import FOLLOWERS
from loopline.processes.membership import Export, export_member, forget
from loopline.processes.pay_by_code import StillBeingPaid
from loopline.processes.ring_up import NotPaidByStoredValue
from loopline.processes.stored_value.paying_in import (
    CashOutAsk,
    CashOutDecision,
    TopUpAtSite,
    decide_pay_out,
    pay_out,
    take_ahead,
    take_ahead_at_sites,
    take_ahead_at_till,
)
from loopline.processes.stored_value.paying_with import NotByStoredValue, PaidWithValue
from loopline.processes.take_in import OrderTaken
from loopline.stored_value import CashOutState, Kind, Moved, NewTerms, Terms
from loopline.stored_value.refusals import (
    CashOutByAnother,
    CashOutNotOpen,
    CashOutUnderWay,
    NothingToPayOut,
    StoredValueLeft,
    StoredValueNeedsCode,
    StoredValueNotEnough,
    StoredValueNotOffered,
    StoredValueTermsNotUsable,
    ToppedUpOtherwise,
    TopUpNotUsable,
    TopUpTooMuch,
    TopUpTooSmall,
)
from tests.make.customers import member, phone, registered, ring
from tests.make.loop import balances, follow
from tests.make.shop import NOON
from tests.make.store import Stage, open_store
from tests.make.stored_value import (
    BY,
    brought_back,
    go_back,
    new_top_up,
    offered,
    paid_by,
    repeated,
    sale_by_value,
    topped_up,
    value_of,
)
from tests.make.till import TILL, sale, sent
from tests.process.test_shift import closed, opened

TOTAL = 15_820
LATER = NOON + timedelta(days=3)


@pytest.fixture
def stage(conn: Conn) -> Stage:
    return open_store(conn)


@pytest.fixture
def brand(conn: Conn, stage: Stage) -> EntityId:
    offered(conn, stage.shop.brand_entity)
    return stage.shop.brand_entity


@pytest.fixture
def anna(conn: Conn) -> MemberId:
    return registered(conn, [member(phone(1))])[0]


@pytest.fixture
def guide(stage: Stage) -> PersonId:
    return stage.people["zhou.guide"]


def sound(conn: Conn) -> None:
    for one in FOLLOWERS:
        follow(conn, one)
    checks = examine(conn).checks
    assert {one.name: one.findings for one in checks if not one.ok and one.invariant != FOLLOWS_THE_LOG} == {}


def order_of(outcome: PaidWithValue | Refusal) -> OrderTaken:
    assert isinstance(outcome, PaidWithValue), outcome
    return outcome.order


def owed(conn: Conn) -> tuple[int, int]:
    """What the books owe for stored value, and what bonuses took off."""
    held = balances(conn)
    return -held.get("stored_value", 0), held.get("stored_value_bonus", 0)


def test_what_is_paid_ahead_is_owed_and_comes_with_its_bonus(conn: Conn, brand: EntityId, anna: MemberId):
    account = topped_up(conn, anna, brand, 10_000)
    assert (account.principal_minor, account.bonus_minor) == (10_000, 1_000)
    assert value_of(conn, anna) == (10_000, 1_000)
    assert owed(conn) == (10_000, 0)
    assert balances(conn) == {"cash": 10_000, "stored_value": -10_000}
    topped_up(conn, anna, brand, 9_999)
    topped_up(conn, anna, brand, 30_000)
    assert value_of(conn, anna) == (49_999, 6_000)
    sound(conn)


def test_the_same_top_up_is_one_and_another_of_its_id_is_refused(conn: Conn, brand: EntityId, anna: MemberId):
    one = new_top_up(anna, brand, 10_000)
    other = new_top_up(anna, brand, 10_001, id=one.id)
    found = take_ahead(conn, [one, one, other], now=NOON)
    assert [isinstance(each, Moved) and each.is_repeat for each in found] == [False, True, False]
    assert found[2] == ToppedUpOtherwise(field="amount_minor")
    assert repeated(take_ahead(conn, [one], now=LATER)[0])
    (stranger,) = registered(conn, [member(phone(2))])
    moved = new_top_up(stranger, brand, 10_000, id=one.id)
    assert take_ahead(conn, [moved], now=LATER) == [ToppedUpOtherwise(field="member_id")]
    assert value_of(conn, anna) == (10_000, 1_000)
    assert value_of(conn, stranger) == (0, 0)
    sound(conn)


def test_what_is_no_top_up_is_refused_and_stops_no_other(conn: Conn, stage: Stage, anna: MemberId):
    brand = stage.shop.brand_entity
    assert take_ahead(conn, [new_top_up(anna, brand, 500)], now=NOON) == [StoredValueNotOffered()]
    offered(conn, brand, least_minor=1_000, most_minor=20_000)
    asked = [
        new_top_up(anna, brand, 0),
        new_top_up(anna, brand, 999),
        new_top_up(MemberId(uuid7(NOON)), brand, 5_000),
        new_top_up(anna, brand, 18_000),
        new_top_up(anna, brand, 1_001),
        new_top_up(anna, brand, 5_000, method=""),
    ]
    found = take_ahead(conn, asked, now=NOON)
    assert found[0] == TopUpNotUsable(field="amount_minor")
    assert found[1] == TopUpTooSmall(least_minor=1_000, currency="CNY")
    assert found[2] == MemberUnknown(member_id=asked[2].member_id)
    assert isinstance(found[3], Moved)
    assert found[4] == TopUpTooMuch(most_minor=20_000, held_minor=19_000, currency="CNY")
    assert found[5] == TopUpNotUsable(field="method")
    offered(conn, brand, is_offered=False)
    assert take_ahead(conn, [new_top_up(anna, brand, 1_000)], now=NOON) == [StoredValueNotOffered()]
    new = [
        NewTerms(entity_id=brand, currency="CNY", terms=Terms(least_minor=0)),
        NewTerms(entity_id=brand, currency="yuan", terms=Terms()),
    ]
    assert stored_value.set_terms(conn, new, by=BY, now=NOON) == [
        StoredValueTermsNotUsable(field="least_minor"),
        StoredValueTermsNotUsable(field="currency"),
    ]


def test_sites_take_money_ahead_for_their_own_company(
    conn: Conn, stage: Stage, brand: EntityId, anna: MemberId
):
    dealer = entities_by_code(conn, ["DEALER-CO"])["DEALER-CO"].id
    offered(conn, dealer)
    asked = [
        TopUpAtSite(id=uuid7(NOON), member_id=anna, site_code=code, amount_minor=1_000, method="cash")
        for code in ("S", "D", "nowhere")
    ]
    own = Scope(sites=frozenset({stage.shop.sites["D"]}))
    found = take_ahead_at_sites(conn, asked, scope=own, by=BY, now=NOON)
    assert found[0] == NotInYourBranch(subject="S")
    assert found[2] == NotInYourBranch(subject="nowhere")
    assert isinstance(found[1], Moved)
    assert found[1].account.entity_id == dealer
    sound(conn)


def test_a_sale_is_paid_with_it_and_the_same_again_is_one(
    conn: Conn, stage: Stage, brand: EntityId, anna: MemberId, guide: PersonId
):
    topped_up(conn, anna, brand, 30_000)
    one = sale_by_value(guide, value=TOTAL)
    paid = paid_by(conn, one, anna, by=guide)
    assert isinstance(paid, PaidWithValue)
    assert paid.account is not None
    assert paid.account.usable_minor == 35_000 - TOTAL
    bonus = 2_260  # 15,820 of 35,000, of 5,000
    assert value_of(conn, anna) == (30_000 - TOTAL + bonus, 5_000 - bonus)
    assert owed(conn) == (30_000 - TOTAL + bonus, bonus)
    assert "gateway" not in balances(conn)
    again = paid_by(conn, one, anna, by=guide, now=LATER)
    assert order_of(again).is_repeat
    other = paid_by(conn, one, anna, by=guide, attempt_id=uuid7(NOON))
    assert other == StillBeingPaid()
    (kept,) = sent(conn, [one], by=guide)
    assert isinstance(kept, OrderTaken)
    assert kept.is_repeat
    assert value_of(conn, anna) == (30_000 - TOTAL + bonus, 5_000 - bonus)
    assert [(each.method, each.amount_minor) for each in payments_of_orders(conn, [paid.order.order_id])] == [
        ("stored_value", TOTAL)
    ]
    sound(conn)


def test_stored_value_pays_a_part_and_cash_the_rest(
    conn: Conn, stage: Stage, brand: EntityId, anna: MemberId, guide: PersonId
):
    topped_up(conn, anna, brand, 9_000)
    paid = paid_by(conn, sale_by_value(guide, value=9_000, cash=TOTAL - 9_000), anna, by=guide)
    assert {
        (each.method, each.amount_minor) for each in payments_of_orders(conn, [order_of(paid).order_id])
    } == {("stored_value", 9_000), ("cash", TOTAL - 9_000)}
    assert value_of(conn, anna) == (0, 0)
    assert owed(conn) == (0, 0)
    sound(conn)


def test_too_little_no_code_and_nobody_asked_are_refused(
    conn: Conn, stage: Stage, brand: EntityId, anna: MemberId, guide: PersonId
):
    one = sale_by_value(guide, value=TOTAL)
    nothing = StoredValueNotEnough(wanted_minor=TOTAL, there_minor=0, currency="CNY")
    assert paid_by(conn, one, anna, by=guide, attempt_id=uuid7(NOON)) == nothing
    topped_up(conn, anna, brand, TOTAL - 1_001)
    assert value_of(conn, anna) == (TOTAL - 1_001, 1_000)
    short = StoredValueNotEnough(wanted_minor=TOTAL, there_minor=TOTAL - 1, currency="CNY")
    two = sale_by_value(guide, 2, value=TOTAL)
    assert paid_by(conn, two, anna, by=guide) == short
    topped_up(conn, anna, brand, 1)
    offered(conn, brand, unproven_minor=TOTAL - 1)
    three = sale_by_value(guide, 3, value=TOTAL)
    assert paid_by(conn, three, anna, by=guide, is_proven=False) == StoredValueNeedsCode(
        unproven_minor=TOTAL - 1, currency="CNY"
    )
    # A till that says so by itself is not believed.
    (believed,) = sent(conn, [sale_by_value(guide, 4, value=TOTAL)], by=guide)
    assert believed == NotPaidByStoredValue(amount_minor=TOTAL)
    assert paid_by(conn, sale(guide, 5), anna, by=guide) == NotByStoredValue()
    assert value_of(conn, anna) == (TOTAL - 1_000, 1_000)


@pytest.mark.parametrize(
    "parts",
    [
        ((("COAT", 1), ("SCARF", 2)),),
        ((("COAT", 1),), (("SCARF", 1),), (("SCARF", 1),)),
        ((("SCARF", 1),), (("COAT", 1), ("SCARF", 1))),
    ],
)
def test_what_comes_back_goes_back_to_it_in_whatever_parts(
    conn: Conn,
    stage: Stage,
    brand: EntityId,
    anna: MemberId,
    guide: PersonId,
    parts: tuple[tuple[tuple[str, int], ...], ...],
):
    topped_up(conn, anna, brand, 30_000)
    order = order_of(paid_by(conn, sale_by_value(guide, value=TOTAL), anna, by=guide))
    sound(conn)
    for number, goods in enumerate(parts):
        brought_back(conn, stage.shop, order, f"R-{number}", *goods, now=LATER)
        assert go_back(conn, now=LATER + timedelta(minutes=number)) == 1
        assert go_back(conn, now=LATER + timedelta(minutes=number)) == 0
        sound(conn)
    assert value_of(conn, anna) == (30_000, 5_000)
    assert owed(conn) == (30_000, 0)
    assert "gateway" not in balances(conn)


def test_what_another_company_took_ahead_is_owed_between_the_two(
    conn: Conn, stage: Stage, brand: EntityId, anna: MemberId, guide: PersonId
):
    dealer = entities_by_code(conn, ["DEALER-CO"])["DEALER-CO"].id
    offered(conn, dealer)
    topped_up(conn, anna, dealer, 20_000)
    topped_up(conn, anna, brand, 1_000)  # the seller's own is not enough: another's pays
    order = order_of(paid_by(conn, sale_by_value(guide, value=TOTAL), anna, by=guide))
    between = {
        one.entity_id: one.balance_minor for one in balances_by_purpose(conn) if one.purpose == "intercompany"
    }
    assert (between[dealer], between[brand]) == (-TOTAL, TOTAL)
    sound(conn)
    brought_back(conn, stage.shop, order, "R-1", ("COAT", 1), ("SCARF", 2), now=LATER)
    assert go_back(conn, now=LATER) == 1
    assert value_of(conn, anna) == (21_000, 1_000)
    assert balances(conn).get("intercompany", 0) == 0
    assert "gateway" not in balances(conn)
    sound(conn)


def test_a_till_takes_money_ahead_into_its_open_shift(
    conn: Conn, stage: Stage, brand: EntityId, anna: MemberId
):
    one, site = new_top_up(anna, brand, 10_000), stage.shop.sites["S"]
    assert take_ahead_at_till(conn, one, till_id=TILL, site_id=site, now=NOON) == ShiftNotOpen()
    shift = opened(conn, stage)
    for is_repeat in (False, True):
        moved = take_ahead_at_till(conn, one, till_id=TILL, site_id=site, now=NOON)
        assert repeated(moved) is is_repeat
    by_wallet = new_top_up(anna, brand, 10_000, method="wallet")
    assert take_ahead_at_till(conn, by_wallet, till_id=TILL, site_id=site, now=NOON) == TopUpNotUsable(
        field="method"
    )
    rows = conn.execute("select kind, method, amount_minor, counted from payments.till_move").fetchall()
    assert rows == [(MoveKind.TOP_UP.value, "cash", 10_000, "shift")]
    done = closed(conn, shift, stage, ((10_000, 5),), now=LATER)
    assert (done.expected_minor, done.difference_minor) == (50_000, 0)
    assert repeated(take_ahead_at_till(conn, one, till_id=TILL, site_id=site, now=LATER))
    late = new_top_up(anna, brand, 10_000)
    assert take_ahead_at_till(conn, late, till_id=TILL, site_id=site, now=LATER) == ShiftNotOpen()
    sound(conn)


def test_what_is_left_is_paid_out_above_a_limit_by_two(
    conn: Conn, stage: Stage, brand: EntityId, anna: MemberId
):
    account = topped_up(conn, anna, brand, 10_000)
    asked = CashOutAsk(id=uuid7(NOON), account_id=account.id, method="cash")
    nobody = CashOutAsk(id=uuid7(NOON), account_id=uuid7(NOON), method="cash")
    branch = Scope(sites=frozenset({stage.shop.sites["S"]}))
    assert pay_out(conn, [asked], scope=branch, by="a", now=NOON) == [
        NotInYourBranch(subject=str(account.id))
    ]
    found = pay_out(conn, [asked, asked, nobody], scope=WHOLE_BRAND, by="a", now=NOON)
    assert [one.state for one in found[:2] if not isinstance(one, Refusal)] == [CashOutState.ASKED] * 2
    assert found[2] == NothingToPayOut()
    other = CashOutAsk(id=uuid7(NOON), account_id=account.id, method="cash")
    assert pay_out(conn, [other], scope=WHOLE_BRAND, by="b", now=NOON) == [CashOutUnderWay()]
    yes = CashOutDecision(id=asked.id, is_approved=True)
    assert decide_pay_out(conn, [yes], scope=WHOLE_BRAND, by="a", now=NOON) == [CashOutByAnother()]
    assert value_of(conn, anna) == (10_000, 1_000)
    for _ in range(2):
        (paid,) = decide_pay_out(conn, [yes], scope=WHOLE_BRAND, by="b", now=NOON)
        assert not isinstance(paid, Refusal)
        assert (paid.state, paid.amount_minor) == (CashOutState.PAID, 10_000)
    assert decide_pay_out(conn, [yes], scope=WHOLE_BRAND, by="c", now=NOON) == [CashOutNotOpen()]
    assert value_of(conn, anna) == (0, 0)
    assert balances(conn) == {}
    topped_up(conn, anna, brand, 5_000)
    (alone,) = pay_out(conn, [other], scope=WHOLE_BRAND, by="a", now=LATER)
    assert not isinstance(alone, Refusal)
    assert (alone.state, alone.amount_minor) == (CashOutState.PAID, 5_000)
    sound(conn)


def test_nobody_is_forgotten_whose_money_is_left(conn: Conn, brand: EntityId, anna: MemberId):
    account = topped_up(conn, anna, brand, 4_000)
    export = export_member(conn, anna, ring=ring(), now=NOON)
    assert isinstance(export, Export)
    assert [(one.kind, one.principal_minor) for one in export.stored_value] == [(Kind.TOPPED_UP, 4_000)]
    assert forget(conn, [anna], now=NOON, actor=BY) == [StoredValueLeft(left_minor=4_000, currency="CNY")]
    pay_out(
        conn,
        [CashOutAsk(id=uuid7(NOON), account_id=account.id, method="cash")],
        scope=WHOLE_BRAND,
        by="a",
        now=NOON,
    )
    (done,) = forget(conn, [anna], now=NOON, actor=BY)
    assert isinstance(done, Erased)
    sound(conn)


def test_it_is_shown_among_what_is_owed_and_never_below_nothing(conn: Conn, brand: EntityId, anna: MemberId):
    assert "stored_value" in {one.value for one in OWED}
    topped_up(conn, anna, brand, 1_000)
    with pytest.raises(CheckViolation, match="principal_is_there"), conn.transaction():
        conn.execute("update stored_value.account set principal_minor = -1")
