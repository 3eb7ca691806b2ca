"""Boosted trees as arrays: learnt elsewhere, evaluated here for many offers at once, with NumPy alone.

Whoever decides waves needs what was learnt, not the learner, whose import takes seconds.
"""

import msgspec
import numpy as np

from loopline.insight.acceptance.model import Floats, Integers

_LEAF = -1


class Trees(msgspec.Struct, frozen=True, kw_only=True):
    """The nodes of all trees one after the other: at `roots` each begins. A row's score is the sum of its leaves.

    At a node a value up to its threshold goes to `left`, a larger one to `right`, one that is unknown (NaN) to `right`
    too unless `unknown_left`. A leaf has the feature -1, and its `value`.
    """

    roots: list[int]
    feature: list[int]
    threshold: list[float]
    left: list[int]
    right: list[int]
    unknown_left: list[bool]
    value: list[float]


class Forest:
    """Trees made ready to be asked."""

    def __init__(self, trees: Trees) -> None:
        self._roots: Integers = np.array(trees.roots, np.int64)
        self._feature: Integers = np.array(trees.feature, np.int64)
        self._threshold: Floats = np.array(trees.threshold, np.float64)
        self._left: Integers = np.array(trees.left, np.int64)
        self._right: Integers = np.array(trees.right, np.int64)
        self._unknown_left = np.array(trees.unknown_left, np.bool_)
        self._value: Floats = np.array(trees.value, np.float64)

    def scores(self, rows: Floats) -> Floats:
        """Return the score of each row of features."""
        node = np.broadcast_to(self._roots, (len(rows), len(self._roots))).copy()
        row = np.arange(len(rows))[:, None]
        while True:
            feature = self._feature[node]
            is_leaf = feature == _LEAF
            if is_leaf.all():
                return self._value[node].sum(axis=1)
            found = rows[row, np.maximum(feature, 0)]
            goes_left = np.where(np.isnan(found), self._unknown_left[node], found <= self._threshold[node])
            node = np.where(is_leaf, node, np.where(goes_left, self._left[node], self._right[node]))


def write_trees(trees: Trees) -> str:
    """Spell trees as JSON."""
    return msgspec.json.encode(trees).decode()


def read_trees(text: str) -> Forest:
    """Read what `write_trees` wrote."""
    return Forest(msgspec.json.decode(text, type=Trees))
