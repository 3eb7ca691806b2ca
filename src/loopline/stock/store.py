"""One function per statement of `store.sql`: rows in, the working copy out, and its changes written."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.errors import SerializationFailure

from loopline.db import (
    Conn,
    Statement,
    copy_rows,
    execute,
    fetch,
    fetch_rows,
    integers,
    moments,
    statements,
    uuids,
)
from loopline.kernel.ids import AllocationId, LineId, NodeId, OrderId, ShortfallId, uuid7s
from loopline.stock.book import (
    Book,
    Level,
    LevelKey,
    Move,
    OpenAllocation,
    OpenHold,
    ShortfallStep,
)
from loopline.stock.lot_store import name_moves, write_lots
from loopline.stock.model import Fact, MovementReason, Node, ShortfallChange, ShortfallKind
from loopline.stock.quotas.store import write_quotas

SQL = statements(__file__)
_TREE_KEY = 7_310_040


# -------------------------------------------------------------------------------------------------------- loading


def hold_tree(conn: Conn) -> None:
    execute(conn, SQL["hold_tree"], key=_TREE_KEY)


def hold_tree_alone(conn: Conn) -> None:
    execute(conn, SQL["hold_tree_alone"], key=_TREE_KEY)


def open_book(conn: Conn, node_ids: Iterable[NodeId], *, may_open_shortfalls: bool = False) -> Book:
    """Start a working copy that knows the ways to the given nodes; ids that are no node are left out."""
    rows = fetch_rows(conn, SQL["paths"], node_ids=uuids(set(node_ids)))
    paths = {node_id: tuple(path) for node_id, _, path in rows}
    leaf_ids = frozenset(node_id for node_id, is_leaf, _ in rows if is_leaf)
    return Book(paths, leaf_ids, may_open_shortfalls=may_open_shortfalls)


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


def hold_levels(conn: Conn, line_ids: Iterable[LineId]) -> list[LevelKey]:
    return fetch_rows(conn, SQL["hold_levels"], line_ids=uuids(line_ids))


def holds(conn: Conn, line_ids: Iterable[LineId]) -> list[OpenHold]:
    """The open holds of lines; they stand still only once the rows of their levels are locked."""
    return _holds(fetch_rows(conn, SQL["holds"], line_ids=uuids(line_ids)))


def expired_holds(conn: Conn, *, now: datetime, limit: int, kept: Collection[OrderId] = ()) -> list[OpenHold]:
    return _holds(fetch_rows(conn, SQL["expired_holds"], now=now, limit=limit, kept_order_ids=uuids(kept)))


def _holds(rows: Sequence[Any]) -> list[OpenHold]:
    return [
        OpenHold(line_id, order_id, (node_id, sku_id), units, expires_at, units, expires_at)
        for line_id, order_id, node_id, sku_id, units, expires_at in rows
    ]


def allocation_leaves(conn: Conn, allocation_ids: Iterable[AllocationId]) -> list[LevelKey]:
    return fetch_rows(conn, SQL["allocation_leaves"], allocation_ids=uuids(allocation_ids))


def allocation_levels(conn: Conn, allocation_ids: Iterable[AllocationId]) -> list[LevelKey]:
    return fetch_rows(conn, SQL["allocation_levels"], allocation_ids=uuids(allocation_ids))


def allocations(conn: Conn, allocation_ids: Iterable[AllocationId]) -> list[OpenAllocation]:
    """Open allocations; they stand still only once the rows of their leaves are locked."""
    return [
        OpenAllocation(allocation_id, order_id, line_id, hold_node_id, (leaf_id, sku_id), units, units)
        for allocation_id, order_id, line_id, hold_node_id, leaf_id, sku_id, units in fetch_rows(
            conn, SQL["allocations"], allocation_ids=uuids(allocation_ids)
        )
    ]


def assert_locked(book: Book) -> None:
    """Give up when a promise went to other levels between reading its place and locking it; the edge tries again."""
    promises = [*book.holds.values(), *book.allocations.values()]
    if not all(promise.path for promise in promises):
        raise SerializationFailure("a promise moved to other goods while its rows were being locked")


def make_levels(conn: Conn, book: Book) -> None:
    """Make the rows of the batch's leaves, and of the nodes above them, that are not there."""
    execute(conn, SQL["make_levels"], **_names(book), **_places(book.leaf_levels))


def make_node_levels(conn: Conn, book: Book) -> None:
    """Make the rows of the batch's nodes above leaves that are not there; the caller holds the tree alone."""
    execute(conn, SQL["make_node_levels"], **_names(book), **_places(book.node_levels))


def lock_levels(conn: Conn, book: Book) -> None:
    """Lock and load the rows of the batch's levels, nodes before leaves; a row that is not there counts nothing."""
    lock_nodes(conn, book)
    if book.leaf_levels:
        lock_leaves(conn, book)


def lock_nodes(conn: Conn, book: Book) -> None:
    """Lock and load the rows of the batch's nodes above leaves."""
    _load_nodes(conn, book, SQL["lock_node_stock"])


def read_nodes(conn: Conn, book: Book) -> None:
    """Load the rows of the batch's nodes above leaves as they are; others may change them."""
    _load_nodes(conn, book, SQL["read_node_stock"])


def _load_nodes(conn: Conn, book: Book, statement: Statement) -> None:
    levels = book.node_levels
    rows: list[tuple[int, int, int, int, int]] = fetch_rows(
        conn, statement, **_names(book), **_places(levels)
    )
    for place, free, held, overheld, quotas in rows:
        level = levels[place - 1]
        level.free = level.free_loaded = free
        level.held = level.held_loaded = held
        level.overheld = overheld
        if quotas:
            level.quotas = quotas
            book.quota_keys.append(level.key)


def lock_leaves(conn: Conn, book: Book) -> None:
    """Lock and load the rows of the batch's leaves."""
    leaves = book.leaf_levels
    rows: list[tuple[int, int, int, int, int, int, int, int, int, bool, int]] = fetch_rows(
        conn, SQL["lock_leaf_stock"], **_names(book), **_places(leaves)
    )
    for (
        place,
        on_hand,
        allocated,
        unsellable,
        safety,
        held,
        short,
        overheld,
        sellable,
        in_lots,
        quotas,
    ) in rows:
        leaf = leaves[place - 1]
        leaf.on_hand = on_hand
        leaf.allocated = allocated
        leaf.unsellable = unsellable
        leaf.safety = safety
        leaf.held = leaf.held_loaded = held
        leaf.short = short
        leaf.overheld = overheld
        leaf.free = leaf.free_loaded = sellable
        leaf.in_lots = in_lots
        if quotas:
            leaf.quotas = quotas
            book.quota_keys.append(leaf.key)


def _names(book: Book) -> dict[str, str]:
    return {"node_ids": uuids(book.node_ids), "sku_ids": uuids(book.sku_ids)}


def _places(levels: Sequence[Level]) -> dict[str, str]:
    """The batch's numbers of node and SKU, as places in its lists: they count from one."""
    return {
        "nodes": integers([level.node + 1 for level in levels]),
        "skus": integers([level.sku + 1 for level in levels]),
    }


def skus_of_leaves(conn: Conn, leaf_ids: Iterable[NodeId]) -> list[LevelKey]:
    return [
        (leaf_id, sku_id)
        for leaf_id, sku_id in fetch_rows(conn, SQL["skus_of_leaves"], leaf_ids=uuids(leaf_ids))
    ]


def facts_recorded(conn: Conn, fact_ids: Iterable[UUID]) -> dict[UUID, Fact]:
    return {fact.id: fact for fact in fetch(conn, SQL["facts_recorded"], Fact, ids=uuids(fact_ids))}


def doubts(conn: Conn, keys: Sequence[LevelKey]) -> dict[LevelKey, int]:
    """What is kept back in doubt, where anything is; stands still once the leaves' rows are locked."""
    rows = fetch_rows(
        conn,
        SQL["doubts"],
        leaf_ids=uuids([leaf_id for leaf_id, _ in keys]),
        sku_ids=uuids([sku_id for _, sku_id in keys]),
    )
    return {(leaf_id, sku_id): units for leaf_id, sku_id, units in rows}


# -------------------------------------------------------------------------------------------------------- writing


def write_doubts(conn: Conn, steps: Mapping[LevelKey, tuple[int, int]]) -> None:
    """Write by how much each doubt changed, and what is wanted of it."""
    names = {
        "leaf_ids": uuids([leaf_id for leaf_id, _ in steps]),
        "sku_ids": uuids([sku_id for _, sku_id in steps]),
    }
    execute(conn, SQL["make_doubts"], **names)
    execute(
        conn,
        SQL["write_doubts"],
        **names,
        changes=integers([change for change, _ in steps.values()]),
        wanted=integers([wanted for _, wanted in steps.values()]),
    )


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
    levels = [
        level
        for level in book.node_levels
        if level.free != level.free_loaded or level.held != level.held_loaded
    ]
    if book.has_lots:
        name_moves(book.moves, now)
    differing = [hold for hold in book.holds.values() if hold.differs]
    tied = [one for one in book.allocations.values() if one.units != one.units_loaded]
    written = fetch_rows(
        conn,
        SQL["write_changes"],
        now=now,
        may_open=book.may_open_shortfalls,
        **_names(book),
        **_moves(book.moves, now),
        **_promises(book),
        **_levels(levels),
        **_hold_changes(differing),
        **_allocation_changes(tied),
    )[0]
    movements, leaves_meant, *counts = written
    meant = [leaves_meant, len(levels), len(differing), len(tied)]
    if movements != len(book.moves) or counts != meant:
        raise RuntimeError(
            f"stock meant to write {meant} rows of leaves, nodes, holds, allocations: {counts}"
        )
    if book.has_lots:
        write_lots(conn, book, now=now)
    if book.quotas:
        write_quotas(conn, book, now=now)
    steps = book.shortfall_steps()
    return _write_shortfalls(conn, steps, now=now) if steps else {}


def _moves(moves: Sequence[Move], now: datetime) -> dict[str, Any]:
    made = iter(uuid7s(now, sum([move.id is None for move in moves])))
    return {
        "move_ids": uuids([move.id or next(made) for move in moves]),
        "move_leaves": integers([move.leaf.node + 1 for move in moves]),
        "move_skus": integers([move.leaf.sku + 1 for move in moves]),
        "move_reasons": _words([move.reason for move in moves]),
        "move_on_hand": integers([move.on_hand for move in moves]),
        "move_allocated": integers([move.allocated for move in moves]),
        "move_unsellable": integers([move.unsellable for move in moves]),
        "move_safety": integers([move.safety for move in moves]),
        "move_references": uuids([move.reference for move in moves]),
    }


def _promises(book: Book) -> dict[str, Any]:
    """Leaves whose holds or shortfalls differ from what was loaded; the rest of a leaf changes by its movements."""
    leaves = [
        leaf
        for leaf in book.leaf_levels
        if leaf.held != leaf.held_loaded or leaf.short_change or leaf.overheld_change
    ]
    return {
        "promise_leaves": integers([leaf.node + 1 for leaf in leaves]),
        "promise_skus": integers([leaf.sku + 1 for leaf in leaves]),
        "promise_held": integers([leaf.held - leaf.held_loaded for leaf in leaves]),
        "promise_short": integers([leaf.short_change for leaf in leaves]),
        "promise_overheld": integers([leaf.overheld_change for leaf in leaves]),
    }


def _levels(levels: Sequence[Level]) -> dict[str, Any]:
    return {
        "level_nodes": integers([level.node + 1 for level in levels]),
        "level_skus": integers([level.sku + 1 for level in levels]),
        "level_free": integers([level.free - level.free_loaded for level in levels]),
        "level_held": integers([level.held - level.held_loaded for level in levels]),
        "level_overheld": integers([level.overheld_change for level in levels]),
    }


def _hold_changes(differing: Sequence[OpenHold]) -> dict[str, Any]:
    made = [hold for hold in differing if not hold.units_loaded]
    changed = [hold for hold in differing if hold.units_loaded and hold.units]
    ended = [hold for hold in differing if not hold.units]
    return {
        "made_hold_line_ids": uuids([hold.line_id for hold in made]),
        "made_hold_order_ids": uuids([hold.order_id for hold in made]),
        "made_hold_node_ids": uuids([hold.key[0] for hold in made]),
        "made_hold_sku_ids": uuids([hold.key[1] for hold in made]),
        "made_hold_units": integers([hold.units for hold in made]),
        "made_hold_expires_at": moments([hold.expires_at for hold in made]),
        "changed_hold_line_ids": uuids([hold.line_id for hold in changed]),
        "changed_hold_node_ids": uuids([hold.key[0] for hold in changed]),
        "changed_hold_units": integers([hold.units - hold.units_loaded for hold in changed]),
        "changed_hold_expires_at": moments([hold.expires_at for hold in changed]),
        "ended_hold_line_ids": uuids([hold.line_id for hold in ended]),
        "ended_hold_units": integers([hold.units_loaded for hold in ended]),
    }


def _allocation_changes(tied: Sequence[OpenAllocation]) -> dict[str, Any]:
    made = [one for one in tied if not one.units_loaded]
    changed = [one for one in tied if one.units_loaded and one.units]
    ended = [one for one in tied if not one.units]
    return {
        "made_allocation_ids": uuids([one.id for one in made]),
        "made_allocation_order_ids": uuids([one.order_id for one in made]),
        "made_allocation_line_ids": uuids([one.line_id for one in made]),
        "made_allocation_leaf_ids": uuids([one.key[0] for one in made]),
        "made_allocation_sku_ids": uuids([one.key[1] for one in made]),
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
