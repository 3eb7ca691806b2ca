"""What was asked for at each site in the weeks just passed: all that replenishment may know."""

from collections import Counter, deque
from collections.abc import Iterable

TRAILING_WEEKS = 4

Place = tuple[str, str]
"""A site's code and a stock code."""


class TrailingDemand:
    """Units asked for by site and stock code, in weeks; remembers the last four whole ones.

    Memory holds the places asked for in five weeks, not the year.
    """

    def __init__(self) -> None:
        self._current: Counter[Place] = Counter()
        self._weeks: deque[Counter[Place]] = deque(maxlen=TRAILING_WEEKS)

    def add(self, site_code: str, sold: Iterable[tuple[str, int]]) -> None:
        """Count what one invoice asked of a site: (stock code, units)."""
        for code, units in sold:
            self._current[site_code, code] += units

    def close_week(self) -> None:
        """End the week at hand; the fifth last one is forgotten."""
        self._weeks.append(self._current)
        self._current = Counter()

    def units(self) -> Counter[Place]:
        """Return the units of the remembered weeks together, by place."""
        together: Counter[Place] = Counter()
        for week in self._weeks:
            together.update(week)
        return together

    @property
    def weeks(self) -> int:
        """How many whole weeks are remembered: none in the first, four from the fifth on."""
        return len(self._weeks)
