"""Chance in the made-up world: each kind of actor draws from a stream of its own, so that none disturbs another's."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


def stream(seed: int, *name: object) -> Random:
    """Return the stream of one kind of actor: the same for the same seed and name."""
    return Random("\x1f".join(map(str, (seed, *name))))


class Weighted(Generic[Thing]):
    """Things to pick from, each likelier by its weight."""

    def __init__(self, things: Sequence[Thing], weights: Sequence[float]) -> None:
        self._things = things
        self._bounds = list(accumulate(weights))

    def pick(self, chance: Random) -> Thing:
        """Return one of the things."""
        position = bisect_right(self._bounds, chance.random() * self._bounds[-1])
        return self._things[min(position, len(self._things) - 1)]
