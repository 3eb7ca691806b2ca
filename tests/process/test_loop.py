"""From an ask to everybody's share: sourcing, dispatch, fulfilment and settlement, with refusals on the way."""

from datetime import timedelta
from uuid import UUID

import pytest

from loopline import orders, stock
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import (
    AcceptTask,
    CheckTask,
    CollectParcel,
    HandedOver,
    HandOverTask,
    PackTask,
    PickTask,
    RefusalReason,
    RefuseTask,
    SiteLimit,
    TaskKind,
    TaskState,
)
from loopline.fulfilment.service import set_site_limits
from loopline.kernel.ids import OrderId, TaskId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Credits, Delivery, OnShortage, Order, WaitsFor
from loopline.processes import dispatch, fulfil, promise
from loopline.processes.follow import FOLLOWERS
from loopline.processes.full_days import take_again
from loopline.processes.place import Placed, place
from loopline.processes.replenish import record_goods
from loopline.processes.settle import RETURN_WINDOW_DEFAULT, release_due
from loopline.processes.source import source_wave
from loopline.sourcing.queries import explanations
from loopline.stock import Fact, MovementReason
from tests.make.loop import balances, follow, hand_over_everything, pack_up, shares, subject_types, work_off
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, lines, open_shop, till_sale

SETTLE = next(one for one in FOLLOWERS if one.name == "settle")
LATER = NOON + timedelta(hours=5)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn)


def put(conn: Conn, draft: orders.Draft) -> Order:
    (outcome,) = place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
    assert isinstance(outcome, Placed), outcome
    return order_of(conn, outcome.order_id)


def order_of(conn: Conn, order_id: OrderId) -> Order:
    found = orders.order_by_id(conn, order_id)
    assert found is not None
    return found


def refuse(conn: Conn, task_id: TaskId, reason: RefusalReason) -> None:
    command = RefuseTask(command_id=UUID(int=task_id.int ^ 1), task_id=task_id, reason=reason)
    succeeded(dispatch.refuse(conn, [command], scope=WHOLE_BRAND, now=NOON))


def test_an_order_goes_from_ask_to_share(conn: Conn, shop: Shop):
    order = put(conn, ask(shop, "W-1", credits=Credits(guide_id=shop.parties["GUIDE"])))
    (task_id,) = hand_over_everything(conn, now=NOON)
    assert order_of(conn, order.id).stage == "handed_over"
    (explained,) = explanations(conn, [order.id])
    assert [one.site_id for one in explained.chosen] == [shop.sites["S"]]
    assert {one.site_id for one in explained.eliminated} == {shop.sites["W"], shop.sites["D"]}
    follow(conn, SETTLE)
    # 15,820 with 1,820 of tax: 14,000 are shared. 3 % guide, 5 % shipping store, 1 % platform, the brand the rest.
    assert shares(conn) == {"GUIDE": 420, "STORE-S": 700, "PLATFORM": 140, "BRAND": 12_740}
    assert balances(conn) == {
        "customer_deposit": 15_820, "revenue": -14_000, "tax": -1_820, "sharing_cost": 14_000, "share_pending": -14_000,
    }  # fmt: skip
    assert subject_types(conn, order.id) == [
        "order_placed", "order_sourced", "tasks_offered", "task_accepted", "picking_started", "goods_checked",
        "parcel_packed", "parcel_handed_over", "order_settled",
    ]  # fmt: skip
    (task,) = fulfilment.tasks_by_id(conn, [task_id])
    assert task.state is TaskState.HANDED_OVER


def test_what_is_collected_comes_from_its_site_beside_what_is_delivered(conn: Conn, shop: Shop):
    here = {"delivery": Delivery.COLLECT, "site_id": shop.sites["D"], "destination": None}
    collected = put(conn, ask(shop, "W-1", lines=lines(shop, ("COAT", 10)), **here))
    delivered = put(conn, ask(shop, "W-2", lines=lines(shop, ("COAT", 20))))
    wave = source_wave(conn, now=NOON)
    assert (wave.orders, len(wave.tasks), wave.parked_units) == (2, 3, 0)
    (task,) = fulfilment.tasks_of_orders(conn, [collected.id])
    assert (task.site_id, task.kind) == (shop.sites["D"], TaskKind.COLLECT)
    sites = {one.site_id for one in fulfilment.tasks_of_orders(conn, [delivered.id])}
    assert sites == {shop.sites["W"], shop.sites["S"]}
    command = AcceptTask(task_id=task.task_id)
    succeeded(dispatch.accept(conn, [command], scope=WHOLE_BRAND, now=NOON))
    succeeded(fulfil.pick(conn, [PickTask(task_id=task.task_id)], scope=WHOLE_BRAND, now=NOON))
    succeeded(fulfil.check(conn, [CheckTask(task_id=task.task_id)], scope=WHOLE_BRAND, now=NOON))
    packed = PackTask(task_id=task.task_id, code="ABCD2345", collect_by=NOON + timedelta(days=7))
    succeeded(fulfil.pack(conn, [packed], scope=WHOLE_BRAND, now=NOON))
    (gone,) = succeeded(
        fulfil.collect(
            conn, [CollectParcel(site_id=shop.sites["D"], code="ABCD2345")], scope=WHOLE_BRAND, now=NOON
        )
    )
    assert (gone.order_id, order_of(conn, collected.id).stage) == (collected.id, "handed_over")


def test_settling_again_posts_nothing(conn: Conn, shop: Shop):
    put(conn, till_sale(shop, "T-1"))
    follow(conn, SETTLE)
    before = (balances(conn), shares(conn))
    follow(conn, SETTLE)
    assert (balances(conn), shares(conn)) == before


def test_a_dealers_till_shares_with_the_dealer(conn: Conn, shop: Shop):
    put(conn, till_sale(shop, "T-1", site="D"))
    follow(conn, SETTLE)
    assert shares(conn) == {"STORE-D": 1_120, "DEALER": 560, "BRAND": 12_320}


def test_shares_become_due_when_the_return_window_has_ended_and_not_before(conn: Conn, shop: Shop):
    put(conn, till_sale(shop, "T-1"))
    follow(conn, SETTLE)
    assert release_due(conn, now=NOON + RETURN_WINDOW_DEFAULT - timedelta(seconds=1), limit=100) == 0
    assert release_due(conn, now=NOON + RETURN_WINDOW_DEFAULT, limit=100) == 2
    found = balances(conn)
    assert (found.get("share_pending"), found["share_due"]) == (None, -14_000)
    assert release_due(conn, now=NOON + RETURN_WINDOW_DEFAULT, limit=100) == 0


def test_goods_of_two_sites_make_two_parcels_whose_parts_add_up_to_the_line(conn: Conn, shop: Shop):
    order = put(conn, ask(shop, "W-1", lines=lines(shop, ("HAT", 17))))
    wave = source_wave(conn, now=NOON)
    assert (len(wave.tasks), wave.split_orders) == (2, 1)
    work_off(conn, wave.tasks, now=NOON)
    follow(conn, SETTLE)
    assert order.amount_minor == 17 * 999
    found = balances(conn)
    assert found["customer_deposit"] == order.amount_minor
    assert found["tax"] == -order.tax_minor
    assert sum(shares(conn).values()) == order.amount_minor - order.tax_minor


@pytest.mark.parametrize(
    ("reason", "on_hand", "unsellable"),
    [(RefusalReason.NOT_FOUND, 9, 0), (RefusalReason.DAMAGED, 10, 1), (RefusalReason.NO_CAPACITY, 10, 0)],
)
def test_refused_work_goes_elsewhere_and_its_reason_corrects_the_stock(
    conn: Conn, shop: Shop, reason: RefusalReason, on_hand: int, unsellable: int
):
    order = put(conn, ask(shop, "W-1", lines=lines(shop, ("COAT", 1))))
    (task_id,) = source_wave(conn, now=NOON).tasks
    refuse(conn, task_id, reason)
    leaf = {row.sku_id: row for row in stock.stock_at_leaves(conn, [shop.leaves["S"]])}[shop.skus["COAT"]]
    assert (leaf.on_hand, leaf.unsellable, leaf.allocated) == (on_hand, unsellable, 0)
    assert order_of(conn, order.id).held == 1
    (again,) = source_wave(conn, now=NOON).tasks
    (task,) = fulfilment.tasks_by_id(conn, [again])
    assert task.site_id != shop.sites["S"]
    work_off(conn, [again], now=NOON)
    assert order_of(conn, order.id).stage == "handed_over"


def test_a_site_whose_goods_are_collected_is_asked_for_others_at_once_and_for_time_a_day_later(
    conn: Conn, shop: Shop
):
    here = {"delivery": Delivery.COLLECT, "site_id": shop.sites["S"], "destination": None}
    order = put(conn, ask(shop, "W-1", lines=lines(shop, ("COAT", 1)), **here))
    for reason in (RefusalReason.NOT_FOUND, RefusalReason.DAMAGED, RefusalReason.NO_CAPACITY):
        (task_id,) = source_wave(conn, now=NOON).tasks
        (task,) = fulfilment.tasks_by_id(conn, [task_id])
        assert task.site_id == shop.sites["S"]
        refuse(conn, task_id, reason)
    assert source_wave(conn, now=NOON).waiting_units == 1
    assert order_of(conn, order.id).source_waits_for is WaitsFor.SITE
    assert len(source_wave(conn, now=NOON + timedelta(days=1, minutes=1)).tasks) == 1


def test_goods_that_come_go_to_who_waits_for_them_at_the_site_that_had_none(conn: Conn, shop: Shop):
    here = {"delivery": Delivery.COLLECT, "site_id": shop.sites["S"], "destination": None}
    order = put(conn, ask(shop, "W-1", lines=lines(shop, ("COAT", 10)), **here))
    (task_id,) = source_wave(conn, now=NOON).tasks
    refuse(conn, task_id, RefusalReason.NOT_FOUND)
    assert promise.mend_promises(conn, now=NOON, limit=100).parked_units == 10
    delivery = Fact(
        id=UUID(int=78 << 70),
        leaf_id=shop.leaves["S"],
        sku_id=shop.skus["COAT"],
        reason=MovementReason.RECEIPT,
        on_hand=10,
    )
    succeeded(record_goods(conn, [delivery], now=NOON))
    (again,) = source_wave(conn, now=NOON).tasks
    (task,) = fulfilment.tasks_by_id(conn, [again])
    assert (task.site_id, order_of(conn, order.id).allocated) == (shop.sites["S"], 10)


def test_refusing_twice_corrects_once(conn: Conn, shop: Shop):
    put(conn, ask(shop, "W-1", lines=lines(shop, ("COAT", 1))))
    (task_id,) = source_wave(conn, now=NOON).tasks
    command = RefuseTask(command_id=UUID(int=5), task_id=task_id, reason=RefusalReason.NOT_FOUND)
    dispatch.refuse(conn, [command], scope=WHOLE_BRAND, now=NOON)
    dispatch.refuse(conn, [command], scope=WHOLE_BRAND, now=NOON + timedelta(seconds=1))
    leaf = {row.sku_id: row for row in stock.stock_at_leaves(conn, [shop.leaves["S"]])}[shop.skus["COAT"]]
    assert leaf.on_hand == 9


def test_an_offer_nobody_takes_lapses_and_is_sourced_elsewhere(conn: Conn, shop: Shop):
    order = put(conn, ask(shop, "W-1", lines=lines(shop, ("COAT", 1))))
    source_wave(conn, now=NOON)
    assert dispatch.lapse(conn, now=NOON + timedelta(hours=3), limit=10) == []
    (lapsed,) = dispatch.lapse(conn, now=LATER, limit=10)
    assert (lapsed.order_id, lapsed.site_id) == (order.id, shop.sites["S"])
    (again,) = source_wave(conn, now=LATER).tasks
    (task,) = fulfilment.tasks_by_id(conn, [again])
    assert task.site_id != shop.sites["S"]


def test_a_till_sale_takes_promised_goods_and_the_promise_is_kept_from_elsewhere(conn: Conn, shop: Shop):
    order = put(conn, ask(shop, "W-1", lines=lines(shop, ("COAT", 10))))
    (first,) = source_wave(conn, now=NOON).tasks
    put(conn, till_sale(shop, "T-1", lines=lines(shop, ("COAT", 4), stated=True)))
    mended = promise.mend_promises(conn, now=NOON, limit=100)
    assert (mended.to_source_units, mended.parked_units) == (4, 0)
    assert stock.open_shortfalls(conn, limit=10) == []
    (second,) = source_wave(conn, now=NOON).tasks
    work_off(conn, [first, second], now=NOON)
    assert order_of(conn, order.id).stage == "handed_over"


def test_what_is_packed_stays_when_its_goods_are_sold_and_what_is_not_goes_elsewhere(conn: Conn, shop: Shop):
    """The parcel on the counter holds the goods, whatever was sold since: work not yet packed lacks them."""
    early = put(conn, ask(shop, "W-1", lines=lines(shop, ("COAT", 5))))
    late = put(conn, ask(shop, "W-2", lines=lines(shop, ("COAT", 5))))
    task_of = {one.order_id: one for one in fulfilment.tasks_by_id(conn, source_wave(conn, now=NOON).tasks)}
    assert {one.site_id for one in task_of.values()} == {shop.sites["S"]}
    pack_up(conn, [task_of[late.id].task_id], now=NOON)
    put(conn, till_sale(shop, "T-1", lines=lines(shop, ("COAT", 4), stated=True)))
    assert promise.mend_promises(conn, now=NOON, limit=100).to_source_units == 4
    assert (order_of(conn, early.id).held, order_of(conn, late.id).held) == (4, 0)
    put(conn, till_sale(shop, "T-2", lines=lines(shop, ("COAT", 2), stated=True)))
    # One of these is still with the first task; for the other the books and the parcel say two things.
    assert promise.mend_promises(conn, now=NOON, limit=100).to_source_units == 1
    assert (order_of(conn, early.id).held, order_of(conn, late.id).held) == (5, 0)
    assert [(one.kind, one.units) for one in stock.open_shortfalls(conn, limit=10)] == [("missing", 1)]
    handed = fulfil.hand_over(
        conn, [HandOverTask(task_id=task_of[late.id].task_id)], scope=WHOLE_BRAND, now=NOON
    )
    assert isinstance(handed[0], HandedOver)
    assert order_of(conn, late.id).stage == "handed_over"


def test_a_parcel_that_is_packed_keeps_nobody_from_mending_the_other_of_its_order(conn: Conn, shop: Shop):
    order = put(conn, ask(shop, "W-1", lines=lines(shop, ("COAT", 15))))
    tasks = fulfilment.tasks_by_id(conn, source_wave(conn, now=NOON).tasks)
    at_store = next(one for one in tasks if one.site_id == shop.sites["S"])
    elsewhere = [one.task_id for one in tasks if one.site_id != shop.sites["S"]]
    assert elsewhere
    pack_up(conn, elsewhere, now=NOON)
    (line,) = fulfilment.lines_of_tasks(conn, [at_store.task_id])[at_store.task_id]
    # All that the store has: what it was to send is gone.
    put(conn, till_sale(shop, "T-1", lines=lines(shop, ("COAT", 10), stated=True)))
    assert promise.mend_promises(conn, now=NOON, limit=100).to_source_units == line.units
    assert [one.state for one in fulfilment.tasks_by_id(conn, elsewhere)] == ["packed"] * len(elsewhere)
    assert order_of(conn, order.id).held == line.units


def test_when_no_goods_are_left_a_broken_promise_waits_for_the_next_delivery(conn: Conn, shop: Shop):
    order = put(conn, ask(shop, "W-1", lines=lines(shop, ("COAT", 30))))
    put(conn, till_sale(shop, "T-1", lines=lines(shop, ("COAT", 4), stated=True)))
    assert promise.mend_promises(conn, now=NOON, limit=100).parked_units == 4
    assert (order_of(conn, order.id).held, order_of(conn, order.id).parked) == (26, 4)
    delivery = Fact(
        id=UUID(int=77 << 70),
        leaf_id=shop.leaves["W"],
        sku_id=shop.skus["COAT"],
        reason=MovementReason.RECEIPT,
        on_hand=3,
    )
    succeeded(record_goods(conn, [delivery], now=NOON))
    assert (order_of(conn, order.id).held, order_of(conn, order.id).parked) == (29, 1)
    assert subject_types(conn, order.id) == ["order_placed", "lines_parked", "lines_unparked"]


def test_what_every_site_refused_keeps_its_goods_and_holds_up_nobody(conn: Conn, shop: Shop):
    order = put(conn, ask(shop, "W-1", lines=lines(shop, ("COAT", 1))))
    for _ in range(3):
        (task_id,) = source_wave(conn, now=NOON).tasks
        refuse(conn, task_id, RefusalReason.NO_CAPACITY)
    wave = source_wave(conn, now=NOON)
    assert (wave.tasks, wave.parked_units, wave.waiting_units) == ((), 0, 1)
    waiting = order_of(conn, order.id)
    assert (waiting.stage, waiting.held, waiting.source_waits_for) == ("placed", 1, WaitsFor.SITE)
    (free,) = stock.free_at_nodes(conn, [shop.network], [shop.skus["COAT"]])
    assert (free.free, free.held) == (30, 1)
    assert source_wave(conn, now=NOON).orders == 0
    # An hour later they still will not; a day later they may be asked again. Only the first wait is told.
    assert source_wave(conn, now=NOON + timedelta(hours=1)).waiting_units == 1
    assert len(source_wave(conn, now=NOON + timedelta(days=1, minutes=1)).tasks) == 1
    told = subject_types(conn, order.id)
    assert (told.count("sourcing_put_off"), told.count("lines_parked")) == (1, 0)
    assert order_of(conn, order.id).source_waits_for is None


def test_a_full_day_sells_nobodys_goods_again(conn: Conn, shop: Shop):
    """Two of three orders find no time at any site; what they paid for is not there for a fourth."""
    limits = [SiteLimit(site_id=shop.sites[code], tasks_per_day=code == "S") for code in ("S", "W", "D")]
    succeeded(set_site_limits(conn, limits, now=NOON))
    paid = [put(conn, ask(shop, f"W-{at}", lines=lines(shop, ("COAT", 10)))) for at in range(3)]
    wave = source_wave(conn, now=NOON)
    assert (len(wave.tasks), wave.parked_units, wave.waiting_units) == (1, 0, 20)
    (free,) = stock.free_at_nodes(conn, [shop.network], [shop.skus["COAT"]])
    assert free.free - free.held == 0
    waiting = [one for order in paid if (one := order_of(conn, order.id)).held]
    assert {one.source_waits_for for one in waiting} == {WaitsFor.CAPACITY}
    assert source_wave(conn, now=NOON + timedelta(minutes=14)).orders == 0
    # Who has no time has none for others: what comes back finds no place, and the day is full until they say otherwise.
    refuse(conn, wave.tasks[0], RefusalReason.NO_CAPACITY)
    back = source_wave(conn, now=NOON)
    assert (back.orders, len(back.tasks)) == (1, 0)
    # Then there is room for one that waits, at once.
    succeeded(take_again(conn, ["S"], scope=WHOLE_BRAND, by="person:tester", now=NOON))
    woken = source_wave(conn, now=NOON)
    assert (woken.orders, len(woken.tasks)) == (3, 1)
    # Once the limits are raised, the next look finds a site for the others.
    limits = [SiteLimit(site_id=shop.sites[code], tasks_per_day=9) for code in ("S", "W", "D")]
    succeeded(set_site_limits(conn, limits, now=NOON))
    assert orders.wake_up(conn, WaitsFor.CAPACITY, now=NOON) == 2
    assert len(source_wave(conn, now=NOON).tasks) == 2


def test_a_hold_that_runs_out_cancels_the_order_and_frees_its_goods(conn: Conn, shop: Shop):
    order = put(
        conn, ask(shop, "W-1", hold_minutes=30, lines=lines(shop, ("COAT", 32)), on_shortage=OnShortage.PARK)
    )
    assert promise.expire_holds(conn, now=NOON + timedelta(minutes=29), limit=10) == 0
    assert promise.expire_holds(conn, now=NOON + timedelta(minutes=30), limit=10) == 1
    assert order_of(conn, order.id).stage == "cancelled"
    (free,) = stock.free_at_nodes(conn, [shop.network], [shop.skus["COAT"]])
    assert (free.free, free.held) == (30, 0)
    assert subject_types(conn, order.id) == ["order_placed", "lines_parked", "lines_cancelled"]
