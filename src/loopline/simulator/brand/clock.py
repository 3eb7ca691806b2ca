"""The clock of a world that does not wait: its driver moves it, and everything that serves the world reads it."""

import threading
from datetime import datetime


class WorldClock:
    """A moment that only moves forward. Read from any thread by calling it."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """Return the moment."""
        with self._lock:
            return self._moment

    def move_to(self, moment: datetime) -> None:
        """Move forward."""
        with self._lock:
            assert moment >= self._moment
            self._moment = moment
