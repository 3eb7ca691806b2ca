"""What facts, hand-overs, recalls and expiry do to the lots of a leaf, and what that makes of the leaf itself."""

from collections.abc import Iterable, Mapping

from loopline.kernel.ids import AllocationId, LotId
from loopline.kernel.refusals import Refusal
from loopline.stock.book import Book, LeafLevel, Move, OpenAllocation
from loopline.stock.model import Fact, HandOver, MovementReason
from loopline.stock.refusals import LotLocked, LotNotSaid, LotsDoNotAddUp, LotUnknown, SerialIsOneUnit
from loopline.stock.rules.lots import (
    damage_units,
    pass_on_damage,
    plan,
    put_units,
    shrink_plan,
    take_units,
    throw_away,
)
from loopline.stock.shelf import Buyer, Shelf, fact_buyer

NEEDS_LOT = frozenset({MovementReason.OPENING, MovementReason.RECEIPT})
"""Reasons for which goods come in from outside, with their lot written on them."""


def why_not_in_lot(fact: Fact, leaf: LeafLevel) -> Refusal | None:
    """Refuse what cannot be: an unknown lot, a second unit of one serial number, goods from outside without a lot."""
    shelf = leaf.shelf
    if shelf is None:
        return None if fact.lot_id is None else LotUnknown(sku_id=fact.sku_id, lot=str(fact.lot_id))
    if fact.lot_id is None:
        said_nothing = fact.on_hand > 0 and fact.reason in NEEDS_LOT
        return LotNotSaid(sku_id=fact.sku_id, field="lot_code") if said_nothing else None
    lot = shelf.lots.get(fact.lot_id)
    if lot is None:
        return LotUnknown(sku_id=fact.sku_id, lot=str(fact.lot_id))
    if lot.is_serial and fact.on_hand > 0 and (lot.is_elsewhere or lot.units + fact.on_hand > 1):
        return SerialIsOneUnit(sku_id=fact.sku_id, lot=lot.code)
    return None


def record_in_lots(fact: Fact, move: Move, *, book: Book) -> None:
    """Let a fact, which the leaf has taken in already, change the lots of its leaf."""
    leaf = move.leaf
    shelf = leaf.shelf
    assert shelf is not None
    shelf.mark()
    on_hand, unsellable = fact.on_hand, fact.unsellable
    gone: dict[LotId, int] = {}
    if on_hand < 0 and unsellable < 0:
        both = min(-on_hand, -unsellable)
        throw_away(shelf, both, lot_id=fact.lot_id)
        on_hand, unsellable = on_hand + both, unsellable + both
    if on_hand > 0:
        put_units(shelf, on_hand, lot_id=fact.lot_id)
    elif on_hand < 0:
        gone = take_units(shelf, -on_hand, lot_id=fact.lot_id)
    if unsellable:
        came = shelf.unnamed.lot_id if fact.on_hand > 0 else None
        damage_units(shelf, unsellable, lot_id=fact.lot_id or came)
    plan(shelf, {})
    buyer = fact_buyer(fact.reference, fact.id) if fact.reason is MovementReason.SALE else None
    move.lots = shelf.steps(gone=gone, to=buyer)
    settle_locked(leaf, book=book)


def send_lots(shelf: Shelf, units: int, *, lot_id: LotId | None, move: Move) -> None:
    """Take units that go to another site, of the lot said or of those that expire first."""
    shelf.mark()
    take_units(shelf, units, lot_id=lot_id)
    plan(shelf, {})
    move.lots = shelf.steps()


def settle_locked(leaf: LeafLevel, *, book: Book) -> None:
    """Make the leaf's unsellable units those of its lots: all that lies in a locked one is unsellable."""
    shelf = leaf.shelf
    assert shelf is not None
    change = shelf.unsellable - leaf.unsellable
    if change:
        recalled = any(lot.is_recalled for lot in shelf.lots.values())
        reason = MovementReason.RECALL if recalled else MovementReason.EXPIRY
        leaf.unsellable += change
        book.moves.append(Move(leaf, reason, unsellable=change))


def why_not_scanned(hand_over: HandOver, allocation: OpenAllocation) -> Refusal | None:
    """Refuse what was scanned and must not leave, or is not so many units as leave."""
    if not hand_over.lots:
        return None
    shelf, sku_id = allocation.leaf.shelf, allocation.key[1]
    for one in hand_over.lots:
        lot = shelf.lots.get(one.lot_id) if shelf is not None else None
        if lot is None:
            return LotUnknown(sku_id=sku_id, lot=str(one.lot_id))
        if lot.is_locked:
            return LotLocked(sku_id=sku_id, lot=lot.code)
        if lot.is_serial and (one.units > 1 or lot.is_elsewhere):
            return SerialIsOneUnit(sku_id=sku_id, lot=lot.code)
    said = sum(one.units for one in hand_over.lots)
    if said != hand_over.units or any(one.units <= 0 for one in hand_over.lots):
        return LotsDoNotAddUp(allocation_id=allocation.id, said=said, asked=hand_over.units)
    return None


def hand_over_lots(hand_over: HandOver, allocation: OpenAllocation, move: Move) -> None:
    """Let units leave the lots that were scanned or, where none was, those planned.

    A lot of which the books know too little was here all the same: it is named out of the unnamed one.
    """
    shelf = allocation.leaf.shelf
    assert shelf is not None
    shelf.mark()
    if hand_over.lots:
        gone: dict[LotId, int] = {}
        for one in hand_over.lots:
            gone[one.lot_id] = gone.get(one.lot_id, 0) + one.units
    else:
        gone = _as_planned(shelf, allocation.id, hand_over.units)
    shrink_plan(shelf, allocation.id, gone)
    for lot_id, units in gone.items():
        lot = shelf.lots[lot_id]
        found = 0 if lot.is_unnamed else max(0, units - lot.units)
        shelf.unnamed.units -= found
        lot.units -= units - found
    pass_on_damage(shelf)
    plan(shelf, {allocation.id: allocation.units})
    move.lots = shelf.steps(gone=gone, to=Buyer(allocation.order_id, allocation.line_id))


def _as_planned(shelf: Shelf, allocation_id: AllocationId, units: int) -> dict[LotId, int]:
    mine = shelf.plans.get(allocation_id, {})
    gone: dict[LotId, int] = {}
    for lot in shelf.in_order():
        count = min(units, mine.get(lot.lot_id, 0))
        if count:
            gone[lot.lot_id] = count
            units -= count
    return gone


def plan_lots(
    allocations: Iterable[OpenAllocation], *, leave: Mapping[AllocationId, LotId | None] | None = None
) -> None:
    """Plan the lots of allocations that were made, shrank or ended, leaf by leaf."""
    hints = leave or {}
    for one in allocations:
        shelf = one.leaf.shelf if one.path and isinstance(one.path[-1], LeafLevel) else None
        if shelf is not None and one.units != one.units_loaded:
            plan(shelf, {one.id: one.units}, leave=hints.get(one.id))


def lock_lot(leaf: LeafLevel, lot_id: LotId, *, reason: MovementReason, locks: bool, book: Book) -> int:
    """Recall or expire a lot at a leaf, or lift a recall; returns by how much unsellable units rose."""
    shelf = leaf.shelf
    assert shelf is not None
    lot = shelf.lots[lot_id]
    shelf.mark()
    before = lot.unsellable
    if reason is MovementReason.RECALL:
        lot.is_recalled = locks
    else:
        lot.is_expired = locks
    plan(shelf, {})
    change = lot.unsellable - before
    if change:
        leaf.unsellable += change
        book.moves.append(Move(leaf, reason, unsellable=change, reference=lot_id, lots=shelf.steps()))
    return change
