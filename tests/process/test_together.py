"""Goods that leave in one parcel, in a live house: whole from one site, or waiting with the reason, never split."""

from datetime import timedelta

import pytest

from loopline import catalogue, orders
from loopline.catalogue import Care, NewSku
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.kernel.ids import OrderId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import OnShortage, WaitsFor
from loopline.processes import promise
from loopline.processes.doctor import ALL_CHECKS, examine
from loopline.processes.place import Placed, place
from loopline.processes.source import source_wave
from loopline.sourcing import queries
from loopline.sourcing.model import UnfilledReason
from loopline.sourcing.optimise import Optimiser
from tests.make.shop import NOON, Shop, ask, lines, open_shop, stock_up

SOLVER = Optimiser(work=30, gap=0.0)
LATER = NOON + timedelta(hours=2)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    """COAT and SCARF leave together; COAT is in the store, SCARF in the warehouse, HAT in both."""
    shop = open_shop(conn, units=0)
    stock_up(conn, shop, {("S", "COAT"): 5, ("W", "SCARF"): 5, ("S", "HAT"): 5, ("W", "HAT"): 5})
    conn.execute("update catalogue.sku set sent_with = 'SET' where code in ('COAT', 'SCARF')")
    return shop


def put(conn: Conn, shop: Shop, *wanted: tuple[str, int]) -> OrderId:
    draft = ask(shop, "T-1", lines=lines(shop, *wanted), on_shortage=OnShortage.PARK)
    (outcome,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(outcome, Placed), outcome
    return outcome.order_id


def tasks_of(conn: Conn, shop: Shop, order_id: OrderId) -> list[tuple[str, int]]:
    codes = {site_id: code for code, site_id in shop.sites.items()}
    tasks = fulfilment.tasks_of_orders(conn, [order_id])
    found = fulfilment.lines_of_tasks(conn, [task.task_id for task in tasks])
    return [(codes[one.site_id], sum(line.units for line in found[one.task_id])) for one in tasks]


def assert_healthy(conn: Conn) -> None:
    goods = [check for check in ALL_CHECKS if check.invariant in {1, 2, 3, 9}]
    assert [one for one in examine(conn, checks=goods).checks if not one.ok] == []


def test_what_no_site_has_all_of_waits_with_its_goods_until_one_has(conn: Conn, shop: Shop):
    order_id = put(conn, shop, ("COAT", 1), ("SCARF", 1), ("HAT", 1))
    source_wave(conn, now=NOON, solver=SOLVER)
    assert sum(units for _, units in tasks_of(conn, shop, order_id)) == 1  # the hat alone
    (explained,) = queries.explanations(conn, [order_id])
    assert [one.reason for one in explained.unfilled] == [UnfilledReason.TOGETHER] * 2
    (queue,) = orders.sourcing_queue(conn, now=NOON)
    assert (queue.waits_for, queue.orders, queue.units) == (WaitsFor.TOGETHER, 1, 2)
    assert source_wave(conn, now=NOON + timedelta(minutes=14), solver=SOLVER).orders == 0
    assert_healthy(conn)
    stock_up(conn, shop, {("W", "COAT"): 1}, at=NOON)
    source_wave(conn, now=LATER, solver=SOLVER)
    assert ("W", 2) in tasks_of(conn, shop, order_id)
    assert_healthy(conn)


def test_what_waits_for_goods_keeps_its_companion_back_and_both_leave_together(conn: Conn, shop: Shop):
    stock_up(conn, shop, {("S", "SCARF"): 5})
    order_id = put(conn, shop, ("COAT", 6), ("SCARF", 1))  # a coat more than there is
    assert source_wave(conn, now=NOON, solver=SOLVER).tasks == ()
    (explained,) = queries.explanations(conn, [order_id])
    assert {one.reason for one in explained.unfilled} == {UnfilledReason.TOGETHER}
    stock_up(conn, shop, {("S", "COAT"): 1}, at=NOON)
    promise.fill_parked(conn, sku_ids=None, now=LATER, limit=10)
    source_wave(conn, now=LATER, solver=SOLVER)
    assert tasks_of(conn, shop, order_id) == [("S", 7)]
    assert_healthy(conn)


def test_orders_of_one_of_them_alone_go_as_ever(conn: Conn, shop: Shop):
    order_id = put(conn, shop, ("COAT", 1), ("HAT", 1))
    source_wave(conn, now=NOON, solver=SOLVER)
    assert tasks_of(conn, shop, order_id) == [("S", 2)]


def test_the_word_is_kept_with_the_care_of_a_sku(conn: Conn, shop: Shop):
    care = Care(sent_with="SET")
    new = NewSku(code="BELT", product_code="COAT", name="Belt", tax_class="standard", care=care)
    catalogue.add_skus(conn, [new], now=NOON)
    found = catalogue.skus_by_code(conn, ["BELT", "COAT", "HAT"])
    assert {code: one.care.sent_with for code, one in found.items()} == {
        "BELT": "SET",
        "COAT": "SET",
        "HAT": None,
    }
    assert catalogue.companions_of(conn, [one.id for one in found.values()]) == {
        found["BELT"].id: "SET",
        found["COAT"].id: "SET",
    }
