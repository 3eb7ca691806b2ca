"""Chance that depends on nothing but a seed and a name: the same question gets the same answer, in any order.

A replay that was killed and started again must come to the same end. A running random generator would not: its answers
depend on how many questions came before. Here every decision is named by what it is about.
"""

from bisect import bisect_right
from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate
from typing import TypeVar

Thing = TypeVar("Thing")

_DIGEST_BYTES = 8
_RANGE = float(1 << 53)


class Chance:
    """Named draws from one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._key = seed.to_bytes(16, "big", signed=True)

    def draw(self, *name: object) -> float:
        """Return a number in [0, 1), the same for the same name."""
        digest = blake2b("\x1f".join(map(str, name)).encode(), digest_size=_DIGEST_BYTES, key=self._key)
        return (int.from_bytes(digest.digest(), "big") >> 11) / _RANGE

    def happens(self, share: float, *name: object) -> bool:
        """Tell whether something that happens in `share` of all cases happens in this one."""
        return self.draw(*name) < share

    def between(self, low: float, high: float, *name: object) -> float:
        """Return a number in [low, high)."""
        return low + (high - low) * self.draw(*name)

    def pick(self, things: Sequence[Thing], *name: object) -> Thing:
        """Return one of the things, each as likely as any other."""
        return things[int(self.draw(*name) * len(things))]

    def pick_weighted(self, things: Sequence[Thing], weights: Sequence[float], *name: object) -> Thing:
        """Return one of the things, likelier by its weight."""
        bounds = list(accumulate(weights))
        position = bisect_right(bounds, self.draw(*name) * bounds[-1])
        return things[min(position, len(things) - 1)]
