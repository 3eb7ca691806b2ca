"""The agenda of a made-up world: who does what when. Everything due is handed out kind by kind, in the order of time.

Two worlds with one seed put the same things on their agenda in the same order, so that what they do is the same too.
"""

import heapq
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec

Handler = Callable[[Sequence[Any], datetime], None]


class _Entry(msgspec.Struct, frozen=True, order=True):
    """Something to be done. Entries of one moment come in the order in which they were noted."""

    at: datetime
    number: int


class Agenda:
    """What is to be done, by kind. Kinds are handled in the order in which they were registered."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}
        self._entries: list[_Entry] = []
        self._matters: dict[int, tuple[str, Any]] = {}
        self._noted = 0

    def handle(self, kind: str, handler: Handler) -> None:
        """Say who does a kind of thing. The handler gets all that is due at once, oldest first, and the moment."""
        self._handlers[kind] = handler

    def note(self, at: datetime, kind: str, matter: Any = None) -> None:
        """Note something to be done; what lies in the past is done with the next step."""
        assert kind in self._handlers, kind
        self._noted += 1
        heapq.heappush(self._entries, _Entry(at, self._noted))
        self._matters[self._noted] = (kind, matter)

    def __len__(self) -> int:
        return len(self._entries)

    def next_at(self) -> datetime | None:
        """When the next thing is due."""
        return self._entries[0].at if self._entries else None

    def do(self, until: datetime) -> int:
        """Do everything due by a moment, and what that brings about by then; return how many things were done."""
        done = 0
        while due := self._due(until):
            for kind, handler in self._handlers.items():
                matters = due.pop(kind, None)
                if matters:
                    done += len(matters)
                    handler(matters, until)
        return done

    def _due(self, until: datetime) -> dict[str, list[Any]]:
        due: dict[str, list[Any]] = {}
        while self._entries and self._entries[0].at <= until:
            kind, matter = self._matters.pop(heapq.heappop(self._entries).number)
            due.setdefault(kind, []).append(matter)
        return due
