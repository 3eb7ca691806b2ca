"""Lots: from which of them units come, what locking one does, and which the allocations of a leaf shall be taken from.

Two sums are kept whatever happens: the lots of a leaf have its units on hand and its unsellable ones. Named lots never
fall below nothing and are never planned for more than they can give; the unnamed lot takes the difference.
"""

from collections.abc import Iterable, Mapping

from loopline.kernel.ids import AllocationId, LotId
from loopline.stock.shelf import Shelf, ShelfLot


def put_units(shelf: Shelf, units: int, *, lot_id: LotId | None) -> None:
    """Put units into the lot said; into the unnamed one where none is."""
    _lot(shelf, lot_id).units += units


def take_units(shelf: Shelf, units: int, *, lot_id: LotId | None) -> dict[LotId, int]:
    """Take units that left whatever was promised; returns from which lots.

    From the lot said as far as it has them; otherwise first expired first out: what is sellable and not planned, then
    what is planned, then the unnamed lot, which may fall below zero. Locked lots give only what is said of them.
    """
    taken: dict[LotId, int] = {}

    def take(lot: ShelfLot, most: int) -> None:
        nonlocal units
        count = max(0, min(units, most))
        if count:
            lot.units -= count
            taken[lot.lot_id] = taken.get(lot.lot_id, 0) + count
            units -= count

    if lot_id is not None:
        said = _lot(shelf, lot_id)
        take(said, units if said.is_unnamed else said.units)
    else:
        for lot in shelf.in_order():
            take(lot, lot.room)
        for lot in shelf.in_order():
            take(lot, lot.sellable)
    if units:
        take(shelf.unnamed, units)
    pass_on_damage(shelf)
    return taken


def throw_away(shelf: Shelf, units: int, *, lot_id: LotId | None) -> None:
    """Take units that were unsellable: damaged ones, or those of locked lots; what is over leaves the unnamed lot."""
    lots = [_lot(shelf, lot_id)] if lot_id is not None else shelf.in_order()
    for lot in lots:
        count = max(0, min(units, lot.unsellable))
        lot.units -= count
        lot.damaged = max(0, lot.damaged - count)
        units -= count
    shelf.unnamed.units -= units
    shelf.unnamed.damaged = max(0, shelf.unnamed.damaged - units)
    pass_on_damage(shelf)


def damage_units(shelf: Shelf, units: int, *, lot_id: LotId | None) -> None:
    """Make units unsellable (positive) or sellable again, of the lot said or of those that expire first."""
    lots = (
        [_lot(shelf, lot_id)]
        if lot_id is not None
        else [lot for lot in shelf.in_order() if not lot.is_locked]
    )
    if units > 0:
        # What is not planned first, then what is.
        for lot, planned in [*((lot, lot.planned) for lot in lots), *((lot, 0) for lot in lots)]:
            count = max(0, min(units, lot.units - lot.damaged - planned))
            lot.damaged += count
            units -= count
        shelf.unnamed.damaged += units
        return
    for lot in [*lots, shelf.unnamed]:
        count = min(-units, lot.damaged)
        lot.damaged -= count
        units += count


def pass_on_damage(shelf: Shelf) -> None:
    """A lot has no more damaged units than units: what was said of others is said of the unnamed lot now."""
    for lot in shelf.lots.values():
        over = lot.damaged - max(0, lot.units)
        if over > 0 and not lot.is_unnamed:
            lot.damaged -= over
            if not lot.is_locked:
                shelf.unnamed.damaged += over


def _lot(shelf: Shelf, lot_id: LotId | None) -> ShelfLot:
    return shelf.unnamed if lot_id is None else shelf.lots[lot_id]


# ----------------------------------------------------------------------------------------------------------- the plan


def plan(shelf: Shelf, wanted: Mapping[AllocationId, int], *, leave: LotId | None = None) -> None:
    """Make the plans of a leaf's allocations have the units wanted, each from what expires first.

    `wanted` are the allocations that changed; 0: it is used up. `leave` is the lot that one that shrinks gives up
    first; then the unnamed lot, then what expires last. Afterwards no named lot is planned for more than it can give:
    the latest allocations give way, to other lots or, where there are none, to the unnamed one.
    """
    for allocation_id, units in wanted.items():
        mine = shelf.plans.setdefault(allocation_id, {})
        _shrink(shelf, mine, sum(mine.values()) - units, leave=leave)
        _grow(shelf, mine, units - sum(mine.values()))
    for lot in shelf.in_order():
        if not lot.is_unnamed and lot.room < 0:
            _make_way(shelf, lot, -lot.room)
    _name_what_can_be_named(shelf)


def shrink_plan(shelf: Shelf, allocation_id: AllocationId, gone: Mapping[LotId, int]) -> None:
    """Take what went off an allocation's plan, lot by lot; of a lot that was not planned nothing is taken."""
    mine = shelf.plans.setdefault(allocation_id, {})
    for lot_id, units in gone.items():
        _shift(mine, shelf.lots[lot_id], -min(units, mine.get(lot_id, 0)))


def _shrink(shelf: Shelf, mine: dict[LotId, int], units: int, *, leave: LotId | None) -> None:
    lots = sorted(
        (shelf.lots[lot_id] for lot_id in mine),
        key=lambda lot: (lot.lot_id == leave, lot.order),
        reverse=True,
    )
    for lot in lots:
        count = max(0, min(units, mine[lot.lot_id]))
        _shift(mine, lot, -count)
        units -= count


def _grow(shelf: Shelf, mine: dict[LotId, int], units: int) -> None:
    for lot in shelf.in_order():
        count = max(0, min(units, lot.room))
        _shift(mine, lot, count)
        units -= count
    _shift(mine, shelf.unnamed, max(0, units))


def _shift(mine: dict[LotId, int], lot: ShelfLot, units: int) -> None:
    if not units:
        return
    lot.planned += units
    left = mine.get(lot.lot_id, 0) + units
    if left:
        mine[lot.lot_id] = left
    else:
        del mine[lot.lot_id]


def _make_way(shelf: Shelf, lot: ShelfLot, units: int) -> None:
    """Take plans off a lot that has too many, from the latest allocations; the earliest of those choose anew first."""
    moved: list[tuple[dict[LotId, int], int]] = []
    for allocation_id in sorted(shelf.plans, key=lambda one: one.int, reverse=True):
        mine = shelf.plans[allocation_id]
        count = min(units, mine.get(lot.lot_id, 0))
        if count:
            _shift(mine, lot, -count)
            units -= count
            moved.append((mine, count))
    for mine, count in reversed(moved):
        _grow(shelf, mine, count)


def _name_what_can_be_named(shelf: Shelf) -> None:
    """Plan named lots for what had to be planned from the unnamed one beyond what lies there."""
    for allocation_id in sorted(shelf.plans, key=lambda one: one.int):
        over = -shelf.unnamed.room
        mine = shelf.plans[allocation_id]
        count = min(over, mine.get(shelf.unnamed.lot_id, 0), _room_in_named(shelf.lots.values()))
        if count > 0:
            _shift(mine, shelf.unnamed, -count)
            _grow(shelf, mine, count)


def _room_in_named(lots: Iterable[ShelfLot]) -> int:
    return sum(max(0, lot.room) for lot in lots if not lot.is_unnamed)
