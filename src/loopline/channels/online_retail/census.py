"""Counts an invoice file: what a replay of it must account for, to the line and to the tenth of a penny."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from loopline.channels.online_retail.model import (
    THOUSANDTHS_PER_MINOR,
    CodeKind,
    Invoice,
    InvoiceKind,
    Line,
    LineClass,
)


class RoundedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line whose exact amount is no whole number of pence, and by how much the books differ from it."""

    line: int
    invoice: str
    code: str
    amount_thousandths: int
    amount_minor: int

    @property
    def rounding_thousandths(self) -> int:
        """What rounding added: books less file."""
        return self.amount_minor * THOUSANDTHS_PER_MINOR - self.amount_thousandths


class Census(msgspec.Struct, kw_only=True):
    """What was counted. Amounts are signed as in the file: returns are negative."""

    invoices: Counter[InvoiceKind] = msgspec.field(default_factory=Counter[InvoiceKind])
    lines: Counter[LineClass] = msgspec.field(default_factory=Counter[LineClass])
    units: Counter[LineClass] = msgspec.field(default_factory=Counter[LineClass])
    amounts_minor: Counter[LineClass] = msgspec.field(default_factory=Counter[LineClass])
    amount_thousandths: int = 0
    rounded: list[RoundedLine] = msgspec.field(default_factory=list[RoundedLine])
    members: set[str] = msgspec.field(default_factory=set[str])
    goods_codes: set[str] = msgspec.field(default_factory=set[str])
    first_invoice: str = ""
    last_invoice: str = ""

    @property
    def line_count(self) -> int:
        """All lines, each of exactly one class."""
        return sum(self.lines.values())

    @property
    def invoice_count(self) -> int:
        """All invoices; an invoice is its number."""
        return sum(self.invoices.values())

    @property
    def amount_minor(self) -> int:
        """What the books must come to: every line rounded to pence."""
        return sum(self.amounts_minor.values())

    def add(self, invoice: Invoice) -> None:
        """Count one invoice."""
        self.invoices[invoice.kind] += 1
        self.first_invoice = self.first_invoice or invoice.number
        self.last_invoice = invoice.number
        if invoice.member_code is not None:
            self.members.add(invoice.member_code)
        for line in invoice.lines:
            self._add_line(invoice, line)

    def _add_line(self, invoice: Invoice, line: Line) -> None:
        line_class, amount_minor = line.line_class, line.amount_minor
        self.lines[line_class] += 1
        self.units[line_class] += line.units
        self.amounts_minor[line_class] += amount_minor
        self.amount_thousandths += line.amount_thousandths
        if line.code_kind is CodeKind.GOODS:
            self.goods_codes.add(line.code)
        if amount_minor * THOUSANDTHS_PER_MINOR != line.amount_thousandths:
            self.rounded.append(
                RoundedLine(
                    line=line.number,
                    invoice=invoice.number,
                    code=line.code,
                    amount_thousandths=line.amount_thousandths,
                    amount_minor=amount_minor,
                )
            )


def take_census(invoices: Iterable[Invoice]) -> Census:
    """Count invoices in one pass."""
    census = Census()
    for invoice in invoices:
        census.add(invoice)
    return census
