"""Allocations: held units tied to a leaf, until they are handed over or untied."""

from collections.abc import Iterable, Sequence

from loopline.kernel.ids import OrderId
from loopline.kernel.refusals import Refusal
from loopline.stock.book import Book, Level, Move, OpenAllocation, OpenHold, settle_leaf
from loopline.stock.model import (
    Allocated,
    AllocationAsk,
    AllocationLine,
    AllocationRelease,
    AllocationReleased,
    HandedOver,
    HandOver,
    MovementReason,
)
from loopline.stock.refusals import (
    AllocationTaken,
    AllocationTooSmall,
    AllocationUnknown,
    HoldOfAnother,
    HoldTooSmall,
    HoldUnknown,
    LeafOutsideHold,
    LeafTooShort,
    LeafUnknown,
    PromisedToOthers,
    UnitsNotPositive,
)
from loopline.stock.rules.drawing import change_hold, use_draws
from loopline.stock.rules.lot_moves import hand_over_lots, why_not_scanned


def decide_allocations(asks: Iterable[AllocationAsk], *, book: Book) -> list[Allocated | Refusal]:
    """Tie held units to leaves, each order all or nothing.

    The hold falls and the leaf's allocation rises by the same units, so that at the hold's node and above held and
    free fall together. Below it only free falls: there the units must not be promised to others.
    """
    return [_allocate_order(ask, book=book) for ask in asks]


def _allocate_order(ask: AllocationAsk, *, book: Book) -> Allocated | Refusal:
    tied: list[tuple[OpenHold, OpenAllocation]] = []
    for line in ask.lines:
        outcome = _tie_line(ask.order_id, line, book=book)
        if isinstance(outcome, Refusal):
            for hold, allocation in reversed(tied):
                _tie(hold, allocation, -allocation.units)
                del book.allocations[allocation.id]
            return outcome
        tied.append(outcome)
    if book.draws:
        for hold, allocation in tied:
            use_draws(hold, allocation.units, book=book)
    book.moves.extend(
        [Move(one.leaf, MovementReason.ALLOCATED, allocated=one.units, reference=one.id) for _, one in tied]
    )
    return Allocated(order_id=ask.order_id)


def _tie_line(
    order_id: OrderId, line: AllocationLine, *, book: Book
) -> tuple[OpenHold, OpenAllocation] | Refusal:
    hold = _hold_to_tie(order_id, line, book=book)
    if isinstance(hold, Refusal):
        return hold
    path = _path_to_leaf(hold, line, book=book)
    if isinstance(path, Refusal):
        return path
    allocation = OpenAllocation(
        id=line.allocation_id,
        order_id=order_id,
        line_id=line.line_id,
        hold_node_id=hold.key[0],
        key=(line.leaf_id, line.sku_id),
        units=line.units,
        units_loaded=0,
        path=path,
    )
    book.allocations[allocation.id] = allocation
    _tie(hold, allocation, line.units)
    return hold, allocation


def _hold_to_tie(order_id: OrderId, line: AllocationLine, *, book: Book) -> OpenHold | Refusal:
    if line.units <= 0:
        return UnitsNotPositive(line_id=line.line_id, units=line.units)
    if line.allocation_id in book.allocations:
        return AllocationTaken(allocation_id=line.allocation_id)
    hold = book.holds.get(line.line_id)
    if hold is None or not hold.units:
        return HoldUnknown(line_id=line.line_id)
    if hold.order_id != order_id or hold.key[1] != line.sku_id:
        return HoldOfAnother(line_id=line.line_id)
    if hold.units < line.units:
        return HoldTooSmall(line_id=line.line_id, asked=line.units, held=hold.units)
    return hold


def _path_to_leaf(hold: OpenHold, line: AllocationLine, *, book: Book) -> Sequence[Level] | Refusal:
    """The levels from the root to the leaf, if the leaf can take the units and nobody below the hold needs them."""
    if line.leaf_id not in book.leaf_ids:
        return LeafUnknown(leaf_id=line.leaf_id)
    path = book.path((line.leaf_id, line.sku_id))
    depth = len(hold.path)
    if not depth or len(path) < depth or path[depth - 1] is not hold.path[-1]:
        return LeafOutsideHold(line_id=line.line_id, leaf_id=line.leaf_id, node_id=hold.key[0])
    if path[-1].free < line.units:
        return LeafTooShort(
            line_id=line.line_id,
            leaf_id=line.leaf_id,
            sku_id=line.sku_id,
            asked=line.units,
            sellable=path[-1].free,
        )
    for level in path[depth:]:
        if level.free - level.held < line.units:
            return PromisedToOthers(
                line_id=line.line_id,
                leaf_id=line.leaf_id,
                node_id=level.node_id,
                asked=line.units,
                room=max(0, level.free - level.held),
            )
    return path


def _tie(hold: OpenHold, allocation: OpenAllocation, units: int) -> None:
    """Replace `units` of a hold by an allocation; negative: undo it."""
    change_hold(hold, -units)
    allocation.leaf.allocated += units
    settle_leaf(allocation.path)


def decide_allocation_releases(
    releases: Iterable[AllocationRelease], *, book: Book
) -> list[AllocationReleased | Refusal]:
    """Untie allocated units: free for anyone, or back to the line's hold.

    Back to the hold never fails: where the leaf has less than was allocated, the hold stands without goods and the
    nodes above it are overheld.
    """
    outcomes: list[AllocationReleased | Refusal] = []
    for release in releases:
        allocation = book.allocations.get(release.allocation_id)
        if allocation is None or not allocation.units:
            outcomes.append(AllocationUnknown(allocation_id=release.allocation_id))
            continue
        units = allocation.units if release.units is None else release.units
        refusal = _why_not_take(allocation, units)
        if refusal is not None:
            outcomes.append(refusal)
            continue
        _take(allocation, units, on_hand=0, reason=MovementReason.ALLOCATION_RELEASED, book=book)
        settle_leaf(allocation.path)
        if release.to_hold:
            change_hold(_hold_for(allocation, book=book), units)
        outcomes.append(AllocationReleased(allocation_id=allocation.id, units=units))
    return outcomes


def _hold_for(allocation: OpenAllocation, *, book: Book) -> OpenHold:
    """The line's hold where it stands now; one that is gone comes back at the node where it lay."""
    hold = book.holds.get(allocation.line_id)
    if hold is None:
        key = (allocation.hold_node_id, allocation.key[1])
        hold = OpenHold(allocation.line_id, allocation.order_id, key, 0, None, 0, path=book.path(key))
        book.holds[allocation.line_id] = hold
    return hold


def _why_not_take(allocation: OpenAllocation, units: int) -> Refusal | None:
    if units <= 0:
        return UnitsNotPositive(line_id=allocation.line_id, units=units)
    if units > allocation.units:
        return AllocationTooSmall(allocation_id=allocation.id, asked=units, allocated=allocation.units)
    return None


def _take(
    allocation: OpenAllocation, units: int, *, on_hand: int, reason: MovementReason, book: Book
) -> None:
    allocation.units -= units
    leaf = allocation.leaf
    leaf.allocated -= units
    leaf.on_hand += on_hand
    book.moves.append(Move(leaf, reason, on_hand=on_hand, allocated=-units, reference=allocation.id))


def decide_hand_overs(hand_overs: Iterable[HandOver], *, book: Book) -> list[HandedOver | Refusal]:
    """Let allocated units leave.

    What is sellable and what is missing stay as they are: on hand and allocated fall together. So no node changes.
    """
    outcomes: list[HandedOver | Refusal] = []
    for hand_over in hand_overs:
        allocation = book.allocations.get(hand_over.allocation_id)
        if allocation is None or not allocation.units:
            outcomes.append(AllocationUnknown(allocation_id=hand_over.allocation_id))
            continue
        units = hand_over.units
        refusal = _why_not_take(allocation, units) or why_not_scanned(hand_over, allocation)
        if refusal is not None:
            outcomes.append(refusal)
            continue
        _take(allocation, units, on_hand=-units, reason=MovementReason.HANDED_OVER, book=book)
        if allocation.leaf.shelf is not None:
            hand_over_lots(hand_over, allocation, book.moves[-1])
        outcomes.append(HandedOver(allocation_id=allocation.id, units=units, units_left=allocation.units))
    return outcomes
