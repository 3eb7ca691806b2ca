"""The commands through the front door: what they write, and that what they refuse writes nothing."""

from datetime import timedelta

import msgspec
import psycopg
import pytest

from loopline.db import Conn
from loopline.kernel.ids import AllocationId, LineId, NodeId, OrderId
from loopline.stock import (
    Allocated,
    AllocationAsk,
    AllocationRelease,
    Extended,
    Fact,
    HandedOver,
    HandOver,
    Held,
    HoldAsk,
    HoldExtension,
    HoldTransfer,
    LeafSellable,
    MovementReason,
    NewNode,
    NodeKind,
    OnShort,
    Recorded,
    Release,
    TransferLine,
    Transferred,
    add_nodes,
    allocate_units,
    broken_promises,
    expire_holds,
    extend_holds,
    hand_over_units,
    hold_units,
    holds_of_lines,
    leaves,
    move_leaves,
    movement_count,
    next_expiry,
    nodes_by_ids,
    open_shortfalls,
    record_facts,
    release_allocations,
    release_holds,
    sellable_at_leaves,
    sellable_units,
    set_safety,
    stock_at_leaves,
    stock_counts,
    store,
    transfer_holds,
)
from loopline.stock.book import OpenHold
from loopline.stock.refusals import (
    AllocationTaken,
    AllocationUnknown,
    FactIdTaken,
    HoldUnknown,
    LeafUnknown,
    NodeTaken,
    NotEnoughFree,
)
from loopline.stock.rules.holds import change_hold
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


def test_an_order_from_hold_to_hand_over(conn: Conn):
    world, sku, other_sku = make_world(conn), new_sku(), new_sku()
    near, far = world.leaf_ids
    record_facts(conn, [fact(near, sku, 5), fact(far, sku, 5), fact(far, other_sku, 2)], now=NOW)
    ask = hold_ask((world.network_id, sku, 6), (world.network_id, other_sku, 1))
    [held] = hold_units(conn, [ask], now=NOW)
    assert isinstance(held, Held)
    assert [line.units for line in held.lines] == [6, 1]
    hold = holds_of_lines(conn, [ask.lines[0].line_id])[0]
    assert (hold.order_id, hold.node_id, hold.units, hold.expires_at) == (
        ask.order_id,
        world.network_id,
        6,
        None,
    )

    first = allocation_ask(ask, [near, far], units=[5, 1])
    assert allocate_units(conn, [first], now=NOW) == [Allocated(order_id=ask.order_id)]
    assert room(conn, world.network_id, sku) == (5, 1, 4)
    assert leaf_row(conn, near, sku).allocated == 5
    [left] = holds_of_lines(conn, [line.line_id for line in ask.lines])
    assert (left.line_id, left.units) == (ask.lines[0].line_id, 1)

    gone = HandOver(allocation_id=first.lines[0].allocation_id, units=3)
    assert hand_over_units(conn, [gone], now=NOW) == [
        HandedOver(allocation_id=gone.allocation_id, units=3, units_left=2)
    ]
    stored = leaf_row(conn, near, sku)
    assert (stored.on_hand, stored.allocated, stored.sellable) == (2, 2, 0)
    # Three receipts, two allocations, one hand-over.
    counts = stock_counts(conn)
    assert (counts.movements, counts.open_holds, counts.open_allocations, counts.shortfalls) == (6, 1, 2, 0)
    assert movement_count(conn) == 6
    assert broken(conn) == []


def test_refused_commands_write_nothing(conn: Conn):
    world, sku = make_world(conn), new_sku()
    receive(conn, world.leaf_ids[0], sku, 1)
    before = stock_counts(conn)
    too_many = hold_ask((world.network_id, sku, 1), (world.network_id, sku, 1))
    [refused] = hold_units(conn, [too_many], now=NOW)
    assert isinstance(refused, NotEnoughFree)
    nowhere = AllocationId(new_id())
    line = too_many.lines[0].line_id
    assert release_holds(conn, [Release(line_id=line)], now=NOW) == [HoldUnknown(line_id=line)]
    assert extend_holds(conn, [HoldExtension(line_id=line, expires_at=None)], now=NOW) == [
        HoldUnknown(line_id=line)
    ]
    assert allocate_units(conn, [allocation_ask(too_many, world.leaf_ids)], now=NOW) == [
        HoldUnknown(line_id=line)
    ]
    release = AllocationRelease(allocation_id=nowhere, to_hold=True)
    assert release_allocations(conn, [release], now=NOW) == [AllocationUnknown(allocation_id=nowhere)]
    gone = HandOver(allocation_id=nowhere, units=1)
    assert hand_over_units(conn, [gone], now=NOW) == [AllocationUnknown(allocation_id=nowhere)]
    unknown = fact(NodeId(new_id()), sku, 1)
    assert record_facts(conn, [unknown], now=NOW) == [LeafUnknown(leaf_id=unknown.leaf_id)]
    assert stock_counts(conn) == before
    assert room(conn, world.brand_id, sku) == (1, 0, 1)
    assert broken(conn) == []


def test_nothing_asked_is_nothing_done(conn: Conn):
    assert hold_units(conn, [], now=NOW) == []
    assert release_holds(conn, [], now=NOW) == []
    assert extend_holds(conn, [], now=NOW) == []
    assert allocate_units(conn, [], now=NOW) == []
    assert release_allocations(conn, [], now=NOW) == []
    assert hand_over_units(conn, [], now=NOW) == []
    assert record_facts(conn, [], now=NOW) == []
    assert set_safety(conn, [], now=NOW) == []
    assert expire_holds(conn, now=NOW, limit=10) == []
    assert transfer_holds(conn, [], now=NOW) == []
    assert broken_promises(conn, limit=10).holds == ()
    assert hold_units(conn, [HoldAsk(order_id=hold_ask().order_id, lines=())], now=NOW)[0] is not None
    assert move_leaves(conn, [], now=NOW) == []
    assert add_nodes(conn, []) == []


def test_part_of_what_is_asked_and_the_rest_later(conn: Conn):
    world, sku = make_world(conn, sites=1), new_sku()
    receive(conn, world.leaf_ids[0], sku, 3)
    ask = hold_ask((world.network_id, sku, 5), short=OnShort.PART)
    [held] = hold_units(conn, [ask], now=NOW)
    assert isinstance(held, Held)
    assert held.lines[0].units == 3
    receive(conn, world.leaf_ids[0], sku, 4)
    rest = HoldAsk(order_id=ask.order_id, lines=(msgspec.structs.replace(ask.lines[0], units=2),))
    [held_now] = hold_units(conn, [rest], now=NOW)
    assert isinstance(held_now, Held)
    assert [hold.units for hold in holds_of_lines(conn, [ask.lines[0].line_id])] == [5]
    assert room(conn, world.network_id, sku) == (7, 5, 2)
    assert broken(conn) == []


def test_nothing_to_hold_in_part_makes_no_hold(conn: Conn):
    world, sku = make_world(conn, sites=1), new_sku()
    [held] = hold_units(conn, [hold_ask((world.network_id, sku, 5), short=OnShort.PART)], now=NOW)
    assert isinstance(held, Held)
    assert held.lines[0].units == 0
    assert stock_counts(conn).open_holds == 0


def test_holds_expire_oldest_first_at_their_moment_and_paid_ones_never(conn: Conn):
    world, sku = make_world(conn, sites=1), new_sku()
    receive(conn, world.leaf_ids[0], sku, 10)
    minute = timedelta(minutes=1)
    asks = [hold_ask((world.network_id, sku, 1), expires_at=NOW + place * minute) for place in (3, 1, 2, 9)]
    hold_units(conn, asks, now=NOW)
    paid = asks[1].lines[0].line_id
    assert extend_holds(conn, [HoldExtension(line_id=paid, expires_at=None)], now=NOW) == [
        Extended(line_id=paid, units=1)
    ]
    assert expire_holds(conn, now=NOW + 2 * minute - timedelta(microseconds=1), limit=10) == []
    [expired] = expire_holds(conn, now=NOW + 3 * minute, limit=1)
    assert (expired.order_id, expired.line_id, expired.sku_id, expired.units) == (
        asks[2].order_id,
        asks[2].lines[0].line_id,
        sku,
        1,
    )
    assert [one.order_id for one in expire_holds(conn, now=NOW + 3 * minute, limit=10)] == [asks[0].order_id]
    assert expire_holds(conn, now=NOW + 3 * minute, limit=10) == []
    assert room(conn, world.network_id, sku) == (10, 2, 8)
    assert broken(conn) == []


def test_the_next_hold_to_run_out_is_known(conn: Conn):
    world, sku = make_world(conn, sites=1), new_sku()
    receive(conn, world.leaf_ids[0], sku, 10)
    assert next_expiry(conn) is None
    minute = timedelta(minutes=1)
    asks = [hold_ask((world.network_id, sku, 1), expires_at=NOW + place * minute) for place in (3, 1, 2)]
    hold_units(conn, [*asks, hold_ask((world.network_id, sku, 1))], now=NOW)
    assert next_expiry(conn) == NOW + minute
    assert next_expiry(conn, after=NOW + minute) == NOW + 2 * minute
    assert next_expiry(conn, after=NOW + 3 * minute) is None
    expired = expire_holds(conn, now=NOW + 2 * minute, limit=10)
    assert [one.expires_at for one in expired] == [NOW + minute, NOW + 2 * minute]
    assert next_expiry(conn) == NOW + 3 * minute


def test_an_orders_holds_move_together_and_keep_their_time(conn: Conn):
    world, sku, other_sku = make_world(conn), new_sku(), new_sku()
    near, far = world.leaf_ids
    record_facts(conn, [fact(near, sku, 2), fact(near, other_sku, 1), fact(far, sku, 2)], now=NOW)
    ask = hold_ask((world.network_id, sku, 2), (world.network_id, other_sku, 1), expires_at=NOW)
    hold_units(conn, [ask], now=NOW)
    line_ids = [line.line_id for line in ask.lines]

    def to(leaf_id: NodeId) -> HoldTransfer:
        lines = tuple(TransferLine(line_id=line_id, node_id=leaf_id) for line_id in line_ids)
        return HoldTransfer(order_id=ask.order_id, lines=lines)

    before = holds_of_lines(conn, line_ids)
    [refused] = transfer_holds(conn, [to(far)], now=NOW)
    assert isinstance(refused, NotEnoughFree)
    assert (refused.sku_id, refused.free) == (other_sku, 0)
    assert holds_of_lines(conn, line_ids) == before
    assert transfer_holds(conn, [to(near)], now=NOW) == [Transferred(order_id=ask.order_id, units=(2, 1))]
    assert [(one.node_id, one.units, one.expires_at) for one in holds_of_lines(conn, line_ids)] == [
        (near, 2, NOW),
        (near, 1, NOW),
    ]
    assert room(conn, near, sku) == (2, 2, 0)
    assert room(conn, world.network_id, sku) == (4, 2, 2)
    assert broken(conn) == []
    assert len(expire_holds(conn, now=NOW, limit=10)) == 2
    assert broken(conn) == []


def test_a_hold_that_leaves_what_a_fact_broke_covers_the_shortfall(conn: Conn):
    world, sku = make_world(conn), new_sku()
    near, far = world.leaf_ids
    record_facts(conn, [fact(near, sku, 1), fact(far, sku, 1)], now=NOW)
    ask = hold_ask((near, sku, 1))
    hold_units(conn, [ask], now=NOW)
    record_facts(conn, [fact(near, sku, -1, reason=MovementReason.DAMAGE)], now=NOW)
    assert set(shortfalls(conn)) == {("overheld", near, sku), ("overheld", world.site_ids[0], sku)}
    line = TransferLine(line_id=ask.lines[0].line_id, node_id=far)
    [moved] = transfer_holds(conn, [HoldTransfer(order_id=ask.order_id, lines=(line,))], now=NOW)
    assert isinstance(moved, Transferred)
    assert {(one.node_id, one.units_after) for one in moved.shortfalls} == {(near, 0), (world.site_ids[0], 0)}
    assert shortfalls(conn) == {}
    assert broken(conn) == []


def test_the_same_fact_twice_counts_once(conn: Conn):
    world, sku = make_world(conn, sites=1), new_sku()
    one = fact(world.leaf_ids[0], sku, 3)
    other: Fact = msgspec.structs.replace(one, on_hand=4)
    assert record_facts(conn, [one], now=NOW) == [Recorded(fact_id=one.id)]
    assert record_facts(conn, [one, other], now=NOW) == [
        Recorded(fact_id=one.id, repeated=True),
        FactIdTaken(fact_id=one.id),
    ]
    assert room(conn, world.brand_id, sku) == (3, 0, 3)
    assert movement_count(conn) == 1


def test_an_open_allocation_keeps_its_id(conn: Conn):
    world, sku = make_world(conn, sites=1), new_sku()
    receive(conn, world.leaf_ids[0], sku, 3)
    ask = hold_ask((world.network_id, sku, 3))
    hold_units(conn, [ask], now=NOW)
    tie = allocation_ask(ask, world.leaf_ids, units=[1])
    allocate_units(conn, [tie], now=NOW)
    again = AllocationAsk(order_id=ask.order_id, lines=tie.lines)
    assert allocate_units(conn, [again], now=NOW) == [
        AllocationTaken(allocation_id=tie.lines[0].allocation_id)
    ]
    assert leaf_row(conn, world.leaf_ids[0], sku).allocated == 1


def test_shortfalls_grow_shrink_close_and_open_anew(conn: Conn):
    world, sku = make_world(conn, sites=1), new_sku()
    [leaf] = world.leaf_ids
    changes: list[tuple[int, int]] = []
    ids: list[object] = []
    for on_hand in (-2, -3, 1, 4, -1):
        [recorded] = record_facts(conn, [fact(leaf, sku, on_hand, reason=MovementReason.COUNT)], now=NOW)
        assert isinstance(recorded, Recorded)
        [change] = recorded.shortfalls
        changes.append((change.units_before, change.units_after))
        ids.append(change.shortfall_id)
    assert changes == [(0, 2), (2, 5), (5, 4), (4, 0), (0, 1)]
    assert len(set(ids[:4])) == 1
    assert ids[4] != ids[0]
    [still] = open_shortfalls(conn, limit=10)
    assert (still.units, still.units_most) == (1, 1)
    counts = stock_counts(conn)
    assert (counts.shortfalls, counts.open_shortfalls) == (2, 1)
    assert broken(conn) == []


def test_a_batch_tells_each_shortfall_once_by_the_last_fact_that_moved_it(conn: Conn):
    world, sku, other_sku = make_world(conn, sites=1), new_sku(), new_sku()
    [leaf] = world.leaf_ids
    facts = [fact(leaf, sku, -3), fact(leaf, other_sku, -1), fact(leaf, sku, 1), fact(leaf, other_sku, 1)]
    outcomes = record_facts(conn, facts, now=NOW)
    told = [len(one.shortfalls) for one in outcomes if isinstance(one, Recorded)]
    assert told == [0, 0, 1, 0]  # what opened and closed within the batch never was
    assert shortfalls(conn) == {("missing", leaf, sku): 2}


def test_a_release_shrinks_the_shortfall_of_its_nodes(conn: Conn):
    world, sku = make_world(conn, sites=1), new_sku()
    [leaf] = world.leaf_ids
    receive(conn, leaf, sku, 5)
    ask, other = hold_ask((world.network_id, sku, 3)), hold_ask((leaf, sku, 2))
    hold_units(conn, [ask, other], now=NOW)
    record_facts(conn, [fact(leaf, sku, -4)], now=NOW)
    nodes = {node: units for (_, node, _), units in shortfalls(conn).items()}
    assert nodes == {world.brand_id: 4, world.network_id: 4, world.site_ids[0]: 1, leaf: 1}
    [first, second] = broken_promises(conn, limit=10).holds
    assert (first.line_id, first.units) == (other.lines[0].line_id, 2)
    assert (second.line_id, second.units) == (ask.lines[0].line_id, 2)
    released = release_holds(
        conn, [Release(line_id=one.line_id, units=one.units) for one in (first, second)], now=NOW
    )
    closed = [change for one in released for change in getattr(one, "shortfalls", ())]
    assert sorted(change.node_id for change in closed) == sorted(nodes)
    assert {change.units_after for change in closed} == {0}
    assert shortfalls(conn) == {}
    assert broken(conn) == []


def test_what_leaves_can_sell_to_a_hold_above(conn: Conn):
    world, sku, nothing = make_world(conn), new_sku(), new_sku()
    near, far = world.leaf_ids
    record_facts(conn, [fact(near, sku, 5), fact(far, sku, 2)], now=NOW)
    hold_units(conn, [hold_ask((near, sku, 3)), hold_ask((world.network_id, sku, 4))], now=NOW)
    found = sellable_at_leaves(conn, [nothing, sku])
    sites = {leaf.id: leaf for leaf in leaves(conn)}
    assert [(one.leaf_id, one.sku_id, one.sellable) for one in found] == [(near, sku, 2), (far, sku, 2)]
    site_id, owner_id = sites[near].site_id, sites[near].owner_id
    assert site_id is not None
    assert owner_id is not None
    assert found[0] == LeafSellable(leaf_id=near, site_id=site_id, owner_id=owner_id, sku_id=sku, sellable=2)
    assert sellable_units(conn, [sku], under=world.network_id) == {(near, sku): 2, (far, sku): 2}
    # A hold at the leaf itself may take all the leaf can sell; one from above the network's promises may take none.
    assert sellable_units(conn, [sku], under=near) == {(near, sku): 5}
    assert sellable_units(conn, [sku], under=world.brand_id) == {}
    assert sellable_units(conn, [sku], under=world.site_ids[1]) == {(far, sku): 2}
    assert sellable_units(conn, [], under=world.brand_id) == {}


def test_rows_of_leaves_for_all_skus_or_some(conn: Conn):
    world, sku, other_sku = make_world(conn), new_sku(), new_sku()
    near, far = world.leaf_ids
    record_facts(conn, [fact(far, other_sku, 1), fact(near, sku, 2), fact(near, other_sku, 3)], now=NOW)
    rows = stock_at_leaves(conn, [far, near])
    assert [(row.leaf_id, row.sku_id, row.on_hand) for row in rows] == [
        (near, sku, 2),
        (near, other_sku, 3),
        (far, other_sku, 1),
    ]
    assert stock_at_leaves(conn, [near, far], sku_ids=[other_sku]) == rows[1:]
    assert stock_at_leaves(conn, [near, far], sku_ids=[]) == []


def test_nodes_are_added_once(conn: Conn):
    world = make_world(conn, sites=1)
    [leaf] = nodes_by_ids(conn, [world.leaf_ids[0]])
    assert leaf.path == (world.brand_id, world.network_id, world.site_ids[0], world.leaf_ids[0])
    again = NewNode(
        id=leaf.id,
        kind=NodeKind.LEAF,
        name=leaf.name,
        parent_id=leaf.parent_id,
        site_id=leaf.site_id,
        owner_id=leaf.owner_id,
    )
    twin: NewNode = msgspec.structs.replace(again, id=NodeId(new_id()), parent_id=world.network_id)
    assert add_nodes(conn, [again, twin]) == [leaf, NodeTaken(node_id=twin.id)]
    assert [one.id for one in leaves(conn)] == [leaf.id]


@pytest.mark.parametrize(
    "oversold",
    [
        "update stock.leaf_stock set allocated = allocated + 4",
        "update stock.leaf_stock set on_hand = on_hand - 1, allocated = 3",
        "update stock.leaf_stock set held = held + 4",
        "update stock.node_stock set held = held + 4",
        "update stock.node_stock set free = free - 4",
        "update stock.leaf_stock set allocated = -1",
    ],
)
def test_the_database_itself_refuses_to_oversell(conn: Conn, oversold: str):
    world = make_world(conn, sites=1)
    receive(conn, world.leaf_ids[0], new_sku(), 3)
    with pytest.raises(psycopg.errors.CheckViolation):
        conn.execute(oversold.encode())


def test_an_ask_cannot_oversell_even_when_its_rule_is_wrong(conn: Conn):
    """The write of an ask can only lower what is recorded as overheld, so the constraint stops a promise of nothing."""
    world, sku = make_world(conn, sites=1), new_sku()
    receive(conn, world.leaf_ids[0], sku, 3)
    key = (world.network_id, sku)
    for may_open, stopped in ((True, False), (False, True)):
        with conn.transaction(force_rollback=True):
            book = store.open_book(conn, [world.network_id], may_open_shortfalls=may_open)
            book.want([key])
            store.lock_levels(conn, book)
            too_much = OpenHold(LineId(new_id()), OrderId(new_id()), key, 0, None, 0)
            book.add_holds([too_much])
            change_hold(too_much, 4)
            if stopped:
                with pytest.raises(psycopg.errors.CheckViolation, match="node_held_within_free"):
                    store.write_book(conn, book, now=NOW)
            else:
                store.write_book(conn, book, now=NOW)
                assert broken(conn) == []
