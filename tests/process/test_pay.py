"""Payments stand, keep holds, and are told apart when they come too late or twice."""

from datetime import timedelta

import msgspec
import pytest

from loopline import orders
from loopline.db import Conn
from loopline.kernel.ids import PaymentId, uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import OnShortage
from loopline.payments.cash import BANK_TRANSFER
from loopline.payments.model import NewPayment, PaymentRepeat, Taken
from loopline.processes import promise
from loopline.processes.pay import take_payments
from loopline.processes.place import Placed, place
from loopline.processes.source import source_wave
from tests.make.loop import balances, pay_for, subject_types
from tests.make.shop import NOON, Shop, ask, lines, open_shop, stock_up

HALF_AN_HOUR = NOON + timedelta(minutes=30)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def put(conn: Conn, draft: orders.Draft) -> Placed:
    (outcome,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(outcome, Placed), outcome
    return outcome


def transfer(shop: Shop, placed: Placed, amount_minor: int) -> NewPayment:
    return NewPayment(
        id=PaymentId(uuid7(NOON)),
        order_id=placed.order_id,
        method=BANK_TRANSFER,
        entity_id=shop.brand_entity,
        currency="CNY",
        amount_minor=amount_minor,
        taken_at=NOON,
        key="TRANSFER-77",
    )


def test_what_is_paid_is_owed_to_the_customer_until_handed_over(conn: Conn, shop: Shop):
    placed = put(conn, ask(shop, "W-1", hold_minutes=30))
    pay_for(conn, shop, placed)
    assert balances(conn) == {"cash": 15_820, "customer_deposit": -15_820}
    assert subject_types(conn, placed.order_id) == ["order_placed", "payment_taken"]


def test_a_paid_hold_does_not_run_out(conn: Conn, shop: Shop):
    paid, unpaid = (
        put(conn, ask(shop, "W-1", hold_minutes=30)),
        put(conn, ask(shop, "W-2", hold_minutes=30, lines=lines(shop, ("HAT", 1)))),
    )
    pay_for(conn, shop, paid)
    assert promise.expire_holds(conn, now=HALF_AN_HOUR, limit=100) == 1
    heads = {head.id: head.stage for head in orders.orders_by_ids(conn, [paid.order_id, unpaid.order_id])}
    assert heads == {paid.order_id: "placed", unpaid.order_id: "cancelled"}


def test_the_same_transfer_told_twice_is_one_payment(conn: Conn, shop: Shop):
    placed = put(conn, ask(shop, "W-1", hold_minutes=30))
    told = transfer(shop, placed, 15_820)
    again = msgspec.structs.replace(told, id=PaymentId(uuid7(NOON)))
    first, repeated = take_payments(conn, [told, again], now=NOON)
    assert (first, repeated) == (Taken(payment_id=told.id), PaymentRepeat(payment_id=told.id))
    assert take_payments(conn, [told], now=NOON) == [PaymentRepeat(payment_id=told.id)]
    assert balances(conn)["cash"] == 15_820


def test_money_for_an_order_that_is_gone_is_kept_with_an_exception(conn: Conn, shop: Shop):
    placed = put(conn, ask(shop, "W-1", hold_minutes=30))
    promise.expire_holds(conn, now=HALF_AN_HOUR, limit=100)
    pay_for(conn, shop, placed, at=HALF_AN_HOUR)
    found = conn.execute("select kind, order_id, found_minor from payments.exception").fetchall()
    assert found == [("paid_after_release", placed.order_id, 15_820)]
    assert balances(conn)["cash"] == 15_820


def test_nothing_is_sent_before_everything_is_paid(conn: Conn, shop: Shop):
    placed = put(conn, ask(shop, "W-1", hold_minutes=30))
    assert source_wave(conn, now=NOON).orders == 0
    take_payments(conn, [transfer(shop, placed, 15_819)], now=NOON)
    assert source_wave(conn, now=NOON).orders == 0
    last = msgspec.structs.replace(transfer(shop, placed, 1), key="TRANSFER-78")
    take_payments(conn, [last], now=NOON)
    assert source_wave(conn, now=NOON).orders == 1


def test_goods_that_come_for_an_unpaid_order_are_held_no_longer_than_the_rest(conn: Conn, shop: Shop):
    placed = put(
        conn, ask(shop, "W-1", hold_minutes=30, lines=lines(shop, ("COAT", 32)), on_shortage=OnShortage.PARK)
    )
    stock_up(conn, shop, {("W", "COAT"): 5}, at=NOON)
    assert promise.fill_parked(conn, sku_ids=None, now=NOON, limit=10) == 2
    assert promise.expire_holds(conn, now=HALF_AN_HOUR, limit=10) == 1
    head = orders.order_by_id(conn, placed.order_id)
    assert head is not None
    assert (head.stage, head.cancelled) == ("cancelled", 32)
