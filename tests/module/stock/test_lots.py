"""Lots through the front door: they sum to their leaf, what expires first leaves first, a recall locks at once."""

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from loopline.db import Conn
from loopline.kernel.ids import AllocationId, LotId, NodeId, SkuId, TransferId
from loopline.kernel.refusals import Refusal
from loopline.stock import (
    AllocationAsk,
    AllocationRelease,
    Fact,
    GoodsLine,
    HandedOver,
    HandOver,
    HoldAsk,
    MovementReason,
    Recorded,
    ScannedLot,
    Sent,
    TransferArrival,
    TransferAsk,
    allocate_units,
    hand_over_units,
    hold_units,
    lots,
    movement_count,
    receive_transfers,
    record_facts,
    release_allocations,
    send_transfers,
    transfers_page,
)
from loopline.stock.lots import DueLot, Lot, LotLock, LotsLocked, NewLot
from loopline.stock.refusals import (
    LotAlreadyRecalled,
    LotDiffers,
    LotLocked,
    LotNotRecalled,
    LotNotSaid,
    LotsDoNotAddUp,
    LotUnknown,
    NotSoManyToSend,
    SerialIsOneUnit,
)
from tests.make.stock import (
    NOW,
    World,
    allocation_ask,
    broken,
    fact,
    hold_ask,
    leaf_row,
    make_world,
    new_id,
    new_sku,
    receive,
    room,
    shortfalls,
)

MAY, JUNE = date(2026, 5, 31), date(2026, 6, 30)


def named(
    conn: Conn, sku: SkuId, code: str, expires_on: date | None = None, *, is_serial: bool = False
) -> LotId:
    new = NewLot(sku_id=sku, code=code, expires_on=expires_on, is_serial=is_serial)
    [lot] = lots.name_lots(conn, [new], now=NOW)
    assert isinstance(lot, Lot)
    return lot.id


def put(conn: Conn, leaf: NodeId, sku: SkuId, units: int, lot: LotId | None) -> None:
    [outcome] = record_facts(conn, [replace(fact(leaf, sku, units), lot_id=lot)], now=NOW)
    assert isinstance(outcome, Recorded), outcome


def lying(conn: Conn, leaf: NodeId) -> dict[str, tuple[int, int, int]]:
    """(units, planned, unsellable) of the lots of a leaf, by code."""
    found = lots.lots_at_leaves(conn, [leaf])
    return {one.code: (one.units, one.planned, one.unsellable) for one in found}


def two_lots(conn: Conn, world: World, sku: SkuId, *, june: int = 4, may: int = 3) -> tuple[LotId, LotId]:
    late, early = named(conn, sku, "J", JUNE), named(conn, sku, "M", MAY)
    put(conn, world.leaf_ids[0], sku, june, late)
    put(conn, world.leaf_ids[0], sku, may, early)
    return early, late


def tied(conn: Conn, world: World, sku: SkuId, units: int) -> tuple[HoldAsk, AllocationId]:
    ask = hold_ask((world.network_id, sku, units))
    hold_units(conn, [ask], now=NOW)
    tie: AllocationAsk = allocation_ask(ask, [world.leaf_ids[0]])
    [outcome] = allocate_units(conn, [tie], now=NOW)
    assert not isinstance(outcome, Refusal)
    return ask, tie.lines[0].allocation_id


def test_an_order_gets_what_expires_first_and_it_is_known_who_got_it(conn: Conn):
    world, sku = make_world(conn), new_sku()
    leaf = world.leaf_ids[0]
    early, late = two_lots(conn, world, sku)
    ask, allocation = tied(conn, world, sku, 5)
    [first, second] = lots.lots_to_take(conn, [allocation])[allocation]
    assert [(one.code, one.expires_on, one.units) for one in (first, second)] == [
        ("M", MAY, 3),
        ("J", JUNE, 2),
    ]
    assert lying(conn, leaf) == {"M": (3, 3, 0), "J": (4, 2, 0)}
    assert broken(conn) == []

    gone = [HandOver(allocation_id=allocation, units=4), HandOver(allocation_id=allocation, units=1)]
    assert [type(one) for one in hand_over_units(conn, gone, now=NOW)] == [HandedOver, HandedOver]
    assert lying(conn, leaf) == {"J": (2, 0, 0)}
    [got] = lots.who_got(conn, [early], after=None, at_most=10)
    assert (got.order_id, got.line_id, got.leaf_id, got.units) == (
        ask.order_id,
        ask.lines[0].line_id,
        leaf,
        3,
    )
    assert sum(one.units for one in lots.who_got(conn, [late], after=None, at_most=10)) == 2
    assert lots.lots_of_lines(conn, [ask.lines[0].line_id]) == {ask.lines[0].line_id: early}
    assert leaf_row(conn, leaf, sku).on_hand == 2
    assert broken(conn) == []


def test_another_lot_may_be_scanned_and_a_locked_or_unknown_one_may_not(conn: Conn):
    world, sku = make_world(conn), new_sku()
    leaf = world.leaf_ids[0]
    early, late = two_lots(conn, world, sku)
    _, mine = tied(conn, world, sku, 3)
    _, other = tied(conn, world, sku, 2)
    unseen, ghost = named(conn, sku, "U"), LotId(new_id())
    lots.recall_lots(conn, [LotLock(lot_id=early, reason="glass")], now=NOW)
    # The one lot left is too small for both: what is missing is planned from no lot.
    assert lying(conn, leaf) == {"M": (3, 0, 3), "J": (4, 4, 0), "": (0, 1, 0)}
    before = movement_count(conn)
    asked = [
        HandOver(allocation_id=mine, units=1, lots=(ScannedLot(lot_id=early, units=1),)),
        HandOver(allocation_id=mine, units=1, lots=(ScannedLot(lot_id=ghost, units=1),)),
        HandOver(allocation_id=mine, units=2, lots=(ScannedLot(lot_id=late, units=1),)),
    ]
    assert hand_over_units(conn, asked, now=NOW) == [
        LotLocked(sku_id=sku, lot="M"),
        LotUnknown(sku_id=sku, lot=str(ghost)),
        LotsDoNotAddUp(allocation_id=mine, said=1, asked=2),
    ]
    assert movement_count(conn) == before
    lots.recall_lots(conn, [LotLock(lot_id=early, reason=None)], now=NOW)
    assert lying(conn, leaf) == {"M": (3, 1, 0), "J": (4, 4, 0)}
    # A lot that the books do not know to lie here is here all the same, out of what nobody named.
    scanned = (ScannedLot(lot_id=late, units=2), ScannedLot(lot_id=unseen, units=1))
    [handed] = hand_over_units(conn, [HandOver(allocation_id=mine, units=3, lots=scanned)], now=NOW)
    assert isinstance(handed, HandedOver)
    assert lying(conn, leaf) == {"M": (3, 0, 0), "J": (2, 2, 0), "": (-1, 0, 0)}
    assert [one.units for one in lots.who_got(conn, [unseen], after=None, at_most=9)] == [1]
    assert [one.code for one in lots.lots_to_take(conn, [other])[other]] == ["J"]
    assert broken(conn) == []


def test_a_recall_locks_a_lot_at_every_leaf_at_once_and_is_lifted(conn: Conn):
    world, sku = make_world(conn), new_sku()
    here, there = world.leaf_ids
    early, late = two_lots(conn, world, sku)
    put(conn, there, sku, 5, early)
    hold_units(conn, [hold_ask((world.network_id, sku, 9))], now=NOW)
    damaged = replace(fact(there, sku, 0, unsellable=2, reason=MovementReason.DAMAGE), lot_id=early)
    record_facts(conn, [damaged], now=NOW)
    [locked] = lots.recall_lots(conn, [LotLock(lot_id=early, reason="glass")], now=NOW)
    assert isinstance(locked, LotsLocked)
    assert {(one.leaf_id, one.units) for one in locked.units} == {(here, 3), (there, 3)}
    assert room(conn, world.network_id, sku)[:2] == (4, 9)
    assert shortfalls(conn) == {
        ("overheld", world.network_id, sku): 5,
        ("overheld", world.brand_id, sku): 5,
    }
    assert {one.units_after for one in locked.shortfalls} == {5}
    assert lots.recall_lots(conn, [LotLock(lot_id=early, reason="again")], now=NOW) == [
        LotAlreadyRecalled(lot_id=early)
    ]
    # What still comes of it, comes locked; what leaves of it, leaves the locked.
    put(conn, there, sku, 2, early)
    scrapped = replace(fact(here, sku, -3, unsellable=-3, reason=MovementReason.SCRAP), lot_id=early)
    record_facts(conn, [scrapped], now=NOW)
    assert (leaf_row(conn, there, sku).unsellable, leaf_row(conn, here, sku).unsellable) == (7, 0)
    assert broken(conn) == []
    [free] = lots.recall_lots(conn, [LotLock(lot_id=early, reason=None)], now=NOW)
    assert isinstance(free, LotsLocked)
    assert [(one.leaf_id, one.units) for one in free.units] == [(there, -5)]
    assert lots.recall_lots(conn, [LotLock(lot_id=late, reason=None)], now=NOW) == [
        LotNotRecalled(lot_id=late)
    ]
    assert leaf_row(conn, there, sku).unsellable == 2
    assert room(conn, world.network_id, sku)[:2] == (9, 9)
    assert shortfalls(conn) == {}
    assert broken(conn) == []


def test_batches_of_which_nothing_is_left_are_listed_behind_those_that_lie_somewhere(conn: Conn):
    world, sku = make_world(conn), new_sku()
    both = two_lots(conn, world, sku)
    lots.recall_lots(conn, [LotLock(lot_id=one, reason="glass") for one in both], now=NOW)
    gone = fact(world.leaf_ids[0], sku, -3, unsellable=-3, reason=MovementReason.SCRAP)
    record_facts(conn, [replace(gone, lot_id=both[0])], now=NOW)
    listed = lots.batches_listed(conn, sku_ids=[sku], site_ids=None, only_recalled=True, at_most=2)
    assert [one.units for one in listed] == [4, 0]


def test_a_lot_that_is_recalled_comes_locked_to_a_leaf_that_never_saw_it(conn: Conn):
    world, sku = make_world(conn), new_sku()
    early, _ = two_lots(conn, world, sku)
    lots.recall_lots(conn, [LotLock(lot_id=early, reason="glass")], now=NOW)
    put(conn, world.leaf_ids[1], sku, 4, early)
    row = leaf_row(conn, world.leaf_ids[1], sku)
    assert (row.on_hand, row.unsellable, row.sellable) == (4, 4, 0)
    assert broken(conn) == []


def test_goods_expire_lot_by_lot_after_their_last_day_of_sale(conn: Conn):
    world, sku = make_world(conn), new_sku()
    leaf = world.leaf_ids[0]
    lots.set_shelf_lives(conn, {sku: 10})
    early, _ = two_lots(conn, world, sku)
    ask, allocation = tied(conn, world, sku, 6)
    last_day = MAY - timedelta(days=10)
    assert lots.lots_to_expire(conn, before=last_day, limit=10) == []
    [due] = lots.lots_to_expire(conn, before=last_day + timedelta(days=1), limit=10)
    assert due == DueLot(leaf_id=leaf, sku_id=sku, lot_id=early, sell_until=last_day)
    expired = lots.expire_lots(conn, [due], now=NOW)
    assert [one.units for one in expired.units] == [3]
    # Six are tied, four are left to sell.
    assert shortfalls(conn) == {("missing", leaf, sku): 2}
    assert [one.units_after for one in expired.shortfalls] == [2]
    assert [(one.code, one.units) for one in lots.lots_to_take(conn, [allocation])[allocation]] == [
        ("J", 4),
        ("", 2),
    ]
    reasons = conn.execute(
        "select reason, on_hand, unsellable from stock.movement where unsellable <> 0 and sku_id = %s", [sku]
    ).fetchall()
    assert reasons == [("expiry", 0, 3)]
    before = movement_count(conn)
    assert lots.expire_lots(conn, [due], now=NOW).units == ()
    assert lots.lots_to_expire(conn, before=date(2026, 6, 1), limit=10) == []
    assert movement_count(conn) == before
    back = AllocationRelease(allocation_id=allocation, units=2, to_hold=True)
    release_allocations(conn, [back], now=NOW)
    assert lying(conn, leaf) == {"M": (3, 0, 3), "J": (4, 4, 0)}
    assert shortfalls(conn) == {("overheld", world.network_id, sku): 2, ("overheld", world.brand_id, sku): 2}
    lots.set_shelf_lives(conn, {sku: 5})
    [later] = lots.lots_to_expire(conn, before=JUNE, limit=10)
    assert later.sell_until == JUNE - timedelta(days=5)
    assert (ask.lines[0].units, broken(conn)) == (6, [])


def test_goods_that_were_there_before_lie_in_the_unnamed_lot(conn: Conn):
    world, sku = make_world(conn), new_sku()
    leaf = world.leaf_ids[0]
    receive(conn, leaf, sku, 6)
    record_facts(conn, [fact(leaf, sku, 0, unsellable=1, reason=MovementReason.DAMAGE)], now=NOW)
    _, allocation = tied(conn, world, sku, 2)
    assert lots.lots_to_take(conn, [allocation]) == {}
    lot = named(conn, sku, "M", MAY)
    put(conn, leaf, sku, 3, lot)
    # The allocation stays with what lay there when it was made.
    assert lying(conn, leaf) == {"": (6, 2, 1), "M": (3, 0, 0)}
    sale = fact(leaf, sku, -8, reason=MovementReason.SALE)
    record_facts(conn, [sale], now=NOW)
    assert lying(conn, leaf) == {"": (1, 2, 1)}
    assert shortfalls(conn) == {("missing", leaf, sku): 2}
    assert broken(conn) == []


def test_a_sale_takes_the_lot_that_is_said(conn: Conn):
    world, sku = make_world(conn), new_sku()
    leaf = world.leaf_ids[0]
    _, late = two_lots(conn, world, sku)
    sale = replace(
        fact(leaf, sku, -1, reason=MovementReason.SALE), lot_id=late, reference=(order := new_id())
    )
    assert record_facts(conn, [sale, sale], now=NOW) == [
        Recorded(fact_id=sale.id),
        Recorded(fact_id=sale.id, repeated=True),
    ]
    assert lying(conn, leaf) == {"M": (3, 0, 0), "J": (3, 0, 0)}
    [got] = lots.who_got(conn, [late], after=None, at_most=9)
    assert (got.order_id, got.line_id, got.units) == (order, sale.id, 1)
    assert broken(conn) == []


def test_what_cannot_be_said_of_lots_moves_nothing(conn: Conn):
    world, sku, other = make_world(conn), new_sku(), new_sku()
    leaf = world.leaf_ids[0]
    early, _ = two_lots(conn, world, sku)
    unit = named(conn, other, "SN-1", is_serial=True)
    before, ghost = movement_count(conn), LotId(new_id())
    asked: list[Fact] = [
        fact(leaf, sku, 5),
        replace(fact(leaf, sku, 5), lot_id=ghost),
        replace(fact(leaf, sku, 5), lot_id=unit),
        replace(fact(world.leaf_ids[1], other, 5), lot_id=early),
        replace(fact(leaf, other, 2), lot_id=unit),
    ]
    assert record_facts(conn, asked, now=NOW) == [
        LotNotSaid(sku_id=sku, field="lot_code"),
        LotUnknown(sku_id=sku, lot=str(ghost)),
        LotUnknown(sku_id=sku, lot=str(unit)),
        LotUnknown(sku_id=other, lot=str(early)),
        SerialIsOneUnit(sku_id=other, lot="SN-1"),
    ]
    same = NewLot(sku_id=sku, code="M", expires_on=MAY)
    differs = replace(same, expires_on=JUNE)
    [again, refused, other_kind] = lots.name_lots(
        conn, [same, differs, replace(same, is_serial=True)], now=NOW
    )
    assert isinstance(again, Lot)
    assert (again.id, refused, other_kind) == (
        early,
        LotDiffers(sku_id=sku, lot="M"),
        LotDiffers(sku_id=sku, lot="M"),
    )
    assert movement_count(conn) == before
    assert broken(conn) == []


def test_a_serial_number_is_one_unit_at_one_place(conn: Conn):
    world, sku = make_world(conn), new_sku()
    here, there = world.leaf_ids
    unit, second = (named(conn, sku, code, is_serial=True) for code in ("SN-1", "SN-2"))
    put(conn, here, sku, 1, unit)
    put(conn, here, sku, 1, second)
    before = movement_count(conn)
    twice = [replace(fact(leaf, sku, 1), lot_id=unit) for leaf in (here, there)]
    assert record_facts(conn, twice, now=NOW) == [SerialIsOneUnit(sku_id=sku, lot="SN-1")] * 2
    assert movement_count(conn) == before
    assert leaf_row(conn, there, sku).on_hand == 0
    _, allocation = tied(conn, world, sku, 1)
    scanned = (ScannedLot(lot_id=second, units=1),)
    hand_over_units(conn, [HandOver(allocation_id=allocation, units=1, lots=scanned)], now=NOW)
    assert lying(conn, here) == {"SN-1": (1, 0, 0)}
    # It comes back elsewhere.
    put(conn, there, sku, 1, second)
    assert lying(conn, there) == {"SN-2": (1, 0, 0)}
    assert broken(conn) == []


@pytest.mark.parametrize("is_said", [True, False])
def test_a_transfer_takes_its_lots_along(conn: Conn, *, is_said: bool):
    world, sku = make_world(conn), new_sku()
    here, there = world.leaf_ids
    early, late = two_lots(conn, world, sku)
    tied(conn, world, sku, 1)
    said = [GoodsLine(sku_id=sku, units=2, lot_id=early), GoodsLine(sku_id=sku, units=1, lot_id=late)]
    lines = tuple(said) if is_said else (GoodsLine(sku_id=sku, units=3),)
    sent = TransferAsk(id=TransferId(new_id()), from_leaf_id=here, to_leaf_id=there, lines=lines)
    assert send_transfers(conn, [sent], now=NOW, by="test") == [Sent(transfer_id=sent.id)]
    assert send_transfers(conn, [sent], now=NOW, by="test") == [Sent(transfer_id=sent.id, is_repeat=True)]
    assert lying(conn, here) == {"M": (1, 1, 0), "J": (3, 0, 0)}
    under_way = transfers_page(conn, [there], only_under_way=True, before=None, at_most=10)
    assert {(one.lot_id, one.in_transit) for one in under_way} == {(early, 2), (late, 1)}
    came = TransferArrival(id=new_id(), transfer_id=sent.id, sku_id=sku, received=2, lot_id=early)
    [outcome] = receive_transfers(conn, [came], now=NOW, by="test")
    assert not isinstance(outcome, Refusal)
    assert lying(conn, there) == {"M": (2, 0, 0)}
    planned = GoodsLine(sku_id=sku, units=1, lot_id=early)
    too_many = replace(sent, id=TransferId(new_id()), lines=(planned,))
    assert send_transfers(conn, [too_many], now=NOW, by="test") == [
        NotSoManyToSend(transfer_id=too_many.id, sku_id=sku, leaf_id=here, asked=1, free=0)
    ]
    assert broken(conn) == []
