"""The port to marketplaces: steps go out, answers come back, late or twice or in another order.

A marketplace must treat a step that is told twice as one: its id is what it is known by there. It answers each by
itself, with how many units it really took or gave up, or that it is still at it.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from loopline.marketplaces.model import StepId


class Told(StrEnum):
    """What a marketplace says of a step: it is at it; it did it; it will not, for good."""

    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """A step as it is told: so many units of a SKU more, or, negative, asked back."""

    step_id: StepId
    channel: str
    sku_code: str
    units: int


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a marketplace says of a step; `moved` units were really taken or given up."""

    step_id: StepId
    told: Told
    moved: int = 0
    why: str | None = None


class Connector(Protocol):
    """The way to one kind of marketplace. Calls may take seconds and may fail; none is made inside a transaction."""

    @property
    def name(self) -> str:
        """Its name, as terms say it."""
        ...

    def tell(self, channel: str, tellings: Sequence[Telling], *, now: datetime) -> list[Answer]:
        """Put steps to the marketplace behind a channel; what it does not answer is put to it again."""
        ...
