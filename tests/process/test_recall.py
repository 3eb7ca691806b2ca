"""Batches through the whole loop: what expires first goes first, a recall takes open work back, who got it is known."""

from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace

from loopline import orders, stock
from loopline.db import Conn, log
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import AcceptTask, CheckTask, HandOverTask, PackTask, PickTask, TaskState
from loopline.kernel.ids import LotId, OrderId, TaskId, uuid7
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes import dispatch, fulfil, promise, recall
from loopline.processes.place import Placed, place
from loopline.processes.replenish import record_goods
from loopline.processes.source import source_wave
from loopline.stock import Fact, MovementReason, ScannedLot, lots
from loopline.stock.lots import Lot, LotChoice, NewLot
from loopline.stock.refusals import LotLocked
from tests.make.loop import hand_over_everything, work_off
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, lines, open_shop
from tests.make.stock import broken

MAY, JUNE = date(2026, 5, 31), date(2026, 6, 30)


@pytest.fixture
def shop(conn: Conn) -> Shop:
    return open_shop(conn, units=0)


def lot(conn: Conn, shop: Shop, code: str, expires_on: date) -> LotId:
    new = NewLot(sku_id=shop.skus["COAT"], code=code, expires_on=expires_on, made_on=date(2026, 1, 15))
    [made] = lots.name_lots(conn, [new], now=NOON)
    assert isinstance(made, Lot)
    return made.id


def put(conn: Conn, shop: Shop, site: str, units: int, lot_id: LotId) -> None:
    came = Fact(
        id=uuid7(NOON),
        leaf_id=shop.leaves[site],
        sku_id=shop.skus["COAT"],
        reason=MovementReason.RECEIPT,
        on_hand=units,
        lot_id=lot_id,
    )
    succeeded(record_goods(conn, [came], now=NOON))


def order(conn: Conn, shop: Shop, number: str, units: int) -> OrderId:
    (outcome,) = place(
        conn, [ask(shop, number, lines=lines(shop, ("COAT", units)))], scope=WHOLE_BRAND, now=NOON
    )
    assert isinstance(outcome, Placed), outcome
    return outcome.order_id


def packed(conn: Conn, task_id: TaskId) -> None:
    for step, command in (
        (dispatch.accept, AcceptTask(task_id=task_id)),
        (fulfil.pick, PickTask(task_id=task_id)),
        (fulfil.check, CheckTask(task_id=task_id)),
        (fulfil.pack, PackTask(task_id=task_id)),
    ):
        succeeded(step(conn, [command], scope=WHOLE_BRAND, now=NOON))  # pyright: ignore[reportArgumentType]


def line_of(conn: Conn, order_id: OrderId) -> orders.Line:
    (line,) = orders.lines_by_orders(conn, [order_id])
    return line


def test_an_order_is_sent_what_expires_first(conn: Conn, shop: Shop):
    late, early = lot(conn, shop, "J", JUNE), lot(conn, shop, "M", MAY)
    put(conn, shop, "S", 5, late)
    put(conn, shop, "S", 2, early)
    order_id = order(conn, shop, "W-1", 3)
    (task_id,) = hand_over_everything(conn, now=NOON)
    (task_line,) = fulfilment.lines_of_tasks(conn, [task_id])[task_id]
    assert lots.lots_to_take(conn, [task_line.allocation_id]) == {}
    got = lots.who_got(conn, [late, early], after=None, at_most=10)
    assert {(one.order_id, one.units) for one in got} == {(order_id, 2), (order_id, 1)}
    left = lots.lots_at_leaves(conn, [shop.leaves["S"]])
    assert [(one.code, one.units) for one in left] == [("J", 4)]
    assert broken(conn) == []


def test_a_recall_takes_packed_work_back_and_it_is_sourced_from_another_lot(conn: Conn, shop: Shop):
    early, late = lot(conn, shop, "M", MAY), lot(conn, shop, "J", JUNE)
    put(conn, shop, "S", 4, early)
    got = order(conn, shop, "W-1", 1)
    hand_over_everything(conn, now=NOON)
    open_order = order(conn, shop, "W-2", 3)
    (task_id,) = source_wave(conn, now=NOON).tasks
    packed(conn, task_id)
    put(conn, shop, "S", 2, late)
    put(conn, shop, "W", 1, early)
    choice = LotChoice(sku_id=shop.skus["COAT"], batch="M")
    [done] = recall.recall(conn, [choice], reason="glass", now=NOON)
    assert isinstance(done, recall.Recalled)
    assert done.taken_back_units == 3
    assert {(one.leaf_id, one.units) for one in done.locked} == {(shop.leaves["S"], 3), (shop.leaves["W"], 1)}
    (task,) = fulfilment.tasks_by_id(conn, [task_id])
    assert task.state is TaskState.CANCELLED
    line = line_of(conn, open_order)
    assert (line.held, line.allocated, line.handed_over) == (3, 0, 0)
    # Two coats can be sent, the third waits; nothing of the lot is left to sell anywhere.
    mended = promise.mend_promises(conn, now=NOON, limit=100)
    assert (mended.to_source_units, mended.parked_units) == (0, 1)
    assert stock.open_shortfalls(conn, limit=10) == []
    (again,) = source_wave(conn, now=NOON).tasks
    work_off(conn, [again], now=NOON)
    assert [one.order_id for one in lots.who_got(conn, [late], after=None, at_most=9)] == [open_order]
    assert [one.order_id for one in lots.who_got(conn, [early], after=None, at_most=9)] == [got]
    assert (line_of(conn, open_order).handed_over, line_of(conn, open_order).parked) == (2, 1)
    told = {one.type for one in log.read_latest(conn, limit=40)}
    assert {"lot_recalled", "task_cancelled", "shortfall_opened"} <= told
    # Lifted, the goods go to who waits.
    [lifted] = recall.lift(conn, [choice], now=NOON)
    assert isinstance(lifted, recall.Recalled)
    assert sum(one.units for one in lifted.locked) == -4
    assert (line_of(conn, open_order).held, line_of(conn, open_order).parked) == (1, 0)
    assert broken(conn) == []


def test_a_recall_by_days_and_of_nothing(conn: Conn, shop: Shop):
    early = lot(conn, shop, "M", MAY)
    put(conn, shop, "S", 4, early)
    before = stock.movement_count(conn)
    january = LotChoice(sku_id=shop.skus["COAT"], made_from=date(2026, 1, 1), made_until=date(2026, 1, 15))
    later = replace(january, made_from=date(2026, 1, 16), made_until=None)
    assert recall.recall(conn, [later], reason="glass", now=NOON) == [recall.NoSuchLots(field="made_from")]
    assert stock.movement_count(conn) == before
    [done, again] = [recall.recall(conn, [january], reason="glass", now=NOON)[0] for _ in range(2)]
    assert isinstance(done, recall.Recalled)
    assert isinstance(again, recall.Recalled)
    assert ([one.units for one in done.locked], again.locked) == ([4], ())


def test_another_lot_is_handed_over_and_a_recalled_one_stays(conn: Conn, shop: Shop):
    early, late = lot(conn, shop, "M", MAY), lot(conn, shop, "J", JUNE)
    put(conn, shop, "S", 1, early)
    put(conn, shop, "S", 1, late)
    order_id = order(conn, shop, "W-1", 1)
    (task_id,) = source_wave(conn, now=NOON).tasks
    packed(conn, task_id)
    (task_line,) = fulfilment.lines_of_tasks(conn, [task_id])[task_id]
    recalled = lot(conn, shop, "X", JUNE)
    put(conn, shop, "S", 1, recalled)
    recall.recall(conn, [LotChoice(sku_id=shop.skus["COAT"], batch="X")], reason="glass", now=NOON)
    command = HandOverTask(task_id=task_id)
    wrong = {task_line.allocation_id: [ScannedLot(lot_id=recalled, units=1)]}
    before = stock.movement_count(conn)
    assert fulfil.hand_over(conn, [command], scope=WHOLE_BRAND, now=NOON, scanned=wrong) == [
        LotLocked(sku_id=shop.skus["COAT"], lot="X")
    ]
    assert (stock.movement_count(conn), line_of(conn, order_id).handed_over) == (before, 0)
    right = {task_line.allocation_id: [ScannedLot(lot_id=late, units=1)]}
    succeeded(fulfil.hand_over(conn, [command], scope=WHOLE_BRAND, now=NOON, scanned=right))
    assert [one.order_id for one in lots.who_got(conn, [late], after=None, at_most=9)] == [order_id]
    left = lots.lots_at_leaves(conn, [shop.leaves["S"]])
    assert sorted((one.code, one.units, one.planned) for one in left) == [("M", 1, 0), ("X", 1, 0)]
    assert broken(conn) == []


def test_goods_expire_when_their_last_day_has_ended_at_their_site(conn: Conn, shop: Shop):
    put(conn, shop, "S", 4, lot(conn, shop, "M", MAY))
    order_id = order(conn, shop, "W-1", 2)
    # The last day ends in Shanghai at four in the afternoon, UTC.
    end = datetime(2026, 5, 31, 16, tzinfo=UTC)
    assert recall.expire_goods(conn, now=end - timedelta(seconds=1), limit=10) == 0
    assert stock.open_shortfalls(conn, limit=10) == []
    assert recall.expire_goods(conn, now=end, limit=10) == 1
    assert recall.expire_goods(conn, now=end, limit=10) == 0
    (row,) = stock.stock_at_leaves(conn, [shop.leaves["S"]], sku_ids=[shop.skus["COAT"]])
    assert (row.on_hand, row.unsellable, row.sellable) == (4, 4, 0)
    mended = promise.mend_promises(conn, now=end, limit=100)
    assert (mended.parked_units, line_of(conn, order_id).parked) == (2, 2)
    (told,) = [one for one in log.read_latest(conn, limit=20) if one.type == "goods_expired"]
    assert told.subject == shop.leaves["S"]
    assert broken(conn) == []
