"""Loads the lots of the leaves a batch has locked, and writes what was decided of them.

Leaves that are not kept in lots cost no statement: their row, which every batch reads, says so.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from loopline.db import Conn, execute, fetch_rows, fetch_values, integers, statements, uuids
from loopline.kernel.ids import AllocationId, LotId, uuid7s
from loopline.stock.book import Book, LeafLevel, Move
from loopline.stock.shelf import Shelf, ShelfLot

SQL = statements(__file__)


def share_lots(conn: Conn, lot_ids: Collection[LotId]) -> None:
    """Keep lots from being recalled until the transaction ends. Before any level is locked."""
    execute(conn, SQL["share_lots"], lot_ids=uuids(set(lot_ids)))


def load_shelves(conn: Conn, book: Book, *, named: Collection[LotId] = ()) -> None:
    """Load the lots and plans of the batch's leaves that are kept in lots, or come to be by a lot that is named.

    Nothing is asked where there are none. The caller holds the leaves' rows.
    """
    kept = [leaf for leaf in book.leaf_levels if leaf.in_lots]
    if not kept and not named:
        return
    known = fetch_rows(conn, SQL["named_lots"], lot_ids=uuids(set(named))) if named else []
    skus = {row[1] for row in known}
    new = [leaf for leaf in book.leaf_levels if not leaf.in_lots and leaf.sku_id in skus]
    shelves = kept + new
    if not shelves:
        return
    book.has_lots = True
    _load(conn, shelves, named=named)
    for leaf in new:
        _begin(leaf)
    _plan_as_it_stands(conn, kept)
    _plan_unnamed(conn, new)
    for lot_id, sku_id, code, is_serial, sell_until, is_recalled, place in known:
        for leaf in shelves:
            shelf = leaf.shelf
            if shelf is None or leaf.sku_id != sku_id:
                continue
            lot = shelf.lots.setdefault(
                lot_id,
                ShelfLot(
                    lot_id=lot_id,
                    code=code,
                    is_serial=is_serial,
                    sell_until=sell_until,
                    is_recalled=is_recalled,
                    recalled_loaded=is_recalled,
                ),
            )
            lot.is_elsewhere = place is not None and place != leaf.node_id


def _load(conn: Conn, leaves: Sequence[LeafLevel], *, named: Collection[LotId]) -> None:
    found: list[list[ShelfLot]] = [[] for _ in leaves]
    rows: list[tuple[int, LotId, str, bool, bool, date | None, int, int, int, bool, bool]] = fetch_rows(
        conn, SQL["lots_at_leaves"], lot_ids=uuids(set(named)), **_where(leaves)
    )
    for (
        place,
        lot_id,
        code,
        is_unnamed,
        is_serial,
        sell_until,
        units,
        damaged,
        planned,
        recalled,
        expired,
    ) in rows:
        found[place].append(
            ShelfLot(
                lot_id=lot_id,
                code=code,
                is_unnamed=is_unnamed,
                is_serial=is_serial,
                sell_until=sell_until,
                units=units,
                damaged=damaged,
                planned=planned,
                is_recalled=recalled,
                is_expired=expired,
                is_stored=True,
                units_loaded=units,
                damaged_loaded=damaged,
                planned_loaded=planned,
                recalled_loaded=recalled,
                expired_loaded=expired,
            )
        )
    for leaf, lots in zip(leaves, found, strict=True):
        leaf.shelf = Shelf(leaf.sku_id, lots)


def _begin(leaf: LeafLevel) -> None:
    """What a leaf has when it comes to be kept in lots lies in the unnamed one."""
    assert leaf.shelf is not None
    leaf.shelf.is_new = True
    leaf.shelf.unnamed.units = leaf.on_hand
    leaf.shelf.unnamed.damaged = leaf.unsellable


def _plan_as_it_stands(conn: Conn, leaves: Sequence[LeafLevel]) -> None:
    if not leaves:
        return
    rows: list[tuple[int, AllocationId, LotId, int]] = fetch_rows(
        conn, SQL["plans_at_leaves"], **_where(leaves)
    )
    for place, allocation_id, lot_id, units in rows:
        shelf = leaves[place].shelf
        assert shelf is not None
        shelf.plans.setdefault(allocation_id, {})[lot_id] = units
        shelf.plans_loaded.setdefault(allocation_id, {})[lot_id] = units


def _plan_unnamed(conn: Conn, leaves: Sequence[LeafLevel]) -> None:
    if not leaves:
        return
    rows: list[tuple[int, AllocationId, int]] = fetch_rows(
        conn, SQL["allocations_at_leaves"], **_where(leaves)
    )
    for place, allocation_id, units in rows:
        shelf = leaves[place].shelf
        assert shelf is not None
        shelf.plans[allocation_id] = {shelf.unnamed.lot_id: units}
        shelf.unnamed.planned += units


def _where(leaves: Sequence[LeafLevel]) -> dict[str, str]:
    return {
        "places": integers(range(len(leaves))),
        "leaf_ids": uuids([leaf.node_id for leaf in leaves]),
        "sku_ids": uuids([leaf.sku_id for leaf in leaves]),
    }


# -------------------------------------------------------------------------------------------------------- writing


def name_moves(moves: Sequence[Move], now: datetime) -> None:
    """Give ids to movements that lots will refer to."""
    unnamed = [move for move in moves if move.lots and move.id is None]
    for move, made in zip(unnamed, uuid7s(now, len(unnamed)), strict=True):
        move.id = made


def write_lots(conn: Conn, book: Book, *, now: datetime) -> None:
    """Write what a batch decided of lots, after the leaves it holds."""
    shelves = [(leaf, leaf.shelf) for leaf in book.leaf_levels if leaf.shelf is not None]
    new = [leaf for leaf, shelf in shelves if shelf.is_new and not _is_untouched(shelf)]
    if new:
        execute(conn, SQL["make_unnamed_lots"], sku_ids=uuids({leaf.sku_id for leaf in new}))
        execute(
            conn,
            SQL["keep_leaves_in_lots"],
            leaf_ids=uuids([leaf.node_id for leaf in new]),
            sku_ids=uuids([leaf.sku_id for leaf in new]),
        )
    touched = [(leaf, shelf) for leaf, shelf in shelves if not shelf.is_new or leaf in new]
    _write_leaf_lots(conn, touched)
    _write_plans(conn, touched)
    _write_steps(conn, book.moves, now=now)


def _is_untouched(shelf: Shelf) -> bool:
    """A leaf whose every fact was refused does not come to be kept in lots."""
    return not shelf.was_marked


def _write_leaf_lots(conn: Conn, shelves: Sequence[tuple[LeafLevel, Shelf]]) -> None:
    lots = [
        (leaf, lot)
        for leaf, shelf in shelves
        for lot in shelf.lots.values()
        if lot.differs and (lot.is_stored or lot.is_unnamed or lot.units or lot.damaged or lot.planned)
    ]
    made = [(leaf, lot) for leaf, lot in lots if not lot.is_stored]
    if made:
        execute(
            conn,
            SQL["make_leaf_lots"],
            **_names(made),
            is_serial=[lot.is_serial for _, lot in made],
            sell_until=[lot.sell_until for _, lot in made],
        )
    if not lots:
        return
    changed = execute(
        conn,
        SQL["change_leaf_lots"],
        **_names(lots),
        units=integers([lot.units - lot.units_loaded for _, lot in lots]),
        damaged=integers([lot.damaged - lot.damaged_loaded for _, lot in lots]),
        planned=integers([lot.planned - lot.planned_loaded for _, lot in lots]),
        is_recalled=[lot.is_recalled for _, lot in lots],
        is_expired=[lot.is_expired for _, lot in lots],
    )
    if changed != len(lots):
        raise RuntimeError(f"stock meant to write {len(lots)} lots and wrote {changed}")


def _names(lots: Sequence[tuple[LeafLevel, ShelfLot]]) -> dict[str, str]:
    return {
        "leaf_ids": uuids([leaf.node_id for leaf, _ in lots]),
        "sku_ids": uuids([leaf.sku_id for leaf, _ in lots]),
        "lot_ids": uuids([lot.lot_id for _, lot in lots]),
    }


def _write_plans(conn: Conn, shelves: Sequence[tuple[LeafLevel, Shelf]]) -> None:
    changes: list[tuple[LeafLevel, AllocationId, LotId, int, int]] = []
    for leaf, shelf in shelves:
        for allocation_id in shelf.plans:
            before, after = shelf.plans_loaded.get(allocation_id, {}), shelf.plans[allocation_id]
            changes += [
                (leaf, allocation_id, lot_id, before.get(lot_id, 0), change)
                for lot_id in sorted({*before, *after})
                if (change := after.get(lot_id, 0) - before.get(lot_id, 0))
            ]
    if not changes:
        return
    [written] = fetch_values(
        conn,
        SQL["change_plans"],
        allocation_ids=uuids([one[1] for one in changes]),
        lot_ids=uuids([one[2] for one in changes]),
        leaf_ids=uuids([one[0].node_id for one in changes]),
        sku_ids=uuids([one[0].sku_id for one in changes]),
        before=integers([one[3] for one in changes]),
        units=integers([one[4] for one in changes]),
    )
    if written != len(changes):
        raise RuntimeError(f"stock meant to change {len(changes)} plans and changed {written}")


def _write_steps(conn: Conn, moves: Sequence[Move], *, now: datetime) -> None:
    steps = [(move, step) for move in moves for step in move.lots]
    if not steps:
        return
    parameters: dict[str, Any] = {
        "movement_ids": uuids([move.id for move, _ in steps if move.id is not None]),
        "lot_ids": uuids([step.lot_id for _, step in steps]),
        "leaf_ids": uuids([move.leaf.node_id for move, _ in steps]),
        "sku_ids": uuids([move.leaf.sku_id for move, _ in steps]),
        "units": integers([step.units for _, step in steps]),
        "unsellable": integers([step.unsellable for _, step in steps]),
        "gone": integers([step.gone for _, step in steps]),
        "order_ids": _maybe([step.order_id for _, step in steps]),
        "line_ids": _maybe([step.line_id for _, step in steps]),
    }
    execute(conn, SQL["write_lot_movements"], now=now, **parameters)


def _maybe(ids: Sequence[UUID | None]) -> str:
    """Spell ids as an array literal, with nulls where there is none."""
    return "{" + ",".join(["null" if one is None else one.hex for one in ids]) + "}"
