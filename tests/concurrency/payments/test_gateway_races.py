"""Answers of a gateway, expiry, cancellation and customers who ask again meet on the same orders at the same moment."""

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest

from loopline import orders
from loopline.db import Conn, Database
from loopline.insight.checks import CHECKS as BOARD_CHECKS
from loopline.kernel.ids import OrderId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import OnShortage, OrderStage
from loopline.payments import (
    IntentId,
    IntentKind,
    IntentState,
    IntentWritten,
    Report,
    intents_of_orders,
    money_of_orders,
)
from loopline.processes import promise
from loopline.processes.cancel import Cancellation, cancel
from loopline.processes.checkout import ask_payment
from loopline.processes.doctor import ALL_CHECKS, examine
from loopline.processes.pay import apply_gateway_reports
from loopline.processes.place import Placed, place
from loopline.processes.replenish import record_goods
from loopline.processes.source import source_wave
from loopline.stock import Fact, MovementReason
from tests.make.rivals import together
from tests.make.shop import NOON, Shop, ask, lines, open_shop

ORDERS = 6
LATE = NOON + timedelta(minutes=60)


def placed_and_asked(database: Database) -> tuple[Shop, list[OrderId], list[IntentId]]:
    """Orders of two SKUs each, in turns, all asked of a gateway."""
    with database.transaction() as conn:
        shop = open_shop(conn)
        wanted = [("COAT", "SCARF"), ("SCARF", "HAT"), ("HAT", "COAT")]
        drafts = [
            ask(
                shop,
                f"W-{number}",
                hold_minutes=30,
                lines=lines(shop, *((code, 2) for code in wanted[number % 3])),
            )
            for number in range(ORDERS)
        ]
        found = place(conn, drafts, scope=WHOLE_BRAND, now=NOON)
        order_ids = [one.order_id for one in found if isinstance(one, Placed)]
    with database.transaction() as conn:
        asked = ask_payment(conn, order_ids, gateway="sandbox", now=NOON)
        return shop, order_ids, [one.intent_id for one in asked if isinstance(one, IntentWritten)]


def done(intent_ids: list[IntentId]) -> list[Report]:
    return [Report(intent_id=one, state=IntentState.DONE, at=NOON) for one in intent_ids]


def again(work: Callable[[Conn], object]) -> Callable[[Conn], str]:
    """Do a piece of work in a savepoint; a rival it cannot pass is a deadlock, which is told."""

    def run(conn: Conn) -> str:
        try:
            with conn.transaction():
                work(conn)
        except psycopg.errors.DeadlockDetected:
            return "deadlock"
        return "done"

    return run


def begun_again(work: Callable[[Conn], object]) -> Callable[[Conn], str]:
    """Do a piece of work as the edge does: again where a rival came first."""

    def run(conn: Conn) -> str:
        for _ in range(3):
            try:
                with conn.transaction():
                    work(conn)
            except psycopg.errors.SerializationFailure:
                continue
            return "done"
        return "beaten"

    return run


def assert_sound(database: Database) -> None:
    checks = [check for check in ALL_CHECKS if check not in BOARD_CHECKS]
    with database.reading() as conn:
        broken = [
            (check.name, check.findings) for check in examine(conn, checks=checks).checks if not check.ok
        ]
    assert broken == []


@pytest.mark.parametrize("turn", range(4))
def test_one_answer_told_by_many_at_once_is_one_payment(database: Database, turn: int):
    del turn
    _, order_ids, intent_ids = placed_and_asked(database)
    reports = done(intent_ids)
    outcomes = together(
        database,
        [
            again(lambda conn: apply_gateway_reports(conn, reports, now=NOON)),
            again(lambda conn: apply_gateway_reports(conn, reports[::-1], now=NOON)),
            again(lambda conn: apply_gateway_reports(conn, reports[3:] + reports[:3], now=NOON)),
            again(lambda conn: source_wave(conn, now=NOON)),
        ],
    )
    assert outcomes == ["done"] * 4
    with database.reading() as conn:
        taken = {one.order_id: one.taken_minor for one in money_of_orders(conn, order_ids)}
        heads = {head.id: head.amount_minor for head in orders.orders_by_ids(conn, order_ids)}
    assert taken == heads
    assert_sound(database)


@pytest.mark.parametrize("turn", range(4))
def test_payments_and_the_end_of_holds_meet(database: Database, turn: int):
    """Whoever comes first, every order ends paid and held: the payment keeps the hold, or holds again."""
    del turn
    _, order_ids, intent_ids = placed_and_asked(database)
    outcomes = together(
        database,
        [
            again(lambda conn: apply_gateway_reports(conn, done(intent_ids[:3]), now=LATE)),
            again(lambda conn: promise.expire_holds(conn, now=LATE, limit=100)),
            again(lambda conn: apply_gateway_reports(conn, done(intent_ids[3:]), now=LATE)),
        ],
    )
    assert outcomes == ["done"] * 3
    with database.reading() as conn:
        heads = orders.orders_by_ids(conn, order_ids)
    assert {(head.stage, head.held, head.pay_until) for head in heads} == {(OrderStage.PLACED, 4, None)}
    assert_sound(database)


@pytest.mark.parametrize("turn", range(4))
def test_payments_and_customers_who_call_off_meet(database: Database, turn: int):
    """Whoever comes first, the money of what was called off is on its way back."""
    del turn
    _, order_ids, intent_ids = placed_and_asked(database)
    off = [Cancellation(order_id=order_id) for order_id in order_ids]
    outcomes = together(
        database,
        [
            again(lambda conn: apply_gateway_reports(conn, done(intent_ids), now=NOON)),
            again(lambda conn: cancel(conn, off[:3], scope=WHOLE_BRAND, now=NOON)),
            again(lambda conn: cancel(conn, off[3:], scope=WHOLE_BRAND, now=NOON)),
        ],
    )
    assert outcomes == ["done"] * 3
    with database.reading() as conn:
        heads = orders.orders_by_ids(conn, order_ids)
        back = [one for one in intents_of_orders(conn, order_ids) if one.kind is IntentKind.REFUND]
    assert {head.stage for head in heads} == {OrderStage.CANCELLED}
    assert {one.order_id: one.amount_minor for one in back} == {head.id: head.amount_minor for head in heads}
    assert_sound(database)


@pytest.mark.parametrize("turn", range(4))
def test_customers_who_call_off_and_the_end_of_holds_meet(database: Database, turn: int):
    """Whoever comes first, every order is cancelled once, and whoever comes second sees that it is."""
    del turn
    _, order_ids, _ = placed_and_asked(database)
    off = [Cancellation(order_id=order_id) for order_id in order_ids]
    outcomes = together(
        database,
        [
            begun_again(lambda conn: cancel(conn, off[:3], scope=WHOLE_BRAND, now=LATE)),
            begun_again(lambda conn: promise.expire_holds(conn, now=LATE, limit=100)),
            begun_again(lambda conn: cancel(conn, off[3:], scope=WHOLE_BRAND, now=LATE)),
        ],
    )
    assert outcomes == ["done"] * 3
    with database.reading() as conn:
        assert {head.stage for head in orders.orders_by_ids(conn, order_ids)} == {OrderStage.CANCELLED}
        told = conn.execute("select count(*) from log.event where type = 'lines_cancelled'").fetchone()
        assert told == (ORDERS,)
    assert_sound(database)


@pytest.mark.parametrize("turn", range(4))
def test_goods_that_come_and_the_end_of_holds_meet(database: Database, turn: int):
    """An order waits for coats with a scarf held: it is cancelled of both, whoever would have given it the coats."""
    del turn
    with database.transaction() as conn:
        shop = open_shop(conn)
        drafts = [
            ask(
                shop,
                f"W-{number}",
                hold_minutes=30,
                on_shortage=OnShortage.PARK,
                lines=lines(shop, ("COAT", 30 if number else 1), ("SCARF", 1)),
            )
            for number in range(ORDERS)
        ]
        found = place(conn, drafts, scope=WHOLE_BRAND, now=NOON)
        order_ids = [one.order_id for one in found if isinstance(one, Placed)]
    coats = Fact(
        id=uuid7s(NOON, 1)[0],
        leaf_id=shop.leaves["W"],
        sku_id=shop.skus["COAT"],
        reason=MovementReason.RECEIPT,
        on_hand=100,
    )
    in_time = LATE - timedelta(minutes=31)
    outcomes = together(
        database,
        [
            begun_again(lambda conn: promise.expire_holds(conn, now=LATE, limit=100)),
            begun_again(lambda conn: record_goods(conn, [coats], now=in_time)),
        ],
    )
    assert outcomes == ["done"] * 2
    with database.transaction() as conn:
        promise.expire_holds(conn, now=LATE, limit=100)
        heads = orders.orders_by_ids(conn, order_ids)
        assert {(head.stage, head.held, head.parked) for head in heads} == {(OrderStage.CANCELLED, 0, 0)}
    assert_sound(database)


@pytest.mark.parametrize("turn", range(4))
def test_two_who_ask_to_pay_at_once_are_asked_for_one_payment(database: Database, turn: int):
    del turn
    with database.transaction() as conn:
        shop = open_shop(conn)
        (placed,) = place(conn, [ask(shop, "W-1", hold_minutes=30)], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(placed, Placed)

    def asks(conn: Conn) -> object:
        (outcome,) = ask_payment(conn, [placed.order_id], gateway="sandbox", now=NOON)
        assert not isinstance(outcome, Refusal), outcome
        return outcome.intent_id

    assert len(set(together(database, [asks] * 6))) == 1
    with database.reading() as conn:
        assert len(intents_of_orders(conn, [placed.order_id])) == 1
