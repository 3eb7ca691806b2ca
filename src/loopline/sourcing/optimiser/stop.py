"""When a search ends: by the clock of the caller, or by what it has done."""

from collections.abc import Callable

from loopline.sourcing.optimiser.result import Settings

Clock = Callable[[], float]


class Stop:
    """Counts work and reads the clock."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._began = clock()
        self.work = 0

    @property
    def seconds(self) -> float:
        """Seconds since the search was called."""
        return self._clock() - self._began

    def left(self) -> float:
        """Return how many seconds are left; infinite where no end was set."""
        if self._settings.seconds is None:
            return float("inf")
        return self._settings.seconds - self.seconds

    def part(self) -> float:
        """Return which part of the seconds is gone, 0 where no end was set."""
        return self.seconds / self._settings.seconds if self._settings.seconds else 0.0

    def is_over(self, *, reserve: float = 0.0) -> bool:
        """Say whether to end: no more work is allowed, or less than `reserve` seconds are left."""
        done = self._settings.work is not None and self.work >= self._settings.work
        return done or self.left() <= reserve
