"""Goods exchanged at the old price keep what points took off: the new order takes what the old one gives back."""

import pytest

from loopline.db import Conn
from loopline.kernel.ids import MemberId
from loopline.pricing.points import uses_of_orders
from tests.make.customers import member, phone, registered
from tests.make.loop import hand_over_everything, pay_for
from tests.make.points import points_given, points_in_force, points_of
from tests.make.shop import NOON, OPENED, Shop, ask, lines
from tests.process.test_exchange_funding import bring_back, exchange, lines_of
from tests.process.test_exchange_funding import shop as shop  # noqa: PLC0414 - a fixture
from tests.process.test_points import caught_up, deferred, put, sound


@pytest.fixture
def anna(conn: Conn) -> MemberId:
    return registered(conn, [member(phone(1))])[0]


def test_points_follow_the_goods_that_take_the_place_of_others(conn: Conn, shop: Shop, anna: MemberId):
    points_in_force(conn)
    points_given(conn, anna, 2_000, now=OPENED)
    goods = lines(shop, ("COAT", 2))
    old = put(conn, ask(shop, "W-1", member_id=anna, points=2_000, lines=goods))
    pay_for(conn, shop, old)
    hand_over_everything(conn, now=NOON)
    caught_up(conn)
    assert points_of(conn, anna) == (206, 0, 0)
    done = exchange(conn, shop, old.order_id)
    assert (done.paid_minor, done.given_back_minor) == (0, 0)
    assert lines_of(conn, done.new_order_id)["COAT-L"].amount_minor == 10_300
    sound(conn)
    uses = {one.order_id: one.spent for one in uses_of_orders(conn, [old.order_id, done.new_order_id])}
    assert uses == {old.order_id: 1_000, done.new_order_id: 1_000}
    assert points_of(conn, anna) == (206, 0, 0)
    bring_back(conn, shop, done.new_order_id, "COAT-L")
    sound(conn)
    assert points_of(conn, anna) == (103, 1_000, 0)
    bring_back(conn, shop, old.order_id, "COAT")
    sound(conn)
    assert points_of(conn, anna) == (0, 2_000, 0)
    assert deferred(conn) == (2_000, -2_000)
