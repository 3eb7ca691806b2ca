"""What one look through the file tells the world before the replay starts: its goods, their prices, their pace.

A brand knows its catalogue and what it sells in an ordinary week. It does not know next Tuesday: replenishment during
the replay sees only what has been sold (see `demand.py`).
"""

from collections import Counter
from datetime import datetime
from typing import TypeVar

import msgspec

from loopline.channels.online_retail.model import CodeKind, Invoice, InvoiceKind, Line

DAYS_PER_WEEK = 7
Ordered = TypeVar("Ordered", int, str)

# One line of 80,995 units (sent back twelve minutes later) says nothing about an ordinary week.
UNITS_PER_LINE_MAX = 1_000


class SkuSurvey(msgspec.Struct, kw_only=True):
    """What the file says of one stock code that is goods. Units are what lines asked for, each line capped."""

    code: str
    first_at: datetime
    names: Counter[str] = msgspec.field(default_factory=Counter[str])
    prices: Counter[int] = msgspec.field(default_factory=Counter[int])
    units_asked: int = 0
    units_rung_up: int = 0

    @property
    def name(self) -> str:
        """The description most lines carry; the code where no priced line has one."""
        return _commonest(self.names, otherwise=self.code)

    @property
    def list_unit_minor(self) -> int:
        """The price most lines state; the lower of two as common."""
        return _commonest(self.prices, otherwise=0)


class Survey(msgspec.Struct, kw_only=True):
    """What the file says of the world as a whole."""

    skus: dict[str, SkuSurvey] = msgspec.field(default_factory=dict[str, SkuSurvey])
    # Where a member first ordered from: eight of them moved between countries.
    countries: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    first_at: datetime | None = None
    last_at: datetime | None = None

    @property
    def weeks(self) -> float:
        """How many weeks the file spans; at least one."""
        if self.first_at is None or self.last_at is None:
            return 1.0
        return max(1.0, (self.last_at - self.first_at).total_seconds() / 86_400 / DAYS_PER_WEEK)

    def add(self, invoice: Invoice) -> None:
        """Look at one invoice, in the file's order."""
        self.first_at = self.first_at or invoice.at
        self.last_at = invoice.at
        if invoice.member_code is not None:
            self.countries.setdefault(invoice.member_code, invoice.country)
        for line in invoice.lines:
            if line.code_kind is CodeKind.GOODS:
                self._add_goods(invoice, line)

    def _add_goods(self, invoice: Invoice, line: Line) -> None:
        sku = self.skus.get(line.code)
        if sku is None:
            sku = self.skus[line.code] = SkuSurvey(code=line.code, first_at=invoice.at)
        if invoice.kind is not InvoiceKind.SALE or line.units < 0:
            return
        if line.unit_minor > 0:
            sku.prices[line.unit_minor] += 1
            if line.description:
                sku.names[line.description] += 1
        if invoice.member_code is None:
            sku.units_rung_up += min(line.units, UNITS_PER_LINE_MAX)
        else:
            sku.units_asked += min(line.units, UNITS_PER_LINE_MAX)


def _commonest(counted: Counter[Ordered], *, otherwise: Ordered) -> Ordered:
    return min(counted, key=lambda value: (-counted[value], value), default=otherwise)
