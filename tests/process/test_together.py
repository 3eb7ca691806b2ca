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
from loopline.processes.source import apply_part, gather, solve, source_wave
from loopline.sourcing import queries
from loopline.sourcing.model import UnfilledReason
from loopline.sourcing.optimise import Optimiser
from tests.make.cold import FROZEN, able, chill
from tests.make.shop import NOON, Shop, ask, lines, open_shop, stock_up, till_sale

SOLVER = Optimiser(work=30, gap=0.0)
SOON = NOON + timedelta(minutes=5)
LATER = NOON + timedelta(hours=2)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    """COAT and SCARF leave together; COAT is in the store, SCARF in the warehouse, HAT in both."""
    shop = open_shop(conn, units=0)
    stock_up(conn, shop, {("S", "COAT"): 5, ("W", "SCARF"): 5, ("S", "HAT"): 5, ("W", "HAT"): 5})
    conn.execute("update catalogue.sku set sent_with = 'SET' where code in ('COAT', 'SCARF')")
    return shop


def put(conn: Conn, shop: Shop, *wanted: tuple[str, int], number: str = "T-1") -> OrderId:
    draft = ask(shop, number, lines=lines(shop, *wanted), on_shortage=OnShortage.PARK)
    (outcome,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(outcome, Placed), outcome
    return outcome.order_id


def tasks_of(conn: Conn, shop: Shop, order_id: OrderId) -> list[tuple[str, int]]:
    codes = {site_id: code for code, site_id in shop.sites.items()}
    tasks = fulfilment.tasks_of_orders(conn, [order_id])
    found = fulfilment.lines_of_tasks(conn, [task.task_id for task in tasks])
    return [(codes[one.site_id], sum(line.left for line in found[one.task_id])) for one in tasks]


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


def test_goods_that_come_wake_who_waits_for_a_site_that_has_them_all(conn: Conn, shop: Shop):
    order_id = put(conn, shop, ("COAT", 1), ("SCARF", 1))
    other = put(conn, shop, ("HAT", 11), number="T-2")  # waits for goods, and for nothing else
    source_wave(conn, now=NOON, solver=SOLVER)
    stock_up(conn, shop, {("W", "COAT"): 1}, at=NOON)
    assert source_wave(conn, now=SOON, solver=SOLVER).orders == 0  # nobody was told of the coat
    promise.fill_parked(conn, sku_ids=[shop.skus["HAT"]], now=SOON, limit=10)
    assert source_wave(conn, now=SOON, solver=SOLVER).orders == 0
    promise.fill_parked(conn, sku_ids=[shop.skus["COAT"]], now=SOON, limit=10)
    assert source_wave(conn, now=SOON, solver=SOLVER).orders == 1
    assert (tasks_of(conn, shop, order_id), sum(n for _, n in tasks_of(conn, shop, other))) == (
        [("W", 2)],
        10,
    )
    assert_healthy(conn)


def test_goods_that_came_while_the_wave_was_solved_leave_its_order_due(conn: Conn, shop: Shop):
    order_id = put(conn, shop, ("COAT", 1), ("SCARF", 1))
    desk = gather(conn, now=NOON, limit=10)
    assert desk is not None
    (part,) = solve(desk, solver=SOLVER)
    stock_up(conn, shop, {("W", "COAT"): 1}, at=NOON)
    promise.fill_parked(conn, sku_ids=[shop.skus["COAT"]], now=NOON, limit=10)  # finds nobody waiting yet
    assert apply_part(conn, desk, part, now=SOON).tasks == ()
    (queue,) = orders.sourcing_queue(conn, now=SOON)
    assert (queue.waits_for, queue.orders) == (None, 1)
    source_wave(conn, now=SOON, solver=SOLVER)
    assert tasks_of(conn, shop, order_id) == [("W", 2)]
    assert_healthy(conn)


def test_mending_takes_back_whole_what_left_together(conn: Conn, shop: Shop):
    stock_up(conn, shop, {("S", "SCARF"): 2})
    order_id = put(conn, shop, ("COAT", 5), ("SCARF", 2), ("HAT", 1))
    source_wave(conn, now=NOON, solver=SOLVER)
    assert tasks_of(conn, shop, order_id) == [("S", 8)]
    sold = till_sale(shop, "1", site="S", lines=lines(shop, ("COAT", 1)))
    (rung,) = place(conn, [sold], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(rung, Placed)
    mended = promise.mend_allocations(conn, now=NOON, limit=10)
    assert mended == 7  # the coat that is gone, and all that goes with it
    assert tasks_of(conn, shop, order_id) == [("S", 1)]  # the hat goes on its way
    assert_healthy(conn)


def test_what_waits_of_another_class_keeps_nothing_back(conn: Conn, shop: Shop):
    chill(conn, SCARF=FROZEN)
    able(conn, W=(FROZEN,))
    order_id = put(
        conn, shop, ("COAT", 1), ("SCARF", 6)
    )  # a scarf more than there is: never in the coat's parcel
    source_wave(conn, now=NOON, solver=SOLVER)
    assert tasks_of(conn, shop, order_id) == [("S", 1)]
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
