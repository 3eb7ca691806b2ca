"""What is told of shortfalls that a stage opened, changed or closed."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from loopline.kernel.events import Event, event
from loopline.stock import ShortfallChange
from loopline.stock.events import told


class TellsShortfalls(Protocol):
    """Any outcome of stock that may have moved a shortfall."""

    @property
    def shortfalls(self) -> tuple[ShortfallChange, ...]: ...


def shortfall_events(outcomes: Iterable[TellsShortfalls], *, now: datetime) -> Sequence[Event]:
    """Return the events of every shortfall that changed; its subject is the shortfall."""
    return [
        event(told(change), subject=change.shortfall_id, at=now)
        for outcome in outcomes
        for change in outcome.shortfalls
    ]
