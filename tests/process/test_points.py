"""Points through the loop: earned by what was handed over, held and spent by orders, back with what they took off."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from beancount import loader

from loopline import orders
from loopline.db import Conn
from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, NotInYourBranch, Scope
from loopline.ledger import queries
from loopline.ledger.model import EntryKind
from loopline.org import entities_by_code
from loopline.pricing.points import accounts_of_members, entries_of_member, lots_of_members
from loopline.pricing.points.refusals import (
    AdjustedOtherwise,
    PointsNotAdjusted,
    PointsNotEnough,
    PointsNotOffered,
    PointsPayTooLittle,
    PointsPayTooMuch,
)
from loopline.processes import promise
from loopline.processes.cancel import Cancellation, UnitsToCancel, cancel
from loopline.processes.doctor import FOLLOWS_THE_LOG, examine
from loopline.processes.journal import beancount_lines, journal_rows
from loopline.processes.membership import Export, export_member, forget
from loopline.processes.place import Placed, place
from loopline.processes.place.shown import PriceMoved
from loopline.processes.points.programme import Adjustment, adjust, publish
from loopline.processes.points.rounds import expire, mature
from loopline.processes.points.standing import FOLLOWERS
from loopline.processes.take_back import TakenBack, take_back
from tests.make.customers import member, phone, registered, ring
from tests.make.loop import balances, follow, hand_over_everything, pay_for
from tests.make.org import succeeded
from tests.make.points import BY, points_given, points_in_force, points_of
from tests.make.pricing import new_id
from tests.make.shop import NOON, OPENED, Shop, ask, lines, open_shop, till_sale
from tests.process.test_gateway_payments import after, done, late_payment, report
from tests.process.test_promotions import SETTLE, books
from tests.process.test_take_back import back

(POINTS,) = FOLLOWERS
HALF_AN_HOUR = NOON + timedelta(minutes=30)
LATER = NOON + timedelta(days=3)
WINDOW_OVER = NOON + timedelta(days=40)
ENDED = NOON + timedelta(days=80)
TWO_YEARS = NOON + timedelta(days=800)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn, units=40)


@pytest.fixture
def anna(conn: Conn) -> MemberId:
    return registered(conn, [member(phone(1))])[0]


def put(conn: Conn, draft: orders.Draft) -> Placed:
    (outcome,) = place(conn, [draft], scope=WHOLE_BRAND, now=draft.placed_at)
    assert isinstance(outcome, Placed), outcome
    return outcome


def refused(conn: Conn, draft: orders.Draft) -> Refusal:
    (outcome,) = place(conn, [draft], scope=WHOLE_BRAND, now=draft.placed_at)
    assert isinstance(outcome, Refusal), outcome
    return outcome


def caught_up(conn: Conn) -> None:
    follow(conn, SETTLE)
    follow(conn, POINTS)


def sound(conn: Conn) -> None:
    caught_up(conn)
    checks = examine(conn).checks
    assert [one for one in checks if not one.ok and one.invariant != FOLLOWS_THE_LOG] == []


def kinds(conn: Conn, who: MemberId) -> list[str]:
    return [one.kind.value for one in reversed(entries_of_member(conn, who, before=None, at_most=100))]


def deferred(conn: Conn) -> tuple[int, int]:
    held = balances(conn)
    return held.get("points_deferred", 0), held.get("points_liability", 0)


def sold(conn: Conn, shop: Shop, who: MemberId, number: str = "W-1", **fields: Any) -> Placed:
    order = put(conn, ask(shop, number, member_id=who, **fields))
    if order.amount_minor:
        pay_for(conn, shop, order)
    hand_over_everything(conn, now=NOON)
    return order


def brought_back(conn: Conn, shop: Shop, order: Placed, who: MemberId, number: str, *goods: Any) -> int:
    asked = back(shop, number, *goods, member_id=who, order_id=order.order_id)
    (outcome,) = take_back(conn, [asked], scope=WHOLE_BRAND, now=LATER)
    assert isinstance(outcome, TakenBack), outcome
    return outcome.reversed_minor


def test_what_was_handed_over_earns_once_and_can_be_used_when_nothing_may_come_back(
    conn: Conn, shop: Shop, anna: MemberId
):
    points_in_force(conn, expected_basis_points=9_000)
    order = sold(conn, shop, anna)
    assert order.amount_minor == 15_820
    caught_up(conn)
    caught_up(conn)
    assert points_of(conn, anna) == (158, 0, 0)
    assert [lot.whole for lot in lots_of_members(conn, [anna])] in ([113, 45], [45, 113])
    assert deferred(conn) == (142, -142)
    assert mature(conn, now=LATER, limit=10) == 0
    assert mature(conn, now=WINDOW_OVER, limit=10) == 1
    assert mature(conn, now=WINDOW_OVER, limit=10) == 0
    assert points_of(conn, anna) == (0, 158, 0)
    assert deferred(conn) == (142, -142)
    sound(conn)
    assert expire(conn, now=WINDOW_OVER, limit=10) == 0
    assert expire(conn, now=TWO_YEARS, limit=10) == 1
    assert expire(conn, now=TWO_YEARS, limit=10) == 0
    assert points_of(conn, anna) == (0, 0, 0)
    assert deferred(conn) == (0, 0)
    assert kinds(conn, anna) == ["earned", "earned", "matured", "matured", "expired", "expired"]
    sound(conn)
    posted = list(queries.journal(conn, start=OPENED, end=TWO_YEARS + timedelta(days=1)))
    assert [one.amount_minor for one in posted if one.kind is EntryKind.POINTS] == [142, -142, -142, 142]
    text = "\n".join(beancount_lines(journal_rows(posted, zone_name="Asia/Shanghai")))
    _, errors, _ = loader.load_string(text)  # pyright: ignore[reportUnknownMemberType]
    assert errors == []


def test_a_till_earns_too_by_its_channel_and_without_tax(conn: Conn, shop: Shop, anna: MemberId):
    points_in_force(conn, with_tax=False, channels={"till": 20_000})
    sale = put(conn, till_sale(shop, "T-1", member_id=anna))
    for one in (sale, put(conn, till_sale(shop, "T-2"))):
        pay_for(conn, shop, one)
    caught_up(conn)
    (head,) = orders.orders_by_ids(conn, [sale.order_id])
    assert points_of(conn, anna) == ((head.amount_minor - head.tax_minor) * 2 // 100, 0, 0)
    sound(conn)


def test_what_was_bought_before_the_programme_earns_nothing(conn: Conn, shop: Shop, anna: MemberId):
    sold(conn, shop, anna)
    points_in_force(conn, now=NOON + timedelta(hours=1))
    caught_up(conn)
    assert points_of(conn, anna) == (0, 0, 0)
    later = put(conn, till_sale(shop, "T-1", member_id=anna, placed_at=NOON + timedelta(hours=2)))
    pay_for(conn, shop, later)
    sound(conn)
    assert points_of(conn, anna) == (158, 0, 0)


@pytest.mark.parametrize(
    "parts",
    [
        [(("HAT", 5), ("COAT", 2))],
        [(("HAT", 5),), (("COAT", 2),)],
        [(("COAT", 1),), (("HAT", 2),), (("HAT", 1), ("COAT", 1)), (("HAT", 2),)],
    ],
)
def test_any_parts_of_a_return_end_where_the_whole_does(
    conn: Conn, shop: Shop, anna: MemberId, parts: list[tuple[tuple[str, int], ...]]
):
    points_in_force(conn)
    points_given(conn, anna, 1_007, now=OPENED)
    order = sold(conn, shop, anna, points=1_007, lines=lines(shop, ("HAT", 5), ("COAT", 2)))
    assert order.amount_minor == 5 * 999 + 2 * 11_300 - 1_007
    caught_up(conn)
    assert points_of(conn, anna) == (order.amount_minor // 100, 0, 0)
    refunds = 0
    for number, goods in enumerate(parts):
        refunds += brought_back(conn, shop, order, anna, f"R-{number}", *goods)
        sound(conn)
    assert refunds == order.amount_minor
    assert points_of(conn, anna) == (0, 1_007, 0)
    assert deferred(conn) == (1_007, -1_007)
    assert balances(conn).keys().isdisjoint({"revenue", "tax", "promotion_funded"})


def test_a_part_that_comes_back_takes_its_part_of_both(conn: Conn, shop: Shop, anna: MemberId):
    points_in_force(conn)
    points_given(conn, anna, 2_000, now=OPENED)
    order = sold(conn, shop, anna, points=2_000, lines=lines(shop, ("COAT", 2)))
    caught_up(conn)
    assert order.amount_minor == 20_600
    assert points_of(conn, anna) == (206, 0, 0)
    assert brought_back(conn, shop, order, anna, "R-1", ("COAT", 1)) == 10_300
    sound(conn)
    assert points_of(conn, anna) == (103, 1_000, 0)


def test_what_was_used_already_is_owed_and_set_off_against_what_is_earned_later(
    conn: Conn, shop: Shop, anna: MemberId
):
    points_in_force(conn)
    first = sold(conn, shop, anna)
    caught_up(conn)
    mature(conn, now=LATER, limit=10)
    assert points_of(conn, anna) == (158, 0, 0)
    points_given(conn, anna, 1, now=OPENED)
    points_given(conn, anna, -1, now=OPENED)
    mature(conn, now=WINDOW_OVER, limit=10)
    late = {"placed_at": WINDOW_OVER, "points": 158}
    second = put(conn, ask(shop, "W-2", member_id=anna, **late))
    caught_up(conn)
    assert points_of(conn, anna) == (0, 0, 0)
    brought_back(conn, shop, first, anna, "R-1", ("COAT", 1))
    caught_up(conn)
    assert points_of(conn, anna) == (0, -113, 0)
    assert deferred(conn) == (0, 0)
    assert isinstance(refused(conn, ask(shop, "W-3", member_id=anna, points=1)), PointsNotEnough)
    sound(conn)
    cancel(conn, [Cancellation(order_id=second.order_id)], scope=WHOLE_BRAND, now=WINDOW_OVER)
    caught_up(conn)
    assert points_of(conn, anna) == (0, 45, 0)
    assert deferred(conn) == (45, -45)
    sound(conn)


def back_when_all_has_ended(conn: Conn, shop: Shop, order: Placed, who: MemberId) -> None:
    expire(conn, now=ENDED, limit=10)
    brought_back(conn, shop, order, who, "R-1", ("COAT", 1))
    sound(conn)


def test_what_ended_unused_is_not_taken_once_more(conn: Conn, shop: Shop, anna: MemberId):
    points_in_force(conn, months=1)
    order = sold(conn, shop, anna)
    caught_up(conn)
    mature(conn, now=WINDOW_OVER, limit=10)
    back_when_all_has_ended(conn, shop, order, anna)
    assert points_of(conn, anna) == (0, 0, 0)
    assert "taken_back" not in kinds(conn, anna)
    assert deferred(conn) == (0, 0)


def test_of_what_ended_only_what_was_used_goes_back_with_its_goods(conn: Conn, shop: Shop, anna: MemberId):
    points_in_force(conn, months=1)
    order = sold(conn, shop, anna)
    caught_up(conn)
    mature(conn, now=WINDOW_OVER, limit=10)
    used = put(conn, ask(shop, "W-2", member_id=anna, placed_at=WINDOW_OVER, points=150))
    caught_up(conn)
    back_when_all_has_ended(conn, shop, order, anna)
    # Of 113 for the coat and 45 for the scarves 8 ended unused; that is of whichever ends last.
    assert points_of(conn, anna) in ((0, -105, 0), (0, -113, 0))
    cancel(conn, [Cancellation(order_id=used.order_id)], scope=WHOLE_BRAND, now=ENDED)
    sound(conn)
    assert points_of(conn, anna) in ((0, 45, 0), (0, 37, 0))
    expire(conn, now=ENDED + timedelta(days=7), limit=10)
    assert points_of(conn, anna) == (0, 0, 0)
    brought_back(conn, shop, order, anna, "R-2", ("SCARF", 2))
    sound(conn)
    assert points_of(conn, anna) == (0, 0, 0)


def test_they_are_held_until_the_order_is_paid_and_then_spent(conn: Conn, shop: Shop, anna: MemberId):
    points_in_force(conn, least_minor=500, most_basis_points=5_000)
    points_given(conn, anna, 10_000, now=OPENED)
    draft = ask(shop, "W-1", member_id=anna, points=3_000, hold_minutes=30)
    order = put(conn, draft)
    assert order.amount_minor == 15_820 - 3_000
    assert points_of(conn, anna) == (0, 7_000, 3_000)
    assert isinstance(place(conn, [draft], scope=WHOLE_BRAND, now=NOON)[0], orders.Repeat)
    assert refused(conn, ask(shop, "W-2", member_id=anna, points=7_001)) == PointsNotEnough(
        points=7_001, available=7_000
    )
    assert refused(conn, ask(shop, "W-3", member_id=anna, points=499)) == PointsPayTooLittle(
        least_minor=500, currency="CNY"
    )
    points_given(conn, anna, 10_000, now=OPENED)
    assert refused(conn, ask(shop, "W-4", member_id=anna, points=7_911)) == PointsPayTooMuch(
        most_minor=7_910, currency="CNY"
    )
    assert isinstance(refused(conn, ask(shop, "W-5", points=500)), PointsNotOffered)
    assert points_of(conn, anna) == (0, 17_000, 3_000)
    sound(conn)
    pay_for(conn, shop, order)
    caught_up(conn)
    assert points_of(conn, anna) == (0, 17_000, 0)
    assert deferred(conn) == (17_000, -17_000)
    assert kinds(conn, anna) == ["adjusted", "held", "adjusted", "spent"]
    sound(conn)


def test_two_orders_of_one_batch_share_what_is_there(conn: Conn, shop: Shop, anna: MemberId):
    points_in_force(conn)
    points_given(conn, anna, 150, now=OPENED)
    drafts = [ask(shop, f"W-{number}", member_id=anna, points=100) for number in range(2)]
    first, second = place(conn, drafts, scope=WHOLE_BRAND, now=NOON)
    assert isinstance(first, Placed)
    assert second == PointsNotEnough(points=100, available=50)
    sound(conn)
    assert points_of(conn, anna) == (0, 50, 0)


def test_an_order_that_lapses_or_is_called_off_gives_them_back(conn: Conn, shop: Shop, anna: MemberId):
    points_in_force(conn)
    points_given(conn, anna, 2_000, now=OPENED)
    put(conn, ask(shop, "W-1", member_id=anna, points=2_000, hold_minutes=20))
    assert promise.expire_holds(conn, now=HALF_AN_HOUR, limit=10) == 2
    caught_up(conn)
    assert points_of(conn, anna) == (0, 2_000, 0)
    goods = lines(shop, ("COAT", 2))
    second = put(conn, ask(shop, "W-2", member_id=anna, points=2_000, placed_at=HALF_AN_HOUR, lines=goods))
    (line,) = orders.lines_by_orders(conn, [second.order_id])
    part = Cancellation(order_id=second.order_id, lines=(UnitsToCancel(line_id=line.line_id, units=1),))
    cancel(conn, [part], scope=WHOLE_BRAND, now=LATER)
    sound(conn)
    assert points_of(conn, anna) == (0, 1_000, 0)
    cancel(conn, [Cancellation(order_id=second.order_id)], scope=WHOLE_BRAND, now=LATER)
    sound(conn)
    assert points_of(conn, anna) == (0, 2_000, 0)


@pytest.mark.parametrize("is_taken", [False, True])
def test_a_payment_that_still_comes_has_them_again(conn: Conn, shop: Shop, anna: MemberId, *, is_taken: bool):
    points_in_force(conn)
    points_given(conn, anna, 2_000, now=OPENED)
    _, intent = late_payment(conn, shop, member_id=anna, points=2_000)
    caught_up(conn)
    assert points_of(conn, anna) == (0, 2_000, 0)
    if is_taken:
        put(conn, ask(shop, "W-2", member_id=anna, points=1_500))
    report(conn, done(intent, at=after(28)), now=after(61))
    sound(conn)
    assert points_of(conn, anna) == (0, -1_500 if is_taken else 0, 0)


def test_the_oldest_are_used_first_and_what_ended_meanwhile_lives_a_week(
    conn: Conn, shop: Shop, anna: MemberId
):
    points_in_force(conn, months=1)
    points_given(conn, anna, 300, now=OPENED)
    points_given(conn, anna, 200, now=OPENED + timedelta(days=20))
    order = put(conn, ask(shop, "W-1", member_id=anna, points=400))
    caught_up(conn)
    over = OPENED + timedelta(days=35)
    expire(conn, now=over, limit=10)
    assert points_of(conn, anna) == (0, 100, 0)
    cancel(conn, [Cancellation(order_id=order.order_id)], scope=WHOLE_BRAND, now=over)
    caught_up(conn)
    assert points_of(conn, anna) == (0, 500, 0)
    expire(conn, now=over + timedelta(days=6), limit=10)
    assert points_of(conn, anna) == (0, 500, 0)
    expire(conn, now=over + timedelta(days=7), limit=10)
    assert points_of(conn, anna) == (0, 200, 0)
    sound(conn)


def test_nobody_is_charged_otherwise_than_was_shown(conn: Conn, shop: Shop, anna: MemberId):
    """The page showed ten yuan off; meanwhile points have come to be worth half of it."""
    points_in_force(conn)
    points_given(conn, anna, 1_000, now=OPENED)
    points_in_force(conn, now=HALF_AN_HOUR, redeem_minor=50)
    asked = ask(shop, "W-1", member_id=anna, points=1_000, placed_at=LATER)
    shown = msgspec.structs.replace(asked, goods_shown_minor=14_820)
    no = refused(conn, shown)
    assert no == PriceMoved(shown_minor=14_820, now_minor=15_320, currency="CNY")
    assert points_of(conn, anna) == (0, 1_000, 0)
    order = put(conn, msgspec.structs.replace(asked, goods_shown_minor=15_320))
    assert order.amount_minor == 15_320
    assert place(conn, [shown], scope=WHOLE_BRAND, now=LATER) == [orders.Repeat(order_id=order.order_id)]
    sound(conn)


def test_the_brand_bears_what_they_take_off_elsewhere(conn: Conn, shop: Shop, anna: MemberId):
    points_in_force(conn)
    points_given(conn, anna, 1_000, now=OPENED)
    entity = entities_by_code(conn, ["DEALER-CO"])["DEALER-CO"].id
    sold(conn, shop, anna, points=1_000, seller_entity_id=entity)
    sound(conn)
    held = books(conn, shop)
    assert held["DEALER-CO", "promotion_funded"] == -1_000
    assert held["BRAND-CO", "promotion_cost"] == 1_000


def test_a_correction_is_made_once_and_says_why(conn: Conn, shop: Shop, anna: MemberId):
    points_in_force(conn)
    (other,) = registered(conn, [member(phone(2))])
    asked = Adjustment(id=new_id(), member_id=anna, points=50, reason="  sorry ")
    for _ in range(2):
        accounts = succeeded(adjust(conn, [asked, asked], scope=WHOLE_BRAND, by=BY, now=NOON))
        assert [one.available for one in accounts] == [50, 50]
    for field, value in (("points", 51), ("reason", "Sorry"), ("member_id", other)):
        changed = msgspec.structs.replace(asked, **{field: value})
        for batch in ([changed], [asked, changed]):
            outcomes = adjust(conn, batch, scope=WHOLE_BRAND, by=BY, now=NOON)
            assert outcomes[-1] == AdjustedOtherwise(field=field)
    fresh = Adjustment(id=new_id(), member_id=other, points=3, reason="new")
    outcomes = adjust(
        conn, [fresh, msgspec.structs.replace(fresh, member_id=anna)], scope=WHOLE_BRAND, by=BY, now=NOON
    )
    assert outcomes[1] == AdjustedOtherwise(field="member_id")
    assert (points_of(conn, other), points_of(conn, anna)) == ((0, 3, 0), (0, 50, 0))
    unsaid = Adjustment(id=new_id(), member_id=anna, points=50, reason=" ")
    assert adjust(conn, [unsaid], scope=WHOLE_BRAND, by=BY, now=NOON) == [PointsNotAdjusted(field="reason")]
    (outcome,) = adjust(conn, [unsaid], scope=Scope(), by=BY, now=NOON)
    assert isinstance(outcome, NotInYourBranch)
    assert isinstance(publish(conn, scope=Scope(), by=BY, now=NOON), NotInYourBranch)
    (entry,) = entries_of_member(conn, anna, before=None, at_most=10)
    assert (entry.reason, entry.by) == ("sorry", BY)
    (lot,) = lots_of_members(conn, [anna])
    assert (entry.lot_id, lot.id != asked.id) == (lot.id, True)
    sound(conn)


def test_the_forgotten_have_none(conn: Conn, shop: Shop, anna: MemberId):
    points_in_force(conn)
    points_given(conn, anna, 50, now=OPENED)
    sold(conn, shop, anna)
    caught_up(conn)
    assert points_of(conn, anna) == (158, 50, 0)
    exported = export_member(conn, anna, ring=ring(), now=NOON)
    assert isinstance(exported, Export), exported
    assert [(one.kind.value, one.pending + one.available) for one in exported.points[-1:]] == [
        ("adjusted", 50)
    ]
    succeeded(forget(conn, [anna], now=NOON, actor=BY))
    assert points_of(conn, anna) == (0, 0, 0)
    assert deferred(conn) == (0, 0)
    (account,) = accounts_of_members(conn, [anna])
    assert account.liability_minor == 0
    sound(conn)
