"""Each kind of damage is planted, found, and mended by the repair that is printed."""

from collections.abc import Generator

import psycopg
import pytest
from msgspec.structs import replace

from loopline.db import Conn, Database, run_check
from loopline.kernel.ids import TransferId
from loopline.stock import (
    AllocationRelease,
    DoubtSetting,
    GoodsLine,
    HandOver,
    LossReason,
    TransferArrival,
    TransferAsk,
    allocate_units,
    hand_over_units,
    hold_units,
    lots,
    receive_transfers,
    release_allocations,
    send_transfers,
    set_doubts,
)
from loopline.stock.checks import CHECKS
from loopline.stock.lots import Lot, LotLock, NewLot
from loopline.stock.notes import MovementNote, NoteCause, note_movements
from tests.make.stock import (
    NOW,
    World,
    allocation_ask,
    broken,
    event_name,
    fact,
    hold_ask,
    make_world,
    new_id,
    new_sku,
    quota_ask,
    receive,
    set_aside,
)
from tests.make.stock import record_facts as record  # the room's command, in the name of what it does here

DAMAGE = {
    "lots_sum_to_leaf": [
        "update stock.leaf_lot set units = units + 1, damaged = damaged + 1 where lot_id = sku_id",
        "update stock.leaf_stock set in_lots = false where in_lots",
    ],
    "lot_equals_movements": [
        "delete from stock.lot_movement where gone > 0",
        "update stock.lot_movement set unsellable = unsellable + 1",
    ],
    "allocations_are_planned": [
        "delete from stock.lot_plan",
        "update stock.lot_plan set units = units + 1",
    ],
    "planned_equals_plans": [
        "update stock.leaf_lot set planned = planned + 1 where lot_id = sku_id",
        "update stock.leaf_lot set planned = 0 where planned > 0",
    ],
    "recalled_lots_are_locked": [
        "update stock.lot set recalled_at = now(), recall_reason = 'glass' where recalled_at is null and code <> ''",
        "update stock.lot set recalled_at = null, recall_reason = null where recalled_at is not null",
    ],
    "transfer_equals_arrivals": [
        "update stock.transfer_line set received = received + 1",
        "update stock.transfer_line set lost = lost + 1",
        "delete from stock.transfer_arrival where lost = 0",
    ],
    "transfer_equals_movements": [
        "delete from stock.movement where reason = 'transfer_in'",
        "update stock.movement set on_hand = on_hand - 1 where reason = 'transfer_out'",
    ],
    "leaf_equals_movements": [
        "update stock.leaf_stock set on_hand = on_hand + 1 where missing = 0",
        "update stock.leaf_stock set safety = safety + 1 where missing = 0",
        (
            "insert into stock.movement (id, at, leaf_id, sku_id, reason, on_hand, allocated, unsellable, safety) "
            "select gen_random_uuid(), now(), leaf_id, gen_random_uuid(), 'receipt', 3, 0, 0, 0 from stock.leaf_stock"
        ),
        "delete from stock.movement where reason = 'receipt'",
    ],
    "leaf_allocated_equals_allocations": [
        "delete from stock.allocation",
        "update stock.allocation set units = units + 1",
    ],
    "missing_equals_shortfalls": [
        "delete from stock.shortfall where kind = 'missing'",
        "update stock.shortfall set units = units + 1, units_most = units_most + 1 where kind = 'missing'",
        (
            "insert into stock.shortfall (id, kind, node_id, sku_id, units, units_most, opened_at, changed_at) "
            "select gen_random_uuid(), 'missing', leaf_id, gen_random_uuid(), 1, 1, now(), now() from stock.leaf_stock"
        ),
    ],
    "notes_speak_of_movements": [
        (
            "alter table stock.movement_note drop constraint movement_note_movement_id_fkey; "
            "insert into stock.movement_note values (gen_random_uuid(), 'damaged', null, now(), 'test')"
        ),
        (
            "alter table stock.movement_note drop constraint note_cause_known; "
            "update stock.movement_note set cause = 'wind'"
        ),
    ],
    "doubt_equals_movements": [
        "update stock.doubt set units = units + 1, wanted = wanted + 1",
        "delete from stock.doubt",
    ],
    "node_free_equals_leaves": [
        "update stock.node_stock set free = free + 1, overheld = greatest(0, held - free - 1)",
        "delete from stock.node_stock",
    ],
    "held_equals_holds": [
        "update stock.node_stock set held = held + 1, overheld = greatest(0, held + 1 - free)",
        "update stock.leaf_stock set held = held + 1, overheld = greatest(0, held + 1 - sellable)",
        "update stock.hold set units = units + 1",
        "delete from stock.hold",
        "update stock.quota set remaining = remaining + 1, set_aside = set_aside + 1 where ended_at is null",
    ],
    "draws_lie_in_holds": [
        "update stock.quota_draw set line_id = gen_random_uuid()",
        "update stock.quota_draw set units = units + 100",
        "update stock.quota set sku_id = gen_random_uuid()",
    ],
    "quota_adds_up": [
        "delete from stock.quota_draw",
        "update stock.quota_draw set units = units - 1",
        "update stock.quota set drawn = drawn + 1, set_aside = set_aside + 1 where ended_at is null",
    ],
    "levels_count_quotas": [
        "update stock.node_stock set quotas = 0 where quotas > 0",
        "update stock.leaf_stock set quotas = quotas + 1",
        (
            "with gone as (delete from stock.quota_draw returning 1) update stock.quota set ended_at = now(), "
            "remaining = 0, drawn = 0, used = used + drawn, returned = returned + remaining where ended_at is null"
        ),
    ],
    "overheld_equals_shortfalls": [
        "delete from stock.shortfall where kind = 'overheld'",
        "update stock.shortfall set units = units + 1, units_most = units_most + 1 where kind = 'overheld'",
    ],
    "node_path_passes_parents": [
        "update stock.node set path = path[1:1] || path[3:] where kind = 'leaf'",
    ],
    "promises_lie_in_tree": [
        "update stock.hold set node_id = gen_random_uuid()",
        "update stock.quota set node_id = gen_random_uuid() where ended_at is null",
        "update stock.allocation set leaf_id = gen_random_uuid()",
        "update stock.allocation set hold_node_id = gen_random_uuid()",
    ],
    "guards_stand": [
        "alter table stock.node_stock drop constraint node_held_within_free",
        "alter table stock.leaf_stock drop constraint leaf_missing_is_short",
        "alter table stock.quota drop constraint quota_adds_up",
    ],
}

CASES = [(check, damage) for check, damages in DAMAGE.items() for damage in damages]


def busy_world(conn: Conn) -> World:
    """Goods, a hold, an allocation, a quota that is drawn from, and shortfalls of both kinds."""
    world, sku, short_sku = make_world(conn), new_sku(), new_sku()
    leaf = world.leaf_ids[0]
    for one in (sku, short_sku):
        receive(conn, leaf, one, 10)
    set_doubts(conn, [DoubtSetting(leaf_id=leaf, sku_id=sku, units=2)], now=NOW)
    bound, wide = (
        hold_ask((leaf, sku, 3)),
        hold_ask((world.network_id, short_sku, 5), (world.network_id, short_sku, 4)),
    )
    hold_units(conn, [bound, wide], now=NOW)
    tie = allocation_ask(wide, [leaf, leaf], units=[5, 2])
    allocate_units(conn, [tie], now=NOW)
    record(conn, [fact(leaf, short_sku, -6)], now=NOW)
    back = AllocationRelease(allocation_id=tie.lines[1].allocation_id, units=1, to_hold=True)
    release_allocations(conn, [back], now=NOW)
    set_aside(conn, quota_ask(world.network_id, sku, 4))
    hold_units(conn, [hold_ask((world.network_id, sku, 2), events=(event_name(),))], now=NOW)
    _said(conn)
    _goods_under_way(conn, world)
    _goods_in_lots(conn, world)
    return world


def _said(conn: Conn) -> None:
    """Somebody said of a movement why it was."""
    row = conn.execute("select id from stock.movement where reason = 'doubt_set' order by id").fetchone()
    assert row is not None
    note = MovementNote(movement_id=row[0], cause=NoteCause.MISPLACED, note="behind the curtain")
    note_movements(conn, [note], now=NOW, by="test")


def _goods_in_lots(conn: Conn, world: World) -> None:
    """Two lots and some units in none: one lot is recalled, of the other some are handed over and some planned."""
    sku, leaf = new_sku(), world.leaf_ids[0]
    receive(conn, leaf, sku, 2)
    new = [NewLot(sku_id=sku, code=code) for code in ("A", "B")]
    named = [lot.id for lot in lots.name_lots(conn, new, now=NOW) if isinstance(lot, Lot)]
    record(conn, [replace(fact(leaf, sku, 5), lot_id=lot_id) for lot_id in named], now=NOW)
    lots.recall_lots(conn, [LotLock(lot_id=named[0], reason="glass")], now=NOW)
    ask = hold_ask((leaf, sku, 6))
    hold_units(conn, [ask], now=NOW)
    tie = allocation_ask(ask, [leaf])
    allocate_units(conn, [tie], now=NOW)
    hand_over_units(conn, [HandOver(allocation_id=tie.lines[0].allocation_id, units=2)], now=NOW)


def _goods_under_way(conn: Conn, world: World) -> None:
    """A transfer of five: two came, one is lost, two are in transit."""
    sku = new_sku()
    here, there = world.leaf_ids
    receive(conn, here, sku, 8)
    line = GoodsLine(sku_id=sku, units=5)
    sent = TransferAsk(id=TransferId(new_id()), from_leaf_id=here, to_leaf_id=there, lines=(line,))
    send_transfers(conn, [sent], now=NOW, by="test")
    came = TransferArrival(id=new_id(), transfer_id=sent.id, sku_id=sku, received=2)
    lost = TransferArrival(
        id=new_id(), transfer_id=sent.id, sku_id=sku, received=0, lost=1, reason=LossReason.MISSING
    )
    receive_transfers(conn, [came, lost], now=NOW, by="test")


def test_every_check_has_its_damage():
    assert sorted(DAMAGE) == sorted(check.name for check in CHECKS)


@pytest.fixture
def owner(shared_database: Database) -> Generator[Conn, None, None]:
    """The owner's transaction, rolled back: the serving role could not do this damage."""
    with shared_database.owner_transaction() as conn, conn.transaction(force_rollback=True):
        yield conn


@pytest.mark.parametrize(("name", "damage"), CASES)
def test_damage_is_found_and_mended(owner: Conn, name: str, damage: str):
    busy_world(owner)
    assert broken(owner) == []
    touched = owner.execute(damage.encode()).rowcount
    assert touched != 0
    check = next(check for check in CHECKS if check.name == name)
    assert run_check(owner, check) != []
    for _ in CHECKS:
        mend(owner)
    assert broken(owner) == []


def mend(owner: Conn) -> None:
    """Run the repairs of the first check that finds anything, as the doctor's reader would."""
    for check in CHECKS:
        findings = run_check(owner, check)
        for finding in findings:
            owner.execute(finding.repair.encode())
        if findings:
            return


@pytest.mark.parametrize(
    "forbidden",
    [
        "update stock.movement set on_hand = on_hand + 1",
        "delete from stock.movement",
        "truncate stock.movement",
        "update stock.movement_note set note = 'nobody was there'",
        "delete from stock.movement_note",
        "truncate stock.movement_note",
        "alter table stock.leaf_stock drop constraint leaf_missing_is_short",
    ],
)
def test_the_serving_role_cannot_rewrite_history(conn: Conn, forbidden: str):
    busy_world(conn)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(forbidden.encode())
