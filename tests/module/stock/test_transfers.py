"""Transfers: what leaves is in transit until it comes, is lost or comes in parts; what was promised stays."""

from msgspec.structs import replace

from loopline.db import Conn
from loopline.kernel.ids import NodeId, SkuId, TransferId
from loopline.stock import (
    Arrived,
    GoodsLine,
    LossReason,
    MovementReason,
    Sent,
    TransferArrival,
    TransferAsk,
    hold_units,
    in_transit,
    movement_count,
    receive_transfers,
    send_transfers,
    transfers_page,
)
from loopline.stock.refusals import (
    ArrivalTaken,
    ArrivalUnclear,
    LeafUnknown,
    NotSoManyInTransit,
    NotSoManyToSend,
    TransferNotWithinOwner,
    TransferTaken,
    TransferUnclear,
    TransferUnknown,
)
from tests.make.stock import (
    NOW,
    World,
    broken,
    hold_ask,
    leaf_row,
    make_world,
    new_id,
    new_sku,
    receive,
    room,
)


def transfer(world: World, *lines: tuple[SkuId, int]) -> TransferAsk:
    return TransferAsk(
        id=TransferId(new_id()),
        from_leaf_id=world.leaf_ids[0],
        to_leaf_id=world.leaf_ids[1],
        lines=tuple(GoodsLine(sku_id=sku, units=units) for sku, units in lines),
    )


def arrival(
    of: TransferAsk,
    sku: SkuId,
    received: int,
    *,
    unsellable: int = 0,
    lost: int = 0,
    reason: LossReason | None = None,
) -> TransferArrival:
    return TransferArrival(
        id=new_id(),
        transfer_id=of.id,
        sku_id=sku,
        received=received,
        unsellable=unsellable,
        lost=lost,
        reason=reason,
    )


def test_goods_are_in_transit_until_they_come_in_parts_or_are_lost(conn: Conn):
    world, sku = make_world(conn), new_sku()
    here, there = world.leaf_ids
    receive(conn, here, sku, 10)
    sent = transfer(world, (sku, 7))
    assert send_transfers(conn, [sent], now=NOW, by="test") == [Sent(transfer_id=sent.id)]
    assert (leaf_row(conn, here, sku).on_hand, leaf_row(conn, there, sku).on_hand) == (3, 0)
    assert in_transit(conn, [there]) == {(there, sku): 7}
    # What is on a truck is nobody's to promise.
    assert room(conn, world.network_id, sku) == (3, 0, 3)

    first = arrival(sent, sku, 4, unsellable=1)
    rest = arrival(sent, sku, 1, lost=1, reason=LossReason.STOLEN)
    assert receive_transfers(conn, [first, rest], now=NOW, by="test") == [
        Arrived(arrival_id=first.id, transfer_id=sent.id, sku_id=sku, in_transit=3),
        Arrived(arrival_id=rest.id, transfer_id=sent.id, sku_id=sku, in_transit=1),
    ]
    row = leaf_row(conn, there, sku)
    assert (row.on_hand, row.unsellable, row.sellable) == (5, 1, 4)
    [line] = transfers_page(conn, [there], only_under_way=True, before=None, at_most=10)
    assert (line.sent, line.received, line.lost, line.in_transit) == (7, 5, 1, 1)
    receive_transfers(conn, [arrival(sent, sku, 1)], now=NOW, by="test")
    assert transfers_page(conn, [here], only_under_way=True, before=None, at_most=10) == []
    [line] = transfers_page(conn, [here], only_under_way=False, before=None, at_most=10)
    assert (line.received, line.lost, line.in_transit) == (6, 1, 0)
    reasons = conn.execute(
        "select reason, sum(on_hand)::int from stock.movement where reference = %s group by reason order by reason",
        [sent.id],
    ).fetchall()
    assert reasons == [(MovementReason.TRANSFER_IN, 6), (MovementReason.TRANSFER_OUT, -7)]
    assert broken(conn) == []


def test_what_is_promised_does_not_leave_and_a_transfer_leaves_whole(conn: Conn):
    world, sku, other = make_world(conn), new_sku(), new_sku()
    here, _ = world.leaf_ids
    for one in (sku, other):
        receive(conn, here, one, 5)
    hold_units(conn, [hold_ask((world.network_id, sku, 3))], now=NOW)
    before = movement_count(conn)
    refused = transfer(world, (other, 5), (sku, 3))
    fits = transfer(world, (other, 5), (sku, 2))
    assert send_transfers(conn, [refused, fits], now=NOW, by="test") == [
        NotSoManyToSend(transfer_id=refused.id, sku_id=sku, leaf_id=here, asked=3, free=2),
        Sent(transfer_id=fits.id),
    ]
    assert movement_count(conn) == before + 2
    assert room(conn, world.network_id, sku) == (3, 3, 0)
    assert broken(conn) == []


def test_what_makes_no_sense_moves_nothing(conn: Conn):
    world, stranger, sku = make_world(conn), make_world(conn), new_sku()
    receive(conn, world.leaf_ids[0], sku, 5)
    good = transfer(world, (sku, 1))
    ghost = NodeId(new_id())
    before = movement_count(conn)
    asked = [
        replace(good, id=TransferId(new_id()), to_leaf_id=ghost),
        replace(good, id=TransferId(new_id()), to_leaf_id=good.from_leaf_id),
        replace(good, id=TransferId(new_id()), to_leaf_id=stranger.leaf_ids[0]),
        replace(good, id=TransferId(new_id()), lines=()),
        replace(good, id=TransferId(new_id()), lines=good.lines * 2),
        replace(good, id=TransferId(new_id()), lines=(GoodsLine(sku_id=sku, units=0),)),
    ]
    outcomes = send_transfers(conn, asked, now=NOW, by="test")
    assert outcomes == [
        LeafUnknown(leaf_id=ghost),
        TransferNotWithinOwner(transfer_id=asked[1].id),
        TransferNotWithinOwner(transfer_id=asked[2].id),
        *(TransferUnclear(transfer_id=one.id) for one in asked[3:]),
    ]
    assert movement_count(conn) == before
    send_transfers(conn, [good], now=NOW, by="test")
    before = movement_count(conn)
    unknown = replace(arrival(good, sku, 1), transfer_id=TransferId(ghost))
    wrong = [
        unknown,
        arrival(good, sku, 0),
        arrival(good, sku, 1, unsellable=2),
        arrival(good, sku, 0, lost=1),
        arrival(good, sku, 1, reason=LossReason.BROKEN),
        arrival(good, sku, 2),
    ]
    assert receive_transfers(conn, wrong, now=NOW, by="test") == [
        TransferUnknown(transfer_id=unknown.transfer_id),
        *(ArrivalUnclear(arrival_id=one.id) for one in wrong[1:5]),
        NotSoManyInTransit(transfer_id=good.id, sku_id=sku, said=2, in_transit=1),
    ]
    assert movement_count(conn) == before
    assert in_transit(conn, [world.leaf_ids[1]]) == {(world.leaf_ids[1], sku): 1}


def test_the_same_again_is_once_and_other_content_is_refused(conn: Conn):
    world, sku, other = make_world(conn), new_sku(), new_sku()
    for one in (sku, other):
        receive(conn, world.leaf_ids[0], one, 9)
    sent = transfer(world, (sku, 2), (other, 1))
    again = replace(sent, lines=sent.lines[::-1])
    more = replace(sent, lines=(GoodsLine(sku_id=sku, units=3),))
    assert send_transfers(conn, [sent, again], now=NOW, by="test") == [
        Sent(transfer_id=sent.id),
        Sent(transfer_id=sent.id, is_repeat=True),
    ]
    before = movement_count(conn)
    assert send_transfers(conn, [again, more], now=NOW, by="test") == [
        Sent(transfer_id=sent.id, is_repeat=True),
        TransferTaken(transfer_id=sent.id),
    ]
    assert movement_count(conn) == before
    came = arrival(sent, sku, 1)
    receive_transfers(conn, [came], now=NOW, by="test")
    before = movement_count(conn)
    assert receive_transfers(conn, [came, replace(came, received=2)], now=NOW, by="test") == [
        Arrived(arrival_id=came.id, transfer_id=sent.id, sku_id=sku, in_transit=1, is_repeat=True),
        ArrivalTaken(arrival_id=came.id),
    ]
    assert movement_count(conn) == before
    assert broken(conn) == []
