"""Nobody came: the parcel goes back to the shelf, and the money to who paid."""

from datetime import timedelta

import pytest

from loopline import orders, stock
from loopline.db import Conn
from loopline.fulfilment import codes as fulfilment_codes
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import AcceptTask, CheckTask, PackTask, PickTask, TaskState
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Delivery, OrderStage
from loopline.payments import queries as payments
from loopline.processes import dispatch, fulfil
from loopline.processes.doctor import examine
from loopline.processes.no_show import end_waiting
from loopline.processes.place import Placed, place
from loopline.processes.source import source_wave
from tests.make.loop import balances, pay_for, subject_types
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, open_shop

WAITED = timedelta(days=30)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def to_be_collected(conn: Conn, shop: Shop, *, paid: bool) -> Placed:
    draft = ask(
        shop, "C-1", delivery=Delivery.COLLECT, site_id=shop.sites["S"], destination=None, hold_minutes=0
    )
    (placed,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(placed, Placed)
    if paid:
        pay_for(conn, shop, placed)
    tasks = source_wave(conn, now=NOON).tasks
    succeeded(dispatch.accept(conn, [AcceptTask(task_id=one) for one in tasks], scope=WHOLE_BRAND, now=NOON))
    succeeded(fulfil.pick(conn, [PickTask(task_id=one) for one in tasks], scope=WHOLE_BRAND, now=NOON))
    succeeded(fulfil.check(conn, [CheckTask(task_id=one) for one in tasks], scope=WHOLE_BRAND, now=NOON))
    packed = [
        PackTask(
            task_id=one, code=fulfilment_codes.collect_code(bytes(5)), collect_by=NOON + timedelta(days=7)
        )
        for one in tasks
    ]
    succeeded(fulfil.pack(conn, packed, scope=WHOLE_BRAND, now=NOON))
    return placed


def test_what_nobody_collects_is_sold_again_and_paid_back(conn: Conn, shop: Shop):
    placed = to_be_collected(conn, shop, paid=True)
    assert end_waiting(conn, now=NOON + timedelta(minutes=1), limit=100) == 0
    assert end_waiting(conn, now=NOON + WAITED, limit=100) == 1
    assert end_waiting(conn, now=NOON + WAITED, limit=100) == 0
    head = orders.order_by_id(conn, placed.order_id)
    assert head is not None
    assert (head.stage, head.cancelled, head.allocated) == (OrderStage.CANCELLED, 3, 0)
    (task,) = fulfilment.tasks_of_orders(conn, [placed.order_id])
    assert task.state is TaskState.NOT_COLLECTED
    (money,) = payments.money_of_orders(conn, [placed.order_id])
    assert (money.taken_minor, money.refunded_minor) == (15_820, 15_820)
    assert balances(conn) == {}
    coats = stock.stock_at_leaves(conn, [shop.leaves["S"]], sku_ids=[shop.skus["COAT"]])
    assert [(one.on_hand, one.allocated) for one in coats] == [(10, 0)]
    assert subject_types(conn, placed.order_id)[-2:] == ["parcel_not_collected", "lines_cancelled"]
    assert [one.name for one in examine(conn).checks if not one.ok and one.invariant != 7] == []


def test_what_was_not_paid_is_given_back_without_a_refund(conn: Conn, shop: Shop):
    placed = to_be_collected(conn, shop, paid=False)
    assert end_waiting(conn, now=NOON + WAITED, limit=100) == 1
    assert payments.money_of_orders(conn, [placed.order_id]) == []
    head = orders.order_by_id(conn, placed.order_id)
    assert head is not None
    assert head.stage is OrderStage.CANCELLED
    assert [one.name for one in examine(conn).checks if not one.ok and one.invariant != 7] == []
