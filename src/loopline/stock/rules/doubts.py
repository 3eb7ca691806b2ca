"""Doubts: units kept back because what we know of them is old, or came from somebody who is often wrong.

A doubt is not a fact: it keeps new promises away and breaks none that stands.
"""

from collections.abc import Iterable, Mapping

from loopline.kernel.refusals import Refusal
from loopline.stock.book import Book, LevelKey
from loopline.stock.model import Doubted, DoubtSetting, MovementReason
from loopline.stock.refusals import LeafUnknown, SafetyBelowZero
from loopline.stock.rules.facts import keep_back


def decide_doubts(
    settings: Iterable[DoubtSetting], *, book: Book, doubts: Mapping[LevelKey, int]
) -> list[Doubted | Refusal]:
    """Set what is in doubt, as far as no promise loses its goods by it: neither at the leaf nor at any node above.

    What could not be kept back stays wanted, for another time. Units may be lowered whatever is promised.
    """
    standing = dict(doubts)
    outcomes: list[Doubted | Refusal] = []
    for setting in settings:
        if setting.leaf_id not in book.leaf_ids:
            outcomes.append(LeafUnknown(leaf_id=setting.leaf_id))
            continue
        if setting.units < 0:
            outcomes.append(SafetyBelowZero(leaf_id=setting.leaf_id, units=setting.units))
            continue
        key = (setting.leaf_id, setting.sku_id)
        before = standing.get(key, 0)
        units = before + _possible_change(book, key, setting.units - before)
        keep_back(book, key, units - before, MovementReason.DOUBT_SET)
        standing[key] = units
        outcomes.append(
            Doubted(
                leaf_id=setting.leaf_id,
                sku_id=setting.sku_id,
                units_before=before,
                units=units,
                wanted=setting.units,
            )
        )
    return outcomes


def _possible_change(book: Book, key: LevelKey, change: int) -> int:
    """Return as much of a change as takes no more from what can be sold than is not promised."""
    leaf = book.leaf(key)
    room = max(0, min(level.free - level.held for level in book.path(key)))
    spare = leaf.on_hand - leaf.allocated - leaf.unsellable - leaf.safety
    taken = min(change, max(0, spare))
    return change if taken <= room else room
