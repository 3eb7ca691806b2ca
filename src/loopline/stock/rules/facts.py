"""Facts and settings: what happened to the goods, and what a leaf keeps back. Neither asks whether there is stock."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from msgspec.structs import replace

from loopline.kernel.refusals import Refusal
from loopline.stock.book import Book, LeafLevel, LevelKey, Move, settle_leaf
from loopline.stock.model import Fact, MovementReason, Recorded, SafetySet, SafetySetting
from loopline.stock.refusals import (
    FactIdTaken,
    FactMovesNothing,
    LeafUnknown,
    ReasonNotForFacts,
    SafetyBelowZero,
    SafetySetSince,
    UnsellableBelowZero,
)
from loopline.stock.rules.lot_moves import record_in_lots, why_not_in_lot

PROMISE_REASONS = frozenset(
    {
        MovementReason.ALLOCATED,
        MovementReason.ALLOCATION_RELEASED,
        MovementReason.HANDED_OVER,
        MovementReason.SAFETY_SET,
        MovementReason.DOUBT_SET,
    }
)


def decide_facts(
    facts: Iterable[Fact], *, book: Book, recorded_before: dict[UUID, Fact]
) -> list[Recorded | Refusal]:
    """Record what happened. Nothing is refused for lack of stock; what promises lose by it becomes a shortfall."""
    outcomes: list[Recorded | Refusal] = []
    known = dict(recorded_before)
    for fact in facts:
        earlier = known.get(fact.id)
        if earlier is not None:
            same = earlier == _without_lot(fact)
            outcomes.append(
                Recorded(fact_id=fact.id, repeated=True) if same else FactIdTaken(fact_id=fact.id)
            )
            continue
        refusal = _why_not_fact(fact, book=book)
        if refusal is not None:
            outcomes.append(refusal)
            continue
        known[fact.id] = _without_lot(fact)
        _record(fact, book=book)
        outcomes.append(Recorded(fact_id=fact.id))
    return outcomes


def _without_lot(fact: Fact) -> Fact:
    """A movement may touch several lots, so a fact is known by the rest of it."""
    return fact if fact.lot_id is None else replace(fact, lot_id=None)


def _why_not_fact(fact: Fact, *, book: Book) -> Refusal | None:
    if fact.leaf_id not in book.leaf_ids:
        return LeafUnknown(leaf_id=fact.leaf_id)
    if not fact.on_hand and not fact.unsellable:
        return FactMovesNothing(fact_id=fact.id)
    if fact.reason in PROMISE_REASONS:
        return ReasonNotForFacts(fact_id=fact.id, reason=fact.reason)
    if fact.unsellable < 0:
        unsellable = book.leaf((fact.leaf_id, fact.sku_id)).unsellable
        if unsellable + fact.unsellable < 0:
            return UnsellableBelowZero(
                fact_id=fact.id, leaf_id=fact.leaf_id, taken=-fact.unsellable, unsellable=unsellable
            )
    return why_not_in_lot(fact, book.leaf((fact.leaf_id, fact.sku_id)))


def _record(fact: Fact, *, book: Book) -> None:
    path = book.path((fact.leaf_id, fact.sku_id))
    leaf = path[-1]
    assert isinstance(leaf, LeafLevel)
    leaf.on_hand += fact.on_hand
    leaf.unsellable += fact.unsellable
    move = Move(
        leaf,
        fact.reason,
        id=fact.id,
        on_hand=fact.on_hand,
        unsellable=fact.unsellable,
        reference=fact.reference,
    )
    book.moves.append(move)
    if leaf.shelf is not None:
        record_in_lots(fact, move, book=book)
    settle_leaf(path)


def decide_safeties(
    settings: Iterable[SafetySetting], *, book: Book, doubts: Mapping[LevelKey, int]
) -> list[SafetySet | Refusal]:
    """Set what leaves keep back. More than is there is no error: the leaf then sells nothing.

    A leaf's safety is what people set and what is in doubt, together: this sets the first and leaves the second.
    """
    outcomes: list[SafetySet | Refusal] = []
    for setting in settings:
        if setting.leaf_id not in book.leaf_ids:
            outcomes.append(LeafUnknown(leaf_id=setting.leaf_id))
            continue
        if setting.units < 0:
            outcomes.append(SafetyBelowZero(leaf_id=setting.leaf_id, units=setting.units))
            continue
        key = (setting.leaf_id, setting.sku_id)
        before = book.leaf(key).safety - doubts.get(key, 0)
        if setting.expected not in {None, before}:
            outcomes.append(SafetySetSince(leaf_id=setting.leaf_id, sku_id=setting.sku_id, units=before))
            continue
        keep_back(book, key, setting.units - before, MovementReason.SAFETY_SET)
        outcomes.append(
            SafetySet(
                leaf_id=setting.leaf_id, sku_id=setting.sku_id, units_before=before, units=setting.units
            )
        )
    return outcomes


def keep_back(book: Book, key: LevelKey, change: int, reason: MovementReason) -> None:
    """Change how many units a leaf keeps back, and what is free above it by it."""
    if change:
        leaf = book.leaf(key)
        leaf.safety += change
        settle_leaf(book.path(key))
        book.moves.append(Move(leaf, reason, safety=change))
