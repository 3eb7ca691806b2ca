"""What the made-up world did and saw, counted by itself: to be held against what the books say."""

import threading
from collections import Counter
from typing import Any

import msgspec


class BoughtLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an order, as its buyer sees it."""

    sku_code: str
    units: int


class Bought(msgspec.Struct, kw_only=True):
    """An order that the world made, as its buyer sees it. `token` is the buyer's, where that is a member."""

    order_id: str
    number: str
    channel: str
    amount_minor: int
    lines: tuple[BoughtLine, ...]
    delivery: str
    site_code: str | None = None
    token: str | None = None
    member_id: str | None = None
    receipt_code: str | None = None
    paid_minor: int = 0

    @property
    def units(self) -> int:
        """All its units."""
        return sum(line.units for line in self.lines)


class Tally:
    """Counts of everything the world did that was answered. May be counted into from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.counts: Counter[str] = Counter()
        self.orders: dict[str, Bought] = {}

    def count(self, name: str, amount: int = 1) -> None:
        """Add to a figure."""
        with self._lock:
            self.counts[name] += amount

    def placed(self, bought: Bought) -> None:
        """Count an order that was taken."""
        with self._lock:
            self.orders[bought.order_id] = bought
            self.counts[f"orders.{bought.channel}"] += 1
            self.counts[f"units.{bought.channel}"] += bought.units
            self.counts[f"amount_minor.{bought.channel}"] += bought.amount_minor

    def refused(self, what: str, code: str) -> None:
        """Count something the API said no to."""
        self.count(f"refused.{what}.{code}")

    def total(self, prefix: str) -> int:
        """Return the sum of the figures whose names begin so."""
        with self._lock:
            return sum(units for name, units in self.counts.items() if name.startswith(prefix))

    def as_json(self) -> dict[str, Any]:
        """Return every figure, nested by the parts of its name."""
        with self._lock:
            tree: dict[str, Any] = {}
            for name, amount in sorted(self.counts.items()):
                *above, last = name.split(".")
                branch = tree
                for part in above:
                    branch = branch.setdefault(part, {})
                branch[last] = amount
            return tree
