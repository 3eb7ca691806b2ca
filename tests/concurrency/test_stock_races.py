"""Rivals that start together from a barrier: whoever wins, nothing is oversold and the ledger adds up."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

import psycopg
import pytest
from msgspec.structs import replace

from loopline.db import Conn, Database
from loopline.kernel.ids import TransferId
from loopline.stock import (
    Allocated,
    AllocationRelease,
    AllocationReleased,
    Arrived,
    ExpiredHold,
    Extended,
    GoodsLine,
    HandedOver,
    HandOver,
    Held,
    HoldExtension,
    HoldTransfer,
    LeafMove,
    LeafMoved,
    MovementReason,
    Recorded,
    Release,
    Released,
    Sent,
    TransferArrival,
    TransferAsk,
    TransferLine,
    Transferred,
    allocate_units,
    expire_holds,
    extend_holds,
    hand_over_units,
    hold_units,
    holds_of_lines,
    in_transit,
    lock_stock,
    lots,
    move_leaves,
    receive_transfers,
    record_facts,
    release_allocations,
    release_holds,
    send_transfers,
    transfer_holds,
)
from loopline.stock.lots import Lot, LotLock, LotsLocked, NewLot
from loopline.stock.refusals import HoldUnknown, LeafPromised, NodePromised, NotEnoughFree
from tests.make.stock import (
    NOW,
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

Result = TypeVar("Result")
TRIALS = 10


def race(database: Database, rivals: Sequence[Callable[[Conn], Result]]) -> list[Result]:
    """Run each rival in a transaction of its own thread, all from one barrier; an error of any is raised."""
    barrier = threading.Barrier(len(rivals))
    results: list[Result | BaseException | None] = [None] * len(rivals)

    def run(place: int) -> None:
        try:
            with database.transaction(quiet=True) as conn:
                conn.execute("select 1")
                barrier.wait(timeout=30)
                results[place] = rivals[place](conn)
        except BaseException as error:  # noqa: BLE001 - told to the test below
            results[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(rivals))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told: list[Result] = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        assert result is not None
        told.append(result)
    return told


def test_sixteen_buyers_for_ten_units(database: Database):
    for _ in range(TRIALS):
        sku = new_sku()
        with database.transaction() as conn:
            world = make_world(conn)
            receive(conn, world.leaf_ids[0], sku, 4)
            receive(conn, world.leaf_ids[1], sku, 6)
        asks = [
            hold_ask((world.network_id if place % 2 else world.leaf_ids[1], sku, 1)) for place in range(16)
        ]
        outcomes = race(database, [lambda conn, ask=ask: hold_units(conn, [ask], now=NOW)[0] for ask in asks])
        counted = Counter(type(outcome) for outcome in outcomes)
        # The bound buyers may take six of the ten at most, but someone takes each of them.
        assert counted == {Held: 10, NotEnoughFree: 6}
        with database.transaction() as conn:
            assert room(conn, world.network_id, sku) == (10, 10, 0)
            assert broken(conn) == []


def test_opposite_orders_of_the_same_goods_do_not_deadlock(database: Database):
    with database.transaction() as conn:
        world = make_world(conn)
        skus = [new_sku() for _ in range(30)]
        for sku in skus:
            receive(conn, world.leaf_ids[0], sku, 1000)
    node = world.network_id
    for _ in range(TRIALS):
        there = [hold_ask(*((node, sku, 1) for sku in skus)) for _ in range(4)]
        back = [hold_ask(*((node, sku, 1) for sku in reversed(skus))) for _ in range(4)]
        outcomes = race(
            database, [lambda conn, ask=ask: hold_units(conn, [ask], now=NOW)[0] for ask in [*there, *back]]
        )
        assert all(isinstance(outcome, Held) for outcome in outcomes)
    with database.transaction() as conn:
        assert room(conn, world.brand_id, skus[0]) == (1000, 8 * TRIALS, 1000 - 8 * TRIALS)
        assert broken(conn) == []


def test_first_receipts_of_the_same_goods_make_their_rows_once(database: Database):
    for _ in range(TRIALS):
        with database.transaction() as conn:
            world = make_world(conn)
        skus = [new_sku() for _ in range(20)]
        batches = [
            [fact(leaf, sku, 1) for sku in order] for leaf in world.leaf_ids for order in (skus, skus[::-1])
        ]
        race(database, [lambda conn, facts=facts: record_facts(conn, facts, now=NOW) for facts in batches])
        with database.transaction() as conn:
            assert {room(conn, world.brand_id, sku)[0] for sku in skus} == {4}
            assert broken(conn) == []


def test_rivals_for_the_first_hold_of_one_line_add_up(database: Database):
    """A line parked in two parts may be promised by two restocks at once."""
    for _ in range(TRIALS):
        sku = new_sku()
        with database.transaction() as conn:
            world = make_world(conn, sites=1)
            receive(conn, world.leaf_ids[0], sku, 3)
        ask = hold_ask((world.network_id, sku, 1))
        outcomes = race(
            database, [lambda conn, ask=ask: hold_units(conn, [ask], now=NOW)[0] for _ in range(4)]
        )
        assert Counter(type(outcome) for outcome in outcomes) == {Held: 3, NotEnoughFree: 1}
        with database.transaction() as conn:
            assert [hold.units for hold in holds_of_lines(conn, [ask.lines[0].line_id])] == [3]
            assert broken(conn) == []


def test_a_till_sale_against_an_allocation(database: Database):
    """One unit, one hold. Sold first: the allocation is refused. Tied first: the sale leaves the leaf one short."""
    seen: Counter[str] = Counter()
    for _ in range(TRIALS):
        sku = new_sku()
        with database.transaction() as conn:
            world = make_world(conn, sites=1)
            [leaf] = world.leaf_ids
            receive(conn, leaf, sku, 1)
            ask = hold_ask((world.network_id, sku, 1))
            hold_units(conn, [ask], now=NOW)
        sale, tie = fact(leaf, sku, -1, reason=MovementReason.SALE), allocation_ask(ask, [leaf])
        sold, tied = race(
            database,
            [
                lambda conn, sale=sale: record_facts(conn, [sale], now=NOW)[0],
                lambda conn, tie=tie: allocate_units(conn, [tie], now=NOW)[0],
            ],
        )
        assert isinstance(sold, Recorded)
        with database.transaction() as conn:
            if isinstance(tied, Allocated):
                seen["tied first"] += 1
                assert shortfalls(conn) == {("missing", leaf, sku): 1}
            else:
                seen["sold first"] += 1
                assert shortfalls(conn) == {
                    ("overheld", world.brand_id, sku): 1,
                    ("overheld", world.network_id, sku): 1,
                }
            assert leaf_row(conn, leaf, sku).on_hand == 0
            assert broken(conn) == []
            # Mended, so that the next trial's shortfalls are its own.
            receive(conn, leaf, sku, 1)
            assert shortfalls(conn) == {}
    assert sum(seen.values()) == TRIALS


def test_expiry_against_allocation_release_and_payment(database: Database):
    """A hold that runs out is expired, tied or released: exactly one of them has its units."""
    later = NOW + timedelta(hours=1)
    for _ in range(TRIALS):
        sku = new_sku()
        with database.transaction() as conn:
            world = make_world(conn, sites=1)
            [leaf] = world.leaf_ids
            receive(conn, leaf, sku, 3)
            ask = hold_ask((world.network_id, sku, 2), expires_at=NOW)
            hold_units(conn, [ask], now=NOW)
        tie, line_id = allocation_ask(ask, [leaf]), ask.lines[0].line_id
        expired, tied, released = race(
            database,
            [
                lambda conn: expire_holds(conn, now=later, limit=10),
                lambda conn, tie=tie: allocate_units(conn, [tie], now=later),
                lambda conn, line_id=line_id: release_holds(conn, [Release(line_id=line_id)], now=later),
            ],
        )
        outcomes = [*expired, *tied, *released]
        winners = [one for one in outcomes if isinstance(one, ExpiredHold | Allocated | Released)]
        assert len(winners) == 1
        assert all(isinstance(one, HoldUnknown) for one in outcomes if one is not winners[0])
        units_tied = 2 if isinstance(winners[0], Allocated) else 0
        with database.transaction() as conn:
            assert leaf_row(conn, leaf, sku).allocated == units_tied
            assert room(conn, world.network_id, sku) == (3 - units_tied, 0, 3 - units_tied)
            assert broken(conn) == []


def kept_wherever_it_lies(conn: Conn, keep: HoldExtension) -> object:
    """Keep a hold as the edge does: begun again where it went elsewhere while its rows were waited for."""
    for _ in range(2):
        try:
            with conn.transaction():
                return extend_holds(conn, [keep], now=NOW)[0]
        except psycopg.errors.SerializationFailure:
            pass
    raise AssertionError("it went elsewhere twice")


def test_a_transfer_against_those_who_want_the_units_it_leaves_and_those_it_goes_to(database: Database):
    """One unit at each of two sites. Whoever comes first, nobody is promised what another has."""
    for _ in range(TRIALS):
        sku = new_sku()
        with database.transaction() as conn:
            world = make_world(conn)
            near, far = world.leaf_ids
            receive(conn, near, sku, 1)
            receive(conn, far, sku, 1)
            mine = hold_ask((near, sku, 1), expires_at=NOW)
            hold_units(conn, [mine], now=NOW)
        line = TransferLine(line_id=mine.lines[0].line_id, node_id=far)
        asked = HoldTransfer(order_id=mine.order_id, lines=(line,))
        keep = HoldExtension(line_id=line.line_id, expires_at=None)
        wanted = [hold_ask((leaf, sku, 1)) for leaf in (near, far)]
        moved, here, there, kept = race(
            database,
            [
                lambda conn, asked=asked: transfer_holds(conn, [asked], now=NOW)[0],
                lambda conn, ask=wanted[0]: hold_units(conn, [ask], now=NOW)[0],
                lambda conn, ask=wanted[1]: hold_units(conn, [ask], now=NOW)[0],
                lambda conn, keep=keep: kept_wherever_it_lies(conn, keep),
            ],
        )
        assert isinstance(kept, Extended)
        with database.transaction() as conn:
            [hold] = holds_of_lines(conn, [line.line_id])
            assert (hold.node_id, hold.expires_at) == (far if isinstance(moved, Transferred) else near, None)
            held = [isinstance(one, Held) for one in (here, there)]
            assert sum(held) <= 1
            assert held[0] <= isinstance(moved, Transferred)
            assert held[1] <= isinstance(moved, NotEnoughFree)
            assert broken(conn) == []


def test_a_hand_over_against_its_release(database: Database):
    for _ in range(TRIALS):
        sku = new_sku()
        with database.transaction() as conn:
            world = make_world(conn, sites=1)
            [leaf] = world.leaf_ids
            receive(conn, leaf, sku, 2)
            ask = hold_ask((world.network_id, sku, 2))
            tie = allocation_ask(ask, [leaf])
            hold_units(conn, [ask], now=NOW)
            allocate_units(conn, [tie], now=NOW)
        allocation_id = tie.lines[0].allocation_id
        leaving = HandOver(allocation_id=allocation_id, units=2)
        release = AllocationRelease(allocation_id=allocation_id, to_hold=True)
        outcomes = race(
            database,
            [
                lambda conn, leaving=leaving: hand_over_units(conn, [leaving], now=NOW)[0],
                lambda conn, release=release: release_allocations(conn, [release], now=NOW)[0],
            ],
        )
        winners = [one for one in outcomes if isinstance(one, HandedOver | AllocationReleased)]
        assert len(winners) == 1
        with database.transaction() as conn:
            left = 0 if isinstance(winners[0], HandedOver) else 2
            assert room(conn, world.network_id, sku) == (left, left, 0)
            assert broken(conn) == []


def test_a_leaf_moves_against_holds_that_need_it(database: Database):
    for _ in range(TRIALS):
        sku = new_sku()
        with database.transaction() as conn:
            world, other = make_world(conn, sites=1), make_world(conn, sites=1)
            [leaf] = world.leaf_ids
            receive(conn, leaf, sku, 1)
        move = LeafMove(leaf_id=leaf, parent_id=other.network_id)
        asks = [
            hold_ask((world.network_id, sku, 1)),
            hold_ask((leaf, sku, 1)),
            hold_ask((other.network_id, sku, 1)),
        ]
        moved, *held = race(
            database,
            [
                lambda conn, move=move: move_leaves(conn, [move], now=NOW)[0],
                *(lambda conn, ask=ask: hold_units(conn, [ask], now=NOW)[0] for ask in asks),
            ],
        )
        assert isinstance(moved, LeafMoved | LeafPromised | NodePromised)
        assert sum(isinstance(one, Held) for one in held) <= 1
        if not isinstance(moved, LeafMoved):
            assert sum(isinstance(one, Held) for one in held) == 1
        with database.transaction() as conn:
            assert shortfalls(conn) == {}
            assert broken(conn) == []


def impatiently(database: Database, command: Callable[[Conn], object]) -> None:
    """Run a command in a transaction that waits 200 ms for a lock and no longer."""
    with database.transaction(quiet=True) as conn:
        conn.execute("set local lock_timeout = '200ms'")
        command(conn)


def test_a_move_waits_for_every_promise_under_way_and_they_for_it(database: Database):
    """A batch reads the way to a leaf and then locks along it: the tree may not change between the two."""
    with database.transaction() as conn:
        world, other = make_world(conn), make_world(conn, sites=1)
        sku, other_sku = new_sku(), new_sku()
        receive(conn, world.leaf_ids[0], sku, 1)
        receive(conn, world.leaf_ids[1], other_sku, 1)
    move = LeafMove(leaf_id=world.leaf_ids[1], parent_id=other.network_id)
    leaf = world.leaf_ids[0]
    ask = hold_ask((leaf, sku, 1))  # shares neither leaf nor SKU with the move
    with database.transaction() as promising:
        hold_units(promising, [ask], now=NOW)
        with pytest.raises(psycopg.errors.LockNotAvailable):
            impatiently(database, lambda conn: move_leaves(conn, [move], now=NOW))
    with database.transaction() as moving:
        assert isinstance(move_leaves(moving, [move], now=NOW)[0], LeafMoved)
        with pytest.raises(psycopg.errors.LockNotAvailable):
            impatiently(database, lambda conn: hold_units(conn, [hold_ask((leaf, sku, 1))], now=NOW))


@pytest.mark.slow
def test_everything_at_once_for_a_while(database: Database):
    """Eight writers, one SKU pool, facts and promises mixed in one transaction after `lock_stock`."""
    with database.transaction() as conn:
        world = make_world(conn, sites=3)
        skus = [new_sku() for _ in range(6)]
        record_facts(conn, [fact(leaf, sku, 20) for leaf in world.leaf_ids for sku in skus], now=NOW)

    def work(conn: Conn, turn: int) -> bool:
        mine = skus[turn % 6 :] + skus[: turn % 6]
        lock_stock(conn, [(leaf, sku) for leaf in world.leaf_ids for sku in mine])
        asks = [hold_ask((world.network_id, sku, 1), (world.leaf_ids[turn % 3], sku, 1)) for sku in mine]
        held = hold_units(conn, asks, now=NOW)
        granted = [ask for ask, outcome in zip(asks, held, strict=True) if isinstance(outcome, Held)]
        ties = [allocation_ask(ask, [world.leaf_ids[turn % 3]] * 2) for ask in granted[::2]]
        allocate_units(conn, ties, now=NOW)
        record_facts(conn, [fact(world.leaf_ids[(turn + 1) % 3], sku, turn % 5 - 2) for sku in mine], now=NOW)
        return True

    for round_number in range(25):
        race(
            database,
            [lambda conn, turn=turn + round_number: work(conn, turn) for turn in range(8)],
        )
        with database.transaction() as conn:
            assert broken(conn) == []


def test_without_the_lock_two_commands_in_one_transaction_can_deadlock(database: Database):
    """Why `lock_stock` is there: the same two batches, crossed, stop each other without it and never with it."""
    with database.transaction() as conn:
        world = make_world(conn, sites=1)
        one, two = new_sku(), new_sku()
        record_facts(conn, [fact(world.leaf_ids[0], sku, 1000) for sku in (one, two)], now=NOW)
    node = world.network_id
    between = threading.Barrier(2)

    def crossed(conn: Conn, order: tuple[str, str], *, locks: bool) -> bool:
        skus = {"one": one, "two": two}
        if locks:
            lock_stock(conn, [(node, one), (node, two)])
        hold_units(conn, [hold_ask((node, skus[order[0]], 1))], now=NOW)
        if not locks:
            between.wait(timeout=30)
        hold_units(conn, [hold_ask((node, skus[order[1]], 1))], now=NOW)
        return True

    orders = [("one", "two"), ("two", "one")]
    with pytest.raises(psycopg.errors.DeadlockDetected):
        race(database, [lambda conn, order=order: crossed(conn, order, locks=False) for order in orders])
    for _ in range(TRIALS):
        race(database, [lambda conn, order=order: crossed(conn, order, locks=True) for order in orders])


def test_goods_are_sent_or_held_and_never_both(database: Database):
    for _ in range(TRIALS):
        sku = new_sku()
        with database.transaction() as conn:
            world = make_world(conn)
            receive(conn, world.leaf_ids[0], sku, 6)
        ask = hold_ask((world.network_id, sku, 4))
        line = GoodsLine(sku_id=sku, units=4)
        sending = TransferAsk(
            id=TransferId(new_id()),
            from_leaf_id=world.leaf_ids[0],
            to_leaf_id=world.leaf_ids[1],
            lines=(line,),
        )
        rivals: list[Callable[[Conn], object]] = [
            lambda conn, ask=ask: hold_units(conn, [ask], now=NOW)[0],
            lambda conn, sending=sending: send_transfers(conn, [sending], now=NOW, by="test")[0],
            lambda conn, sending=sending: send_transfers(conn, [sending], now=NOW, by="test")[0],
        ]
        held, *sent = race(database, rivals)
        repeats = [one.is_repeat for one in sent if isinstance(one, Sent)]
        if isinstance(held, Held):
            assert repeats == []
        else:
            assert sorted(repeats) == [False, True]
        with database.transaction() as conn:
            assert leaf_row(conn, world.leaf_ids[0], sku).on_hand == (6 if isinstance(held, Held) else 2)
            assert broken(conn) == []


def test_what_came_is_taken_in_once(database: Database):
    sku = new_sku()
    with database.transaction() as conn:
        world = make_world(conn)
        receive(conn, world.leaf_ids[0], sku, 90)
    here, there = world.leaf_ids
    for _ in range(TRIALS):
        line = GoodsLine(sku_id=sku, units=5)
        sending = TransferAsk(id=TransferId(new_id()), from_leaf_id=here, to_leaf_id=there, lines=(line,))
        with database.transaction() as conn:
            send_transfers(conn, [sending], now=NOW, by="test")
        same = TransferArrival(id=new_id(), transfer_id=sending.id, sku_id=sku, received=3)
        other = TransferArrival(id=new_id(), transfer_id=sending.id, sku_id=sku, received=3)
        outcomes = race(
            database,
            [
                lambda conn, one=one: receive_transfers(conn, [one], now=NOW, by="test")[0]
                for one in (same, same, other)
            ],
        )
        arrived = [one for one in outcomes if isinstance(one, Arrived)]
        assert sum(not one.is_repeat for one in arrived) == 1
    with database.transaction() as conn:
        assert leaf_row(conn, there, sku).on_hand == 3 * TRIALS
        assert in_transit(conn, [there]) == {(there, sku): 2 * TRIALS}
        assert broken(conn) == []


def test_a_recall_against_those_who_hold_tie_and_hand_over(database: Database):
    for _ in range(TRIALS):
        sku = new_sku()
        with database.transaction() as conn:
            world = make_world(conn)
            here, there = world.leaf_ids
            [lot] = lots.name_lots(conn, [NewLot(sku_id=sku, code="A")], now=NOW)
            assert isinstance(lot, Lot)
            record_facts(conn, [replace(fact(here, sku, 6), lot_id=lot.id)], now=NOW)
            asks = [hold_ask((world.network_id, sku, 2)) for _ in range(2)]
            hold_units(conn, asks, now=NOW)
            ties = [allocation_ask(ask, [here]) for ask in asks]
            allocate_units(conn, ties[:1], now=NOW)
        more = hold_ask((world.network_id, sku, 2))
        came = replace(fact(there, sku, 3), lot_id=lot.id)
        gone = HandOver(allocation_id=ties[0].lines[0].allocation_id, units=2)
        rivals: list[Callable[[Conn], object]] = [
            lambda conn, lot=lot: lots.recall_lots(conn, [LotLock(lot_id=lot.id, reason="x")], now=NOW)[0],
            lambda conn, more=more: hold_units(conn, [more], now=NOW)[0],
            lambda conn, tie=ties[1]: allocate_units(conn, [tie], now=NOW)[0],
            lambda conn, gone=gone: hand_over_units(conn, [gone], now=NOW)[0],
            lambda conn, came=came: record_facts(conn, [came], now=NOW)[0],
        ]
        locked, _, _, handed, received = race(database, rivals)
        assert isinstance(locked, LotsLocked)
        assert (isinstance(handed, HandedOver), isinstance(received, Recorded)) == (True, True)
        with database.transaction() as conn:
            # Wherever the lot lies afterwards, nothing of it can be sold, also where it came in the same moment.
            assert [leaf_row(conn, leaf, sku).sellable for leaf in (here, there)] == [0, 0]
            assert leaf_row(conn, there, sku).unsellable == 3
            assert {one.is_recalled for one in lots.lots_at_leaves(conn, [here, there]) if one.code} == {True}
            assert broken(conn) == []
