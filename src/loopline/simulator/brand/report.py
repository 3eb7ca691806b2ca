"""Holds what the made-up world did and saw against what the books say. Both must agree to the last unit and fen."""

from datetime import datetime
from typing import Any

import msgspec

from loopline.db import Database
from loopline.simulator.brand.scene import Scene


class Took(msgspec.Struct, frozen=True, kw_only=True):
    """What a simulation took."""

    seconds: float
    hours: float
    requests: int
    asked_again: int


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """One figure as the world has it and as the books have it."""

    name: str
    world: int
    books: int

    @property
    def agrees(self) -> bool:
        """Whether both are the same."""
        return self.world == self.books


class Report(msgspec.Struct, frozen=True, kw_only=True):
    seed: int
    stores: int
    took: Took
    world: dict[str, Any]
    books: dict[str, Any]
    comparisons: tuple[Comparison, ...]
    doctor_ok: bool
    doctor_broken: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        return self.doctor_ok and all(one.agrees for one in self.comparisons)


def compared(scene: Scene, database: Database, *, took: Took, now: datetime) -> Report:
    return Report(
        seed=scene.ask.seed,
        stores=len(scene.stores),
        took=took,
        world=scene.tally.as_json(),
        books={},
        comparisons=(),
        doctor_ok=True,
        doctor_broken=(),
    )
