"""Payments by a gateway, in every order of arrival: before and after the hold's end, twice, differing, too late."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from loopline import orders, stock
from loopline.db import Conn, log
from loopline.insight.checks import CHECKS as BOARD_CHECKS
from loopline.insight.followers import FOLLOWERS as BOARDS
from loopline.kernel.events import read
from loopline.kernel.ids import OrderId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import LinesReinstated, OnShortage, Order
from loopline.payments import (
    Applied,
    ExceptionKind,
    Intent,
    IntentKind,
    IntentRepeat,
    IntentState,
    IntentWritten,
    Notice,
    Report,
    intents_by_ids,
    intents_of_orders,
    last_open_exceptions,
    money_of_orders,
    payments_of_orders,
)
from loopline.processes import promise
from loopline.processes.cancel import Cancellation, cancel
from loopline.processes.checkout import (
    NothingToPay,
    OrderCancelled,
    OrderNotThere,
    PaymentUnderWay,
    TimeToPayOver,
    ask_payment,
    to_pay,
)
from loopline.processes.doctor import ALL_CHECKS, examine
from loopline.processes.follow import FOLLOWERS
from loopline.processes.pay import NoticeDiffers, NumberNotKnown, apply_gateway_reports, apply_notices
from loopline.processes.place import Placed, place
from loopline.processes.source import source_wave
from loopline.processes.take_back import TakenBack, take_back
from loopline.returns.model import NewReturn, NewReturnLine, ReturnKind
from tests.make.loop import balances, follow, hand_over_everything, pay_for, subject_types
from tests.make.org import succeeded
from tests.make.shop import NOON, PRICES, Shop, ask, lines, open_shop

GATEWAY = "sandbox"
TOTAL = 15_820
SETTLE = next(one for one in FOLLOWERS if one.name == "settle")


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def put(conn: Conn, shop: Shop, number: str = "W-1", **fields: Any) -> Placed:
    stated: dict[str, object] = {"hold_minutes": 30}
    (outcome,) = place(conn, [ask(shop, number, **(stated | fields))], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(outcome, Placed), outcome
    return outcome


def asked(conn: Conn, placed: Placed, *, now: datetime = NOON, gateway: str = GATEWAY) -> Intent:
    (outcome,) = ask_payment(conn, [placed.order_id], gateway=gateway, now=now)
    assert isinstance(outcome, IntentWritten | IntentRepeat), outcome
    return intents_by_ids(conn, [outcome.intent_id])[outcome.intent_id].intent()


def refused(conn: Conn, placed: Placed, *, now: datetime = NOON, gateway: str = GATEWAY) -> Refusal:
    (outcome,) = ask_payment(conn, [placed.order_id], gateway=gateway, now=now)
    assert isinstance(outcome, Refusal), outcome
    return outcome


def done(intent: Intent, *, at: datetime = NOON, amount_minor: int | None = None) -> Report:
    return Report(
        intent_id=intent.id,
        state=IntentState.DONE,
        at=at,
        amount_minor=intent.amount_minor if amount_minor is None else amount_minor,
        reference="ch_1",
    )


def failed(intent: Intent, *, at: datetime = NOON) -> Report:
    return Report(intent_id=intent.id, state=IntentState.FAILED, at=at, reason="closed")


def report(conn: Conn, *reports: Report, now: datetime) -> list[IntentState]:
    outcomes = apply_gateway_reports(conn, reports, now=now)
    assert all(isinstance(one, Applied) for one in outcomes), outcomes
    return [one.state for one in outcomes if isinstance(one, Applied)]


def head_of(conn: Conn, placed: Placed) -> Order:
    found = orders.order_by_id(conn, placed.order_id)
    assert found is not None
    return found


def refund_of(conn: Conn, placed: Placed) -> Intent:
    (found,) = [one for one in intents_of_orders(conn, [placed.order_id]) if one.kind is IntentKind.REFUND]
    return found.intent()


def money(conn: Conn, placed: Placed) -> tuple[int, int]:
    (found,) = money_of_orders(conn, [placed.order_id])
    return found.taken_minor, found.refunded_minor


def kinds(conn: Conn) -> list[ExceptionKind]:
    return [one.kind for one in last_open_exceptions(conn, limit=9)]


def held(conn: Conn, placed: Placed) -> list[tuple[int, datetime | None]]:
    line_ids = [line.line_id for line in orders.lines_by_orders(conn, [placed.order_id])]
    return sorted((one.units, one.expires_at) for one in stock.holds_of_lines(conn, line_ids))


def assert_sound(conn: Conn) -> None:
    """Nothing is broken; boards are left aside, to which nobody follows here."""
    checks = [check for check in ALL_CHECKS if check not in BOARD_CHECKS]
    broken = [(check.name, check.findings) for check in examine(conn, checks=checks).checks if not check.ok]
    assert broken == []


# ---------------------------------------------------------------------------------------------------------- asking


def test_what_is_to_pay_is_asked_once_and_runs_out_a_minute_before_the_hold(conn: Conn, shop: Shop):
    placed = put(conn, shop)
    first = asked(conn, placed)
    assert (first.amount_minor, first.currency, first.kind) == (TOTAL, "CNY", IntentKind.CAPTURE)
    assert first.expires_at == after(29)
    assert asked(conn, placed, now=after(1)) == first
    assert len(intents_of_orders(conn, [placed.order_id])) == 1
    assert money_of_orders(conn, [placed.order_id]) == []
    assert balances(conn) == {}


def test_a_payment_that_failed_can_be_begun_anew(conn: Conn, shop: Shop):
    placed = put(conn, shop)
    first = asked(conn, placed)
    report(conn, failed(first), now=after(1))
    second = asked(conn, placed, now=after(2))
    assert second.id != first.id
    assert second.key != first.key
    assert [one.state for one in intents_of_orders(conn, [placed.order_id])] == ["failed", "written"]


@pytest.mark.parametrize("minutes", [29, 30, 31])
def test_too_late_nothing_is_asked(conn: Conn, shop: Shop, minutes: int):
    placed = put(conn, shop)
    assert isinstance(refused(conn, placed, now=after(minutes)), TimeToPayOver)
    assert intents_of_orders(conn, [placed.order_id]) == []


def test_what_is_paid_cancelled_or_not_there_is_not_paid(conn: Conn, shop: Shop):
    paid, gone = put(conn, shop), put(conn, shop, "W-2")
    pay_for(conn, shop, paid)
    succeeded(cancel(conn, [Cancellation(order_id=gone.order_id)], scope=WHOLE_BRAND, now=NOON))
    assert isinstance(refused(conn, paid), NothingToPay)
    assert isinstance(refused(conn, gone), OrderCancelled)
    unknown = OrderId(UUID(int=7))
    assert ask_payment(conn, [unknown], gateway=GATEWAY, now=NOON) == [OrderNotThere(order_id=unknown)]


def test_while_one_gateway_is_asked_another_is_not(conn: Conn, shop: Shop):
    placed = put(conn, shop)
    asked(conn, placed)
    assert isinstance(refused(conn, placed, gateway="other"), PaymentUnderWay)
    assert len(intents_of_orders(conn, [placed.order_id])) == 1


def test_what_was_paid_in_part_by_hand_is_not_asked_again(conn: Conn, shop: Shop):
    placed = put(conn, shop)
    part = msgspec.structs.replace(placed, amount_minor=5_820)
    pay_for(conn, shop, part)
    assert asked(conn, placed).amount_minor == 10_000
    assert to_pay(conn, [head_of(conn, placed)]) == {placed.order_id: 10_000}


# ------------------------------------------------------------------------------------------------- paid in good time


def test_a_payment_in_time_keeps_the_goods_and_is_owed_to_the_customer(conn: Conn, shop: Shop):
    placed = put(conn, shop)
    intent = asked(conn, placed)
    assert report(conn, done(intent, at=after(5)), now=after(5)) == [IntentState.DONE]
    assert balances(conn) == {"gateway": TOTAL, "customer_deposit": -TOTAL}
    assert held(conn, placed) == [(1, None), (2, None)]
    assert head_of(conn, placed).pay_until is None
    assert subject_types(conn, placed.order_id) == ["order_placed", "payment_taken"]
    (payment,) = payments_of_orders(conn, [placed.order_id])
    assert (payment.method, payment.intent_id, payment.taken_at) == (GATEWAY, intent.id, after(5))
    assert promise.expire_holds(conn, now=after(60), limit=10) == 0
    assert source_wave(conn, now=after(60)).orders == 1
    assert_sound(conn)


def test_the_same_report_any_number_of_times_is_one_payment(conn: Conn, shop: Shop):
    placed = put(conn, shop)
    intent = asked(conn, placed)
    waiting = Report(intent_id=intent.id, state=IntentState.WAITING, at=NOON)
    report(conn, waiting, done(intent), done(intent), waiting, now=after(1))
    report(conn, done(intent), now=after(2))
    report(conn, waiting, now=after(3))
    assert money(conn, placed) == (TOTAL, 0)
    assert balances(conn) == {"gateway": TOTAL, "customer_deposit": -TOTAL}
    assert subject_types(conn, placed.order_id) == ["order_placed", "payment_taken"]
    assert kinds(conn) == []


def test_half_a_payment_keeps_nothing_and_goes_back_with_the_goods(conn: Conn, shop: Shop):
    placed = put(conn, shop)
    intent = asked(conn, placed)
    report(conn, done(intent, amount_minor=15_819), now=after(1))
    assert kinds(conn) == [ExceptionKind.AMOUNT_DIFFERS]
    assert head_of(conn, placed).pay_until == after(30)
    assert asked(conn, placed, now=after(2)).amount_minor == 1
    assert promise.expire_holds(conn, now=after(60), limit=10) == 2
    assert head_of(conn, placed).stage == "cancelled"
    back = refund_of(conn, placed)
    assert back.amount_minor == 15_819
    report(conn, done(back), now=after(61))
    assert money(conn, placed) == (15_819, 15_819)
    assert balances(conn) == {}


def test_what_was_paid_twice_goes_back_once(conn: Conn, shop: Shop):
    placed = put(conn, shop)
    intent = asked(conn, placed)
    pay_for(conn, shop, placed)
    report(conn, done(intent, at=after(1)), now=after(1))
    assert money(conn, placed) == (2 * TOTAL, 0)
    assert kinds(conn) == [ExceptionKind.ORDER_TOTAL_DIFFERS]
    back = refund_of(conn, placed)
    assert (back.amount_minor, back.of_intent_id) == (TOTAL, intent.id)
    assert_sound(conn)
    report(conn, done(back, at=after(2)), now=after(2))
    assert money(conn, placed) == (2 * TOTAL, TOTAL)
    assert balances(conn) == {"cash": TOTAL, "customer_deposit": -TOTAL}
    assert kinds(conn) == [], "once the money is back, nothing is left to look at"
    assert_sound(conn)


# ------------------------------------------------------------------------------------------------- paid or not, late


def test_goods_are_not_given_back_before_the_gateway_answered(conn: Conn, shop: Shop):
    placed = put(conn, shop)
    intent = asked(conn, placed)
    for minutes in (30, 35, 43):
        assert promise.expire_holds(conn, now=after(minutes), limit=10) == 0
    report(conn, done(intent, at=after(28)), now=after(43))
    assert head_of(conn, placed).stage == "placed"
    assert held(conn, placed) == [(1, None), (2, None)]
    assert kinds(conn) == []


def test_once_the_gateway_says_no_the_goods_go_back_at_once(conn: Conn, shop: Shop):
    placed = put(conn, shop)
    report(conn, failed(asked(conn, placed), at=after(29)), now=after(29))
    assert promise.expire_holds(conn, now=after(30), limit=10) == 2
    assert head_of(conn, placed).stage == "cancelled"
    assert balances(conn) == {}
    assert kinds(conn) == []


def test_a_gateway_that_never_answers_keeps_goods_for_a_bounded_time(conn: Conn, shop: Shop):
    """One that waits keeps no other from being given back."""
    waiting, unpaid = put(conn, shop), put(conn, shop, "W-2", lines=lines(shop, ("HAT", 1)))
    asked(conn, waiting)
    assert promise.expire_holds(conn, now=after(30), limit=1) == 1
    assert head_of(conn, unpaid).stage == "cancelled"
    assert promise.expire_holds(conn, now=after(43.9), limit=10) == 0
    assert promise.expire_holds(conn, now=after(44), limit=10) == 2
    assert head_of(conn, waiting).stage == "cancelled"


def late_payment(conn: Conn, shop: Shop, **fields: Any) -> tuple[Placed, Intent]:
    """An order given up while its gateway was silent; the money moved all the same."""
    placed = put(conn, shop, **fields)
    intent = asked(conn, placed)
    assert promise.expire_holds(conn, now=after(60), limit=10) > 0
    assert head_of(conn, placed).stage == "cancelled"
    return placed, intent


def test_a_payment_that_still_comes_holds_the_goods_again(conn: Conn, shop: Shop):
    placed, intent = late_payment(conn, shop)
    report(conn, done(intent, at=after(28)), now=after(61))
    head = head_of(conn, placed)
    assert (head.stage, head.held, head.cancelled, head.pay_until) == ("placed", 3, 0, None)
    assert held(conn, placed) == [(1, None), (2, None)]
    assert subject_types(conn, placed.order_id) == [
        "order_placed",
        "lines_cancelled",
        "payment_taken",
        "lines_reinstated",
    ]
    assert kinds(conn) == []
    assert_sound(conn)
    assert source_wave(conn, now=after(62)).orders == 1


def test_boards_count_what_was_reinstated(conn: Conn, shop: Shop):
    placed, intent = late_payment(conn, shop)
    report(conn, done(intent), now=after(61))
    for board in BOARDS:
        follow(conn, board)
    assert head_of(conn, placed).units == 3
    boards = examine(conn, checks=BOARD_CHECKS).checks
    assert [(check.name, check.findings) for check in boards if not check.ok] == []


def test_a_payment_that_comes_after_the_goods_are_gone_goes_back_by_itself(conn: Conn, shop: Shop):
    placed, intent = late_payment(conn, shop)
    put(conn, shop, "W-2", lines=lines(shop, ("COAT", 30)))
    report(conn, done(intent, at=after(28)), now=after(61))
    assert head_of(conn, placed).stage == "cancelled"
    assert held(conn, placed) == []
    assert kinds(conn) == [ExceptionKind.PAID_AFTER_RELEASE]
    assert subject_types(conn, placed.order_id)[2:] == [
        "payment_taken",
        "payment_exception_opened",
        "payment_given_back",
    ]
    assert balances(conn) == {"gateway": TOTAL, "customer_deposit": -TOTAL}, "not before it is done"
    assert_sound(conn)
    back = refund_of(conn, placed)
    assert (back.amount_minor, back.of_intent_id, back.gateway) == (TOTAL, intent.id, GATEWAY)
    report(conn, done(intent), now=after(62))
    assert len(intents_of_orders(conn, [placed.order_id])) == 2, "told again, nothing goes back again"
    report(conn, done(back, at=after(63)), done(back, at=after(63)), now=after(63))
    assert balances(conn) == {}
    assert money(conn, placed) == (TOTAL, TOTAL)
    assert kinds(conn) == []
    assert subject_types(conn, placed.order_id)[-1] == "money_refunded"
    assert_sound(conn)


def test_of_an_order_that_parks_what_is_left_is_held_and_the_rest_waits(conn: Conn, shop: Shop):
    placed, intent = late_payment(conn, shop, lines=lines(shop, ("COAT", 4)), on_shortage=OnShortage.PARK)
    put(conn, shop, "W-2", lines=lines(shop, ("COAT", 27)))
    report(conn, done(intent), now=after(61))
    head = head_of(conn, placed)
    assert (head.held, head.parked, head.cancelled) == (3, 1, 0)
    assert subject_types(conn, placed.order_id)[-2:] == ["lines_reinstated", "lines_parked"]
    assert_sound(conn)


def test_what_the_customer_called_off_is_not_held_again(conn: Conn, shop: Shop):
    placed = put(conn, shop)
    intent = asked(conn, placed)
    succeeded(cancel(conn, [Cancellation(order_id=placed.order_id)], scope=WHOLE_BRAND, now=after(5)))
    report(conn, done(intent, at=after(4)), now=after(6))
    assert head_of(conn, placed).stage == "cancelled"
    assert kinds(conn) == [ExceptionKind.PAID_AFTER_RELEASE]
    report(conn, done(refund_of(conn, placed)), now=after(7))
    assert balances(conn) == {}
    assert_sound(conn)


def test_what_the_customer_called_off_is_not_held_again_however_late_the_money(conn: Conn, shop: Shop):
    placed = put(conn, shop)
    intent = asked(conn, placed)
    succeeded(cancel(conn, [Cancellation(order_id=placed.order_id)], scope=WHOLE_BRAND, now=after(5)))
    report(conn, done(intent, at=after(4)), now=after(300))
    assert head_of(conn, placed).stage == "cancelled"
    assert refund_of(conn, placed).amount_minor == TOTAL


def test_reinstated_amounts_are_those_that_were_cancelled(conn: Conn, shop: Shop):
    placed, intent = late_payment(conn, shop)
    report(conn, done(intent), now=after(61))
    (body,) = [
        read(one, LinesReinstated)
        for one in log.read_subject(conn, placed.order_id)
        if one.type == "lines_reinstated"
    ]
    assert sum(line.amount_minor for line in body.lines) == TOTAL
    assert sorted(line.units for line in body.lines) == [1, 2]


# ------------------------------------------------------------------------------------------------------- given back


def returned(
    conn: Conn, shop: Shop, placed: Placed, *codes: str, number: str = "R-1", **fields: object
) -> TakenBack:
    stated: dict[str, object] = {
        "channel": "web",
        "external_number": number,
        "kind": ReturnKind.ASK,
        "at": after(120),
        "site_id": shop.sites["S"],
        "currency": "CNY",
        "order_id": placed.order_id,
        "lines": tuple(NewReturnLine(code=code, sku_id=shop.skus[code], units=1) for code in codes),
    }
    (outcome,) = take_back(conn, [NewReturn(**(stated | fields))], scope=WHOLE_BRAND, now=after(120))  # pyright: ignore[reportArgumentType]
    assert isinstance(outcome, TakenBack), outcome
    return outcome


def sold(conn: Conn, shop: Shop) -> Placed:
    placed = put(conn, shop)
    report(conn, done(asked(conn, placed), at=after(1)), now=after(1))
    hand_over_everything(conn, now=after(2))
    follow(conn, SETTLE)
    return placed


def test_a_return_of_what_a_gateway_took_goes_back_by_it_and_the_books_wait_for_it(conn: Conn, shop: Shop):
    placed = sold(conn, shop)
    outcome = returned(conn, shop, placed, "COAT")
    assert outcome.refund_minor == 11_300
    assert money(conn, placed) == (TOTAL, 0)
    standing = balances(conn)
    assert (standing["gateway"], standing["customer_deposit"]) == (TOTAL, -11_300), "owed to the customer"
    assert_sound(conn)
    back = refund_of(conn, placed)
    assert (back.amount_minor, back.return_id, back.gateway) == (11_300, outcome.return_id, GATEWAY)
    report(conn, done(back, at=after(125)), now=after(125))
    assert money(conn, placed) == (TOTAL, 11_300)
    standing = balances(conn)
    assert standing["gateway"] == TOTAL - 11_300
    assert "customer_deposit" not in standing
    assert_sound(conn)


def test_returns_in_parts_give_back_the_whole_and_no_more(conn: Conn, shop: Shop):
    placed = sold(conn, shop)
    for position, code in enumerate(("SCARF", "COAT", "SCARF")):
        returned(conn, shop, placed, code, number=f"R-{position}")
    asked_back = [one for one in intents_of_orders(conn, [placed.order_id]) if one.kind is IntentKind.REFUND]
    assert sorted(one.amount_minor for one in asked_back) == [2_260, 2_260, 11_300]
    report(conn, *(done(one.intent(), at=after(130)) for one in asked_back), now=after(130))
    assert money(conn, placed) == (TOTAL, TOTAL)
    assert balances(conn) == {}
    assert_sound(conn)


def test_a_refund_that_the_gateway_refuses_stays_owed_and_says_so(conn: Conn, shop: Shop):
    placed = sold(conn, shop)
    returned(conn, shop, placed, "COAT")
    back = refund_of(conn, placed)
    report(conn, failed(back, at=after(125)), now=after(125))
    assert kinds(conn) == [ExceptionKind.REFUND_FAILED]
    assert balances(conn)["customer_deposit"] == -11_300
    assert_sound(conn)


def test_a_fact_says_what_was_paid_out_and_asks_no_gateway(conn: Conn, shop: Shop):
    placed = sold(conn, shop)
    returned(
        conn,
        shop,
        placed,
        channel="till",
        kind=ReturnKind.FACT,
        lines=(
            NewReturnLine(code="COAT", sku_id=shop.skus["COAT"], units=1, stated_unit_minor=PRICES["COAT"]),
        ),
    )
    assert [one.kind for one in intents_of_orders(conn, [placed.order_id])] == [IntentKind.CAPTURE]
    assert money(conn, placed) == (TOTAL, 11_300)
    assert balances(conn)["cash"] == -11_300
    assert_sound(conn)


def test_an_order_paid_in_two_ways_is_paid_back_in_two_ways(conn: Conn, shop: Shop):
    placed = put(conn, shop)
    part = msgspec.structs.replace(placed, amount_minor=5_820)
    pay_for(conn, shop, part)
    report(conn, done(asked(conn, placed), at=after(1)), now=after(1))
    assert head_of(conn, placed).pay_until is None
    hand_over_everything(conn, now=after(2))
    follow(conn, SETTLE)
    returned(conn, shop, placed, "COAT", "SCARF", "SCARF")
    assert refund_of(conn, placed).amount_minor == 10_000, "the gateway's, taken last, goes back first"
    assert money(conn, placed) == (TOTAL, 5_820)
    standing = balances(conn)
    assert standing == {"gateway": 10_000, "customer_deposit": -10_000}
    assert_sound(conn)
    report(conn, done(refund_of(conn, placed), at=after(130)), now=after(130))
    assert balances(conn) == {}
    assert_sound(conn)


def test_calling_off_a_paid_order_gives_the_money_back_by_its_gateway(conn: Conn, shop: Shop):
    placed = put(conn, shop)
    report(conn, done(asked(conn, placed)), now=after(1))
    succeeded(cancel(conn, [Cancellation(order_id=placed.order_id)], scope=WHOLE_BRAND, now=after(2)))
    back = refund_of(conn, placed)
    assert back.amount_minor == TOTAL
    assert_sound(conn)
    report(conn, done(back), now=after(3))
    assert balances(conn) == {}
    assert_sound(conn)


# ---------------------------------------------------------------------------------------------------- notifications


def notice(intent: Intent, **fields: object) -> Notice:
    stated: dict[str, object] = {
        "key": intent.key,
        "kind": IntentKind.CAPTURE,
        "state": IntentState.DONE,
        "at": after(1),
        "amount_minor": intent.amount_minor,
        "currency": "CNY",
        "reference": "ch_1",
    }
    return Notice(**(stated | fields))  # pyright: ignore[reportArgumentType]


def test_a_notification_moves_money_once(conn: Conn, shop: Shop):
    placed = put(conn, shop)
    told = notice(asked(conn, placed))
    for _ in range(3):
        (outcome,) = apply_notices(conn, GATEWAY, [told], now=after(1))
        assert isinstance(outcome, Applied)
    assert money(conn, placed) == (TOTAL, 0)


@pytest.mark.parametrize(
    "fields", [{"amount_minor": 1}, {"amount_minor": TOTAL + 1}, {"currency": "USD"}], ids=str
)
def test_a_notification_of_other_money_moves_none_and_has_the_gateway_asked(
    conn: Conn, shop: Shop, fields: dict[str, object]
):
    placed = put(conn, shop)
    intent = asked(conn, placed)
    conn.execute("update payments.intent set state = 'waiting', next_try_at = %s", (after(20),))
    assert apply_notices(conn, GATEWAY, [notice(intent, **fields)], now=after(1)) == [
        NoticeDiffers(number=intent.key)
    ]
    assert money_of_orders(conn, [placed.order_id]) == []
    assert balances(conn) == {}
    assert held(conn, placed) == [(1, after(30)), (2, after(30))]
    assert kinds(conn) == [ExceptionKind.AMOUNT_DIFFERS]
    (due,) = conn.execute("select next_try_at from payments.intent").fetchall()
    assert due == (after(1),)


@pytest.mark.parametrize(
    ("gateway", "fields"),
    [
        (GATEWAY, {"key": "pay:unknown:0"}),
        ("another", {}),
        (GATEWAY, {"kind": IntentKind.REFUND}),
    ],
    ids=str,
)
def test_a_notification_of_nothing_we_asked_for_moves_nothing(
    conn: Conn, shop: Shop, gateway: str, fields: dict[str, object]
):
    placed = put(conn, shop)
    told = notice(asked(conn, placed), **fields)
    assert apply_notices(conn, gateway, [told], now=after(1)) == [NumberNotKnown(number=told.key)]
    assert money_of_orders(conn, [placed.order_id]) == []
    assert kinds(conn) == []


def test_an_older_state_told_again_changes_nothing(conn: Conn, shop: Shop):
    placed = put(conn, shop)
    intent = asked(conn, placed)
    apply_notices(conn, GATEWAY, [notice(intent)], now=after(1))
    apply_notices(conn, GATEWAY, [notice(intent, state=IntentState.WAITING)], now=after(2))
    apply_notices(conn, GATEWAY, [notice(intent, state=IntentState.FAILED)], now=after(3))
    assert money(conn, placed) == (TOTAL, 0)
    assert held(conn, placed) == [(1, None), (2, None)]
    assert kinds(conn) == [ExceptionKind.REPORTS_CONTRADICT]
    succeeded(cancel(conn, [Cancellation(order_id=placed.order_id)], scope=WHOLE_BRAND, now=after(4)))
    back = refund_of(conn, placed)
    report(conn, done(back, at=after(5)), now=after(5))
    apply_notices(conn, GATEWAY, [notice(intent)], now=after(6))
    assert money(conn, placed) == (TOTAL, TOTAL)
    assert balances(conn) == {}
