"""What was not handed over is called off: goods are given back, work is taken back, what was paid goes back."""

from datetime import timedelta

import pytest

from loopline import orders, stock
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import AcceptTask, PickTask, TaskState
from loopline.kernel.ids import LineId, MemberId, OrderId, uuid7
from loopline.kernel.scope import WHOLE_BRAND, NotInYourBranch, Scope
from loopline.orders import OnShortage, Order, OrderStage
from loopline.payments import queries as payments
from loopline.processes import dispatch, fulfil
from loopline.processes.cancel import (
    Cancellation,
    Cancelled,
    MoreThanCancellable,
    NothingToCancel,
    UnitsToCancel,
    UnknownOrder,
    UnknownOrderLine,
    UnpaidOnlyWhole,
    cancel,
)
from loopline.processes.doctor import examine
from loopline.processes.place import Placed, place
from loopline.processes.source import source_wave
from tests.make.loop import balances, hand_over_everything, pay_for, subject_types
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, lines, open_shop, till_sale

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def placed(conn: Conn, draft: orders.Draft) -> Placed:
    (outcome,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(outcome, Placed), outcome
    return outcome


def order(conn: Conn, order_id: OrderId) -> Order:
    found = orders.order_by_id(conn, order_id)
    assert found is not None
    return found


def line_ids(conn: Conn, order_id: OrderId) -> dict[str, LineId]:
    return {line.code: line.line_id for line in orders.lines_by_orders(conn, [order_id])}


def call_off(conn: Conn, *asked: Cancellation, scope: Scope = WHOLE_BRAND) -> list[object]:
    return list(cancel(conn, asked, scope=scope, now=LATER))


def held(conn: Conn, shop: Shop, sku: str) -> tuple[int, int]:
    (found,) = stock.free_at_nodes(conn, [shop.network], [shop.skus[sku]])
    return found.held, found.free


def assert_sound(conn: Conn) -> None:
    """Everything doctor proves, but for what follows the log: nothing follows within a transaction."""
    report = examine(conn)
    assert [one for one in report.checks if not one.ok and one.invariant != 7] == []


def test_held_units_are_given_back_and_paid_back(conn: Conn, shop: Shop):
    one = placed(conn, ask(shop, "W-1"))
    pay_for(conn, shop, one)
    (outcome,) = call_off(conn, Cancellation(order_id=one.order_id, actor="person:1"))
    assert isinstance(outcome, Cancelled)
    assert (outcome.refund_minor, outcome.stage, len(outcome.lines)) == (15_820, OrderStage.CANCELLED, 2)
    assert (held(conn, shop, "COAT"), held(conn, shop, "SCARF")) == ((0, 30), (0, 30))
    assert balances(conn) == {}
    (money,) = payments.money_of_orders(conn, [one.order_id])
    assert (money.taken_minor, money.refunded_minor) == (15_820, 15_820)
    assert subject_types(conn, one.order_id)[-1] == "lines_cancelled"
    assert_sound(conn)


def test_work_is_taken_back_from_every_step_before_the_hand_over(conn: Conn, shop: Shop):
    made = [placed(conn, ask(shop, f"W-{step}")) for step in range(3)]
    for one in made:
        pay_for(conn, shop, one)
    source_wave(conn, now=NOON)
    tasks = fulfilment.tasks_of_orders(conn, [one.order_id for one in made])
    begun = [task.task_id for task in tasks if task.order_id == made[1].order_id]
    succeeded(dispatch.accept(conn, [AcceptTask(task_id=one) for one in begun], scope=WHOLE_BRAND, now=NOON))
    succeeded(fulfil.pick(conn, [PickTask(task_id=one) for one in begun], scope=WHOLE_BRAND, now=NOON))
    outcomes = call_off(conn, *(Cancellation(order_id=one.order_id) for one in made[:2]))
    assert [one.refund_minor for one in outcomes if isinstance(one, Cancelled)] == [15_820, 15_820]
    after = fulfilment.tasks_of_orders(conn, [one.order_id for one in made])
    states = {task.order_id: task.state for task in after}
    assert [states[one.order_id] for one in made] == [
        TaskState.CANCELLED,
        TaskState.CANCELLED,
        TaskState.OFFERED,
    ]
    assert [order(conn, one.order_id).stage for one in made] == ["cancelled", "cancelled", "sourced"]
    capacity = [
        (one.held, one.confirmed)
        for one in fulfilment.capacity_of_sites(conn, list(shop.sites.values()), day=tasks[0].day)
    ]
    assert sum(held for held, _ in capacity) == 1
    assert sum(confirmed for _, confirmed in capacity) == 0
    assert_sound(conn)


def test_parts_come_to_what_the_whole_does(conn: Conn, shop: Shop):
    one = placed(conn, ask(shop, "W-1", lines=lines(shop, ("HAT", 7))))
    pay_for(conn, shop, one)
    hat = line_ids(conn, one.order_id)["HAT"]
    refunds: list[int] = []
    for units in (3, 1, 3):
        wanted = Cancellation(order_id=one.order_id, lines=(UnitsToCancel(line_id=hat, units=units),))
        (outcome,) = call_off(conn, wanted)
        assert isinstance(outcome, Cancelled)
        refunds.append(outcome.refund_minor)
    assert (sum(refunds), refunds) == (7 * 999, [2_997, 999, 2_997])
    assert (balances(conn), order(conn, one.order_id).stage) == ({}, "cancelled")
    assert_sound(conn)


def test_two_cancellations_of_one_order_in_one_batch_see_each_other(conn: Conn, shop: Shop):
    one = placed(conn, ask(shop, "W-1", lines=lines(shop, ("HAT", 7))))
    pay_for(conn, shop, one)
    hat = line_ids(conn, one.order_id)["HAT"]
    part = Cancellation(order_id=one.order_id, lines=(UnitsToCancel(line_id=hat, units=4),))
    first, second, rest = call_off(conn, part, part, Cancellation(order_id=one.order_id))
    assert isinstance(first, Cancelled)
    assert second == MoreThanCancellable(line_id=hat, units=4, cancellable=3)
    assert isinstance(rest, Cancelled)
    assert (first.refund_minor, rest.refund_minor) == (3_996, 2_997)
    assert_sound(conn)


def test_what_waits_goes_before_what_is_held(conn: Conn, shop: Shop):
    one = placed(conn, ask(shop, "W-1", on_shortage=OnShortage.PARK, lines=lines(shop, ("HAT", 35))))
    hat = line_ids(conn, one.order_id)["HAT"]
    wanted = Cancellation(order_id=one.order_id, lines=(UnitsToCancel(line_id=hat, units=7),))
    call_off(conn, wanted)
    found = order(conn, one.order_id)
    assert (found.parked, found.held, found.cancelled) == (0, 28, 7)
    assert held(conn, shop, "HAT") == (28, 30)
    assert_sound(conn)


def test_what_is_handed_over_stays_sold_and_the_rest_goes(conn: Conn, shop: Shop):
    one = placed(conn, ask(shop, "W-1", on_shortage=OnShortage.PARK, lines=lines(shop, ("HAT", 35))))
    pay_for(conn, shop, one)
    hand_over_everything(conn, now=NOON)
    (outcome,) = call_off(conn, Cancellation(order_id=one.order_id))
    assert isinstance(outcome, Cancelled)
    assert (outcome.refund_minor, outcome.stage) == (5 * 999, OrderStage.HANDED_OVER)
    assert call_off(conn, Cancellation(order_id=one.order_id)) == [
        NothingToCancel(order_id=one.order_id, number=one.number)
    ]


def test_an_unpaid_order_is_called_off_as_a_whole_and_pays_nothing_back(conn: Conn, shop: Shop):
    one = placed(conn, ask(shop, "W-1", hold_minutes=30))
    coat = line_ids(conn, one.order_id)["COAT"]
    part = Cancellation(order_id=one.order_id, lines=(UnitsToCancel(line_id=coat, units=1),))
    assert call_off(conn, part) == [UnpaidOnlyWhole(order_id=one.order_id, number=one.number)]
    assert held(conn, shop, "COAT") == (1, 30)
    (outcome,) = call_off(conn, Cancellation(order_id=one.order_id))
    assert isinstance(outcome, Cancelled)
    assert (outcome.refund_minor, outcome.stage) == (0, OrderStage.CANCELLED)
    assert call_off(conn, Cancellation(order_id=one.order_id)) == [
        Cancelled(order_id=one.order_id, lines=(), refund_minor=0, currency="CNY", stage=OrderStage.CANCELLED)
    ]
    assert_sound(conn)


def test_nobody_calls_off_what_is_not_theirs(conn: Conn, shop: Shop):
    member, other = MemberId(uuid7(NOON)), MemberId(uuid7(NOON))
    one = placed(conn, ask(shop, "W-1", member_id=member, site_id=shop.sites["S"]))
    ours = Cancellation(order_id=one.order_id)
    at_dealer = Scope(sites=frozenset({shop.sites["D"]}))
    assert call_off(conn, ours, scope=at_dealer) == [NotInYourBranch(subject=str(one.order_id))]
    theirs = Cancellation(order_id=one.order_id, by_member=other)
    assert call_off(conn, theirs, scope=Scope()) == [UnknownOrder(order_id=one.order_id)]
    nowhere = OrderId(uuid7(NOON))
    assert call_off(conn, Cancellation(order_id=nowhere)) == [UnknownOrder(order_id=nowhere)]
    assert held(conn, shop, "COAT") == (1, 30)
    (outcome,) = call_off(conn, Cancellation(order_id=one.order_id, by_member=member), scope=Scope())
    assert isinstance(outcome, Cancelled)


def test_lines_that_make_no_sense_are_refused(conn: Conn, shop: Shop):
    one = placed(conn, ask(shop, "W-1"))
    coat = line_ids(conn, one.order_id)["COAT"]
    ghost = LineId(uuid7(NOON))
    twice = (UnitsToCancel(line_id=coat, units=1), UnitsToCancel(line_id=coat, units=1))
    assert call_off(
        conn,
        Cancellation(order_id=one.order_id, lines=(UnitsToCancel(line_id=ghost, units=1),)),
        Cancellation(order_id=one.order_id, lines=twice),
        Cancellation(order_id=one.order_id, lines=(UnitsToCancel(line_id=coat, units=2),)),
    ) == [
        UnknownOrderLine(line_id=ghost),
        UnknownOrderLine(line_id=coat),
        MoreThanCancellable(line_id=coat, units=2, cancellable=1),
    ]
    assert held(conn, shop, "COAT") == (1, 30)


def test_a_sale_of_a_till_cannot_be_called_off(conn: Conn, shop: Shop):
    one = placed(conn, till_sale(shop, "T-1"))
    assert call_off(conn, Cancellation(order_id=one.order_id)) == [
        NothingToCancel(order_id=one.order_id, number=one.number)
    ]
