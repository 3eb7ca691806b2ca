"""The counter-examples that shaped nested promises, one test each."""

from loopline.db import Conn
from loopline.stock import (
    Allocated,
    AllocationRelease,
    AllocationReleased,
    Held,
    LeafMove,
    LeafMoved,
    MovementReason,
    Recorded,
    Release,
    SafetySet,
    SafetySetting,
    ShortfallKind,
    allocate_units,
    broken_allocations,
    broken_promises,
    hold_units,
    move_leaves,
    record_facts,
    release_allocations,
    release_holds,
    set_safety,
)
from loopline.stock.refusals import LeafPromised, NodePromised, NotEnoughFree, PromisedToOthers
from tests.make.stock import (
    NOW,
    allocation_ask,
    broken,
    fact,
    hold_ask,
    leaf_row,
    make_world,
    new_sku,
    receive,
    room,
    shortfalls,
)


def test_a_till_sale_takes_allocated_goods(conn: Conn):
    """Three of four units are tied to a web order when the till sells two: the sale stands, one unit is short."""
    world, sku = make_world(conn), new_sku()
    leaf, other = world.leaf_ids
    receive(conn, leaf, sku, 4)
    ask = hold_ask((world.network_id, sku, 3))
    tie = allocation_ask(ask, [leaf])
    hold_units(conn, [ask], now=NOW)
    assert allocate_units(conn, [tie], now=NOW) == [Allocated(order_id=ask.order_id)]

    [sold] = record_facts(conn, [fact(leaf, sku, -2, reason=MovementReason.SALE)], now=NOW)

    assert isinstance(sold, Recorded)
    [opened] = sold.shortfalls
    assert (opened.kind, opened.node_id, opened.units_before, opened.units_after) == (
        ShortfallKind.MISSING,
        leaf,
        0,
        1,
    )
    stored = leaf_row(conn, leaf, sku)
    assert (stored.on_hand, stored.allocated, stored.sellable, stored.missing) == (2, 3, 0, 1)
    [to_source_again] = broken_allocations(conn, limit=10)
    assert (to_source_again.allocation_id, to_source_again.units) == (tie.lines[0].allocation_id, 1)

    # Sourced again: the unit goes back to its hold and is tied to the other site, which just got goods.
    receive(conn, other, sku, 1)
    back = AllocationRelease(allocation_id=to_source_again.allocation_id, units=1, to_hold=True)
    [released] = release_allocations(conn, [back], now=NOW)
    assert isinstance(released, AllocationReleased)
    assert [change.units_after for change in released.shortfalls] == [0]
    again = allocation_ask(ask, [other], units=[1])
    assert allocate_units(conn, [again], now=NOW) == [Allocated(order_id=ask.order_id)]
    assert shortfalls(conn) == {}
    assert broken(conn) == []


def test_safety_above_stock_sells_nothing_and_owes_nothing(conn: Conn):
    """Safety 10 over 4 units is no debt of 6: the leaf sells nothing, and 7 more units make 1 sellable."""
    world, sku = make_world(conn), new_sku()
    leaf, other = world.leaf_ids
    receive(conn, leaf, sku, 4)
    receive(conn, other, sku, 5)
    [outcome] = set_safety(conn, [SafetySetting(leaf_id=leaf, sku_id=sku, units=10)], now=NOW)
    assert outcome == SafetySet(leaf_id=leaf, sku_id=sku, units_before=0, units=10)
    assert leaf_row(conn, leaf, sku).sellable == 0
    assert room(conn, world.network_id, sku) == (5, 0, 5)  # what another leaf has is not lowered by six

    receive(conn, leaf, sku, 7)
    assert leaf_row(conn, leaf, sku).sellable == 1
    assert room(conn, world.brand_id, sku) == (6, 0, 6)
    assert broken(conn) == []


def test_safety_raised_under_a_hold_opens_a_shortfall_at_every_node_it_leaves_short(conn: Conn):
    world, sku = make_world(conn, sites=1), new_sku()
    [leaf] = world.leaf_ids
    receive(conn, leaf, sku, 4)
    hold_units(conn, [hold_ask((leaf, sku, 3))], now=NOW)
    [outcome] = set_safety(conn, [SafetySetting(leaf_id=leaf, sku_id=sku, units=3)], now=NOW)
    assert isinstance(outcome, SafetySet)
    nodes = (world.brand_id, world.network_id, world.site_ids[0], leaf)
    assert shortfalls(conn) == {("overheld", node, sku): 2 for node in nodes}
    assert sorted(change.node_id for change in outcome.shortfalls) == sorted(nodes)

    set_safety(conn, [SafetySetting(leaf_id=leaf, sku_id=sku, units=0)], now=NOW)
    assert shortfalls(conn) == {}
    assert broken(conn) == []


def test_a_hold_bound_to_one_site_inside_a_rich_network(conn: Conn):
    """The network has 101 units but the site one: the second promise bound to the site is refused."""
    world, sku = make_world(conn), new_sku()
    leaf, rich = world.leaf_ids
    receive(conn, leaf, sku, 1)
    receive(conn, rich, sku, 100)
    collect, collect_too = hold_ask((leaf, sku, 1)), hold_ask((leaf, sku, 1))
    held, refused = hold_units(conn, [collect, collect_too], now=NOW)
    assert isinstance(held, Held)
    assert refused == NotEnoughFree(
        order_id=collect_too.order_id,
        line_id=collect_too.lines[0].line_id,
        node_id=leaf,
        sku_id=sku,
        asked=1,
        free=0,
    )

    # A delivery held at the network may not take the unit promised to the collector.
    deliver = hold_ask((world.network_id, sku, 1))
    hold_units(conn, [deliver], now=NOW)
    [stopped] = allocate_units(conn, [allocation_ask(deliver, [leaf])], now=NOW)
    assert isinstance(stopped, PromisedToOthers)
    assert (stopped.node_id, stopped.room) == (world.site_ids[0], 0)
    assert allocate_units(conn, [allocation_ask(collect, [leaf])], now=NOW) == [
        Allocated(order_id=collect.order_id)
    ]
    assert broken(conn) == []


def test_holds_at_the_network_leave_no_room_at_a_site(conn: Conn):
    """The network's two units are promised; the site still has one on its shelf, but it is somebody's."""
    world, sku = make_world(conn), new_sku()
    leaf, other = world.leaf_ids
    receive(conn, leaf, sku, 1)
    receive(conn, other, sku, 1)
    hold_units(conn, [hold_ask((world.network_id, sku, 2))], now=NOW)
    [refused] = hold_units(conn, [hold_ask((leaf, sku, 1))], now=NOW)
    assert isinstance(refused, NotEnoughFree)
    assert refused.free == 0


def test_an_order_refused_for_one_good_frees_the_other_for_a_later_order(conn: Conn):
    world, plenty, none = make_world(conn), new_sku(), new_sku()
    receive(conn, world.leaf_ids[0], plenty, 1)
    both = hold_ask((world.network_id, plenty, 1), (world.network_id, none, 1))
    later = hold_ask((world.network_id, plenty, 1))
    refused, held = hold_units(conn, [both, later], now=NOW)
    assert isinstance(refused, NotEnoughFree)
    assert refused.sku_id == none
    assert isinstance(held, Held)
    assert room(conn, world.network_id, plenty) == (1, 1, 0)
    assert room(conn, world.network_id, none) == (0, 0, 0)
    assert broken(conn) == []


def test_a_leaf_moves_with_its_goods_only_when_nothing_is_promised_from_it(conn: Conn):
    world, sku = make_world(conn), new_sku()
    elsewhere = make_world(conn, sites=1)
    leaf, other = world.leaf_ids
    receive(conn, leaf, sku, 5)
    receive(conn, other, sku, 1)
    move = LeafMove(leaf_id=leaf, parent_id=elsewhere.network_id)

    bound = hold_ask((leaf, sku, 1))
    hold_units(conn, [bound], now=NOW)
    assert move_leaves(conn, [move], now=NOW) == [LeafPromised(leaf_id=leaf, allocated=0, held=1)]

    allocate_units(conn, [tie := allocation_ask(bound, [leaf])], now=NOW)
    assert move_leaves(conn, [move], now=NOW) == [LeafPromised(leaf_id=leaf, allocated=1, held=0)]
    release_allocations(
        conn, [AllocationRelease(allocation_id=tie.lines[0].allocation_id, to_hold=False)], now=NOW
    )

    wide = hold_ask((world.network_id, sku, 3))
    hold_units(conn, [wide], now=NOW)
    [stopped] = move_leaves(conn, [move], now=NOW)
    assert isinstance(stopped, NodePromised)
    assert (stopped.sku_id, stopped.over) == (sku, 2)
    assert room(conn, elsewhere.network_id, sku) == (0, 0, 0)

    release_holds(conn, [Release(line_id=wide.lines[0].line_id)], now=NOW)
    [moved] = move_leaves(conn, [move], now=NOW)
    assert moved == LeafMoved(
        leaf_id=leaf, parent_id_before=world.site_ids[0], parent_id=elsewhere.network_id
    )
    assert room(conn, world.network_id, sku) == (1, 0, 1)
    assert room(conn, world.site_ids[0], sku) == (0, 0, 0)
    assert room(conn, elsewhere.brand_id, sku) == (5, 0, 5)
    assert isinstance(hold_units(conn, [hold_ask((elsewhere.network_id, sku, 5))], now=NOW)[0], Held)
    assert broken(conn) == []


def test_a_released_allocation_of_lost_goods_leaves_its_hold_without_goods(conn: Conn):
    """The leaf lost the unit; back at the network nothing is free: the network is overheld and the hold is broken."""
    world, sku = make_world(conn), new_sku()
    leaf, _ = world.leaf_ids
    receive(conn, leaf, sku, 1)
    ask = hold_ask((world.network_id, sku, 1))
    tie = allocation_ask(ask, [leaf])
    hold_units(conn, [ask], now=NOW)
    allocate_units(conn, [tie], now=NOW)
    record_facts(conn, [fact(leaf, sku, -1, reason=MovementReason.NOT_FOUND)], now=NOW)
    release = AllocationRelease(allocation_id=tie.lines[0].allocation_id, to_hold=True)
    [released] = release_allocations(conn, [release], now=NOW)
    assert isinstance(released, AllocationReleased)
    assert shortfalls(conn) == {
        ("overheld", world.brand_id, sku): 1,
        ("overheld", world.network_id, sku): 1,
    }
    [hold] = broken_promises(conn, limit=10).holds
    assert (hold.line_id, hold.units, hold.node_id) == (ask.lines[0].line_id, 1, world.network_id)
    release_holds(conn, [Release(line_id=hold.line_id, units=hold.units)], now=NOW)
    assert shortfalls(conn) == {}
    assert broken(conn) == []
