"""One function per statement of `store.sql`: rows in, the working copy out, and its changes written."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from loopline.db import Conn, copy_rows, execute, fetch, fetch_rows, fetch_values, integers, statements, uuids
from loopline.kernel.ids import AllocationId, LineId, NodeId, ShortfallId, uuid7s
from loopline.stock.book import (
    Book,
    LeafCounts,
    LeafLevel,
    Level,
    LevelKey,
    OpenAllocation,
    OpenHold,
    ShortfallStep,
    distinct,
)
from loopline.stock.model import Fact, MovementReason, Node, ShortfallChange, ShortfallKind

SQL = statements(__file__)
_TREE_KEY = 7_310_040


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows a write touched: differs from what was meant only by a bug or a row nobody locked."""

    movements: int
    leaves_changed: int
    leaves: int
    nodes: int
    holds: int
    allocations: int


# -------------------------------------------------------------------------------------------------------- loading


def hold_tree(conn: Conn) -> None:
    execute(conn, SQL["hold_tree"], key=_TREE_KEY)


def hold_tree_alone(conn: Conn) -> None:
    execute(conn, SQL["hold_tree_alone"], key=_TREE_KEY)


def open_book(conn: Conn, node_ids: Iterable[NodeId], *, may_open_shortfalls: bool = False) -> Book:
    """Start a working copy that knows the ways to the given nodes; ids that are no node are left out."""
    rows = fetch_rows(conn, SQL["paths"], node_ids=uuids(set(node_ids)))
    paths = {node_id: tuple(path) for node_id, _, path in rows}
    book = Book(paths, frozenset(node_id for node_id, is_leaf, _ in rows if is_leaf))
    book.may_open_shortfalls = may_open_shortfalls
    return book


def nodes_or_twins(conn: Conn, nodes: Sequence[tuple[NodeId, UUID | None, UUID | None]]) -> list[Node]:
    """The nodes of the given ids, and leaves of the same site and owner as given."""
    twins = [(site_id, owner_id) for _, site_id, owner_id in nodes if site_id and owner_id]
    return fetch(
        conn,
        SQL["nodes"],
        Node,
        node_ids=uuids(node_id for node_id, _, _ in nodes),
        site_ids=uuids(site_id for site_id, _ in twins),
        owner_ids=uuids(owner_id for _, owner_id in twins),
    )


def lock_holds(conn: Conn, line_ids: Iterable[LineId]) -> list[OpenHold]:
    return _holds(fetch_rows(conn, SQL["lock_holds"], line_ids=uuids(line_ids)))


def lock_expired_holds(conn: Conn, *, now: datetime, limit: int) -> list[OpenHold]:
    return _holds(fetch_rows(conn, SQL["lock_expired_holds"], now=now, limit=limit))


def _holds(rows: Sequence[Any]) -> list[OpenHold]:
    return [
        OpenHold(line_id, order_id, (node_id, sku_id), units, expires_at)
        for line_id, order_id, node_id, sku_id, units, expires_at in rows
    ]


def lock_allocations(conn: Conn, allocation_ids: Iterable[AllocationId]) -> list[OpenAllocation]:
    return [
        OpenAllocation(allocation_id, (order_id, line_id, hold_node_id), (leaf_id, sku_id), units)
        for allocation_id, order_id, line_id, hold_node_id, leaf_id, sku_id, units in fetch_rows(
            conn, SQL["lock_allocations"], allocation_ids=uuids(allocation_ids)
        )
    ]


def lines_of_allocations(conn: Conn, allocation_ids: Iterable[AllocationId]) -> list[LineId]:
    return fetch_values(conn, SQL["lines_of_allocations"], allocation_ids=uuids(allocation_ids))


def make_levels(conn: Conn, leaves: Iterable[LevelKey]) -> None:
    """Make the rows of these leaves, and of the nodes above them, that are not there."""
    leaf_ids, sku_ids = distinct(leaves)
    execute(conn, SQL["make_levels"], leaf_ids=uuids(leaf_ids), sku_ids=uuids(sku_ids))


def lock_levels(conn: Conn, keys: Iterable[LevelKey], *, book: Book) -> None:
    """Lock and load the rows of these nodes and of all above them; leaves after nodes."""
    known = [key for key in dict.fromkeys(keys) if key[0] in book.paths]
    node_ids, sku_ids = distinct(known)
    for node_id, sku_id, free, held, overheld in fetch_rows(
        conn, SQL["lock_node_stock"], node_ids=uuids(node_ids), sku_ids=uuids(sku_ids)
    ):
        book.add_level(Level((node_id, sku_id), free=free, held=held, overheld=overheld))
    leaves = [key for key in known if key[0] in book.leaf_ids]
    if leaves:
        lock_leaves(conn, leaves, book=book)


def lock_leaves(conn: Conn, keys: Iterable[LevelKey], *, book: Book) -> None:
    """Lock and load the rows of leaves."""
    leaf_ids, sku_ids = distinct(keys)
    for leaf_id, sku_id, on_hand, allocated, unsellable, safety, held, short, overheld in fetch_rows(
        conn, SQL["lock_leaf_stock"], leaf_ids=uuids(leaf_ids), sku_ids=uuids(sku_ids)
    ):
        counts = LeafCounts(
            on_hand=on_hand,
            allocated=allocated,
            unsellable=unsellable,
            safety=safety,
            held=held,
            short=short,
            overheld=overheld,
        )
        book.add_leaf(LeafLevel((leaf_id, sku_id), counts))


def skus_of_leaves(conn: Conn, leaf_ids: Iterable[NodeId]) -> list[LevelKey]:
    return [
        (leaf_id, sku_id)
        for leaf_id, sku_id in fetch_rows(conn, SQL["skus_of_leaves"], leaf_ids=uuids(leaf_ids))
    ]


def facts_recorded(conn: Conn, fact_ids: Iterable[UUID]) -> dict[UUID, Fact]:
    return {fact.id: fact for fact in fetch(conn, SQL["facts_recorded"], Fact, ids=uuids(fact_ids))}


# -------------------------------------------------------------------------------------------------------- writing


def add_nodes(conn: Conn, nodes: Iterable[Node]) -> None:
    copy_rows(
        conn,
        SQL["copy_nodes"],
        (
            (
                node.id,
                node.kind.value,
                node.name,
                node.parent_id,
                list(node.path),
                node.site_id,
                node.owner_id,
            )
            for node in nodes
        ),
    )


def move_leaves_in_tree(conn: Conn, paths: Mapping[NodeId, Sequence[NodeId]]) -> None:
    """Give leaves new ways from the root; the caller holds the tree alone."""
    steps = [(leaf_id, node_id) for leaf_id, path in paths.items() for node_id in path]
    execute(
        conn,
        SQL["move_leaves_in_tree"],
        leaf_ids=uuids(leaf_id for leaf_id, _ in steps),
        node_ids=uuids(node_id for _, node_id in steps),
    )


def write_book(conn: Conn, book: Book, *, now: datetime) -> dict[LevelKey, list[ShortfallChange]]:
    """Write what a batch decided and return the shortfalls it changed, by level.

    Whatever the rules decided, a batch that may not open shortfalls can only lower them.
    """
    moves, promises, levels = _moves(book, now), _promises(book), _levels(book)
    holds, allocations = _hold_changes(book), _allocation_changes(book)
    row = fetch_rows(
        conn,
        SQL["write_changes"],
        now=now,
        may_open=book.may_open_shortfalls,
        **moves,
        **promises,
        **levels,
        **holds,
        **allocations,
    )[0]
    written = Written(
        movements=row[0], leaves_changed=row[1], leaves=row[2], nodes=row[3], holds=row[4], allocations=row[5]
    )
    _assert_all_written(book, written)
    steps = book.shortfall_steps()
    return _write_shortfalls(conn, steps, now=now) if steps else {}


def _assert_all_written(book: Book, written: Written) -> None:
    holds = sum(1 for hold in book.holds.values() if _hold_differs(hold))
    allocations = sum(1 for one in book.allocations.values() if one.units != one.units_loaded)
    meant = Written(
        movements=len(book.moves),
        leaves_changed=written.leaves_changed,
        leaves=written.leaves_changed,
        nodes=len(book.changed_levels()),
        holds=holds,
        allocations=allocations,
    )
    if meant != written:
        raise RuntimeError(f"stock meant to write {meant} and wrote {written}")


def _moves(book: Book, now: datetime) -> dict[str, Any]:
    moves = book.moves
    made = iter(uuid7s(now, sum(1 for move in moves if move.id is None)))
    return {
        "move_ids": uuids([move.id or next(made) for move in moves]),
        "move_leaf_ids": uuids([move.leaf[0] for move in moves]),
        "move_sku_ids": uuids([move.leaf[1] for move in moves]),
        "move_reasons": _words([move.reason for move in moves]),
        "move_on_hand": integers([move.on_hand for move in moves]),
        "move_allocated": integers([move.allocated for move in moves]),
        "move_unsellable": integers([move.unsellable for move in moves]),
        "move_safety": integers([move.safety for move in moves]),
        "move_references": "{"
        + ",".join(["null" if move.reference is None else move.reference.hex for move in moves])
        + "}",
    }


def _promises(book: Book) -> dict[str, Any]:
    leaves = book.changed_promises()
    return {
        "promise_leaf_ids": uuids([leaf.key[0] for leaf in leaves]),
        "promise_sku_ids": uuids([leaf.key[1] for leaf in leaves]),
        "promise_held": integers([leaf.held - leaf.held_loaded for leaf in leaves]),
        "promise_short": integers([leaf.short_change for leaf in leaves]),
        "promise_overheld": integers([leaf.overheld_change for leaf in leaves]),
    }


def _levels(book: Book) -> dict[str, Any]:
    levels = book.changed_levels()
    return {
        "node_ids": uuids([level.key[0] for level in levels]),
        "node_sku_ids": uuids([level.key[1] for level in levels]),
        "node_free": integers([level.free - level.free_loaded for level in levels]),
        "node_held": integers([level.held - level.held_loaded for level in levels]),
        "node_overheld": integers([level.overheld_change for level in levels]),
    }


def _hold_differs(hold: OpenHold) -> bool:
    return hold.units != hold.units_loaded or (hold.units > 0 and hold.expires_at != hold.expires_at_loaded)


def _hold_changes(book: Book) -> dict[str, Any]:
    differing = [hold for hold in book.holds.values() if _hold_differs(hold)]
    made = [hold for hold in differing if not hold.units_loaded]
    changed = [hold for hold in differing if hold.units_loaded and hold.units]
    ended = [hold for hold in differing if not hold.units]
    return {
        "made_hold_line_ids": uuids([hold.line_id for hold in made]),
        "made_hold_order_ids": uuids([hold.order_id for hold in made]),
        "made_hold_node_ids": uuids([hold.node_id for hold in made]),
        "made_hold_sku_ids": uuids([hold.sku_id for hold in made]),
        "made_hold_units": integers([hold.units for hold in made]),
        "made_hold_expires_at": _times([hold.expires_at for hold in made]),
        "changed_hold_line_ids": uuids([hold.line_id for hold in changed]),
        "changed_hold_units": integers([hold.units - hold.units_loaded for hold in changed]),
        "changed_hold_expires_at": _times([hold.expires_at for hold in changed]),
        "ended_hold_line_ids": uuids([hold.line_id for hold in ended]),
        "ended_hold_units": integers([hold.units_loaded for hold in ended]),
    }


def _allocation_changes(book: Book) -> dict[str, Any]:
    differing = [one for one in book.allocations.values() if one.units != one.units_loaded]
    made = [one for one in differing if not one.units_loaded]
    changed = [one for one in differing if one.units_loaded and one.units]
    ended = [one for one in differing if not one.units]
    return {
        "made_allocation_ids": uuids([one.id for one in made]),
        "made_allocation_order_ids": uuids([one.order_id for one in made]),
        "made_allocation_line_ids": uuids([one.line_id for one in made]),
        "made_allocation_leaf_ids": uuids([one.leaf_id for one in made]),
        "made_allocation_sku_ids": uuids([one.sku_id for one in made]),
        "made_allocation_hold_node_ids": uuids([one.hold_node_id for one in made]),
        "made_allocation_units": integers([one.units for one in made]),
        "changed_allocation_ids": uuids([one.id for one in changed]),
        "changed_allocation_units": integers([one.units - one.units_loaded for one in changed]),
        "ended_allocation_ids": uuids([one.id for one in ended]),
        "ended_allocation_units": integers([one.units_loaded for one in ended]),
    }


def _write_shortfalls(
    conn: Conn, steps: Sequence[ShortfallStep], *, now: datetime
) -> dict[LevelKey, list[ShortfallChange]]:
    steps = sorted(steps, key=lambda step: (step.level, step.kind))
    raised = [step for step in steps if step.change > 0]
    lowered = [step for step in steps if step.change < 0]
    rows: list[Any] = []
    if raised:
        ids = uuids(uuid7s(now, len(raised)))
        rows += fetch_rows(conn, SQL["raise_shortfalls"], now=now, ids=ids, **_step_columns(raised))
    if lowered:
        rows += fetch_rows(conn, SQL["lower_shortfalls"], now=now, **_step_columns(lowered))
    if len(rows) != len(steps):
        raise RuntimeError(f"stock meant to change {len(steps)} shortfalls and changed {len(rows)}")
    ids_by_step = {(kind, node_id, sku_id): shortfall_id for shortfall_id, kind, node_id, sku_id in rows}
    changes: dict[LevelKey, list[ShortfallChange]] = {}
    for step in steps:
        shortfall_id = ids_by_step[step.kind.value, *step.level]
        changes.setdefault(step.level, []).append(_shortfall_change(ShortfallId(shortfall_id), step))
    return changes


def _step_columns(steps: Sequence[ShortfallStep]) -> dict[str, Any]:
    return {
        "kinds": _words([step.kind for step in steps]),
        "node_ids": uuids([step.level[0] for step in steps]),
        "sku_ids": uuids([step.level[1] for step in steps]),
        "units": integers([abs(step.change) for step in steps]),
    }


def _shortfall_change(shortfall_id: ShortfallId, step: ShortfallStep) -> ShortfallChange:
    return ShortfallChange(
        shortfall_id=shortfall_id,
        kind=step.kind,
        node_id=step.level[0],
        sku_id=step.level[1],
        units_before=step.units_before,
        units_after=step.units_before + step.change,
    )


def _words(values: Sequence[MovementReason] | Sequence[ShortfallKind]) -> str:
    """Spell enum values as an array literal: their words need no quotes."""
    return "{" + ",".join(values) + "}"


def _times(values: Sequence[datetime | None]) -> str:
    """Spell moments as an array literal; a batch has few different ones."""
    spelt = {value: "null" if value is None else f'"{value.isoformat()}"' for value in set(values)}
    return "{" + ",".join([spelt[value] for value in values]) + "}"
