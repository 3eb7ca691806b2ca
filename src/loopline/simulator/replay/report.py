"""What a replay comes to: every figure, and every check with what was expected and what was found. Pure."""

from decimal import Decimal
from typing import Any

import msgspec

from loopline.channels.online_retail.census import Census
from loopline.channels.online_retail.model import LineClass

_MINOR_PER_POUND = 100
_THOUSANDTHS_PER_POUND = 1_000
SHARED_LINES_MIN_BASIS_POINTS = 200
SHARING_PARTIES_MIN = 5


class ReplayCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that must be so."""

    name: str
    expected: str
    found: str
    ok: bool


class Books(msgspec.Struct, frozen=True, kw_only=True):
    """What the database says after a replay. Amounts are in pence; `counts` are those of the replay's steps."""

    counts: dict[str, int]
    members: int
    sold_minor: int
    net_minor: int
    board_net_minor: int
    ledger_net_minor: int
    parties_paid: int
    movements: int
    postings: int
    events: int
    parcels: int
    split_orders: int
    refused_tasks: int
    parked_lines: int
    resourced_lines: int
    matched_returns: int
    partly_matched_returns: int
    blind_returns: int
    clawed_back_after_window: int
    doctor_ok: bool
    doctor_broken: tuple[str, ...]


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What the run itself took. `invoices` were replayed in this run, not in an earlier one that it went on from."""

    seconds: float
    peak_mib: float
    invoices: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of it."""

    census: Census
    books: Books
    run: Run
    checks: tuple[ReplayCheck, ...]

    @property
    def ok(self) -> bool:
        """Whether every check holds."""
        return all(check.ok for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """Return the figures for a machine; amounts of money are decimal numbers of pounds."""
        return {
            "ok": self.ok,
            "lines": self.census.line_count,
            "lines_by_class": {line_class.value: self.census.lines[line_class] for line_class in LineClass},
            "invoices": self.census.invoice_count,
            "members": self.books.members,
            "net_sales": _number(pounds(self.books.net_minor)),
            "net_sales_exact": _number(exact_pounds(self.census.amount_thousandths)),
            "rounding": _number(exact_pounds(_rounding_thousandths(self.census))),
            **_figures(self.books, self.run),
            "checks": [msgspec.to_builtins(check) for check in self.checks],
        }

    def figures_for_people(self) -> list[tuple[str, str]]:
        """Return the figures with their names, as a person reads them."""
        census = self.census
        told = [("lines", f"{census.line_count:,}")]
        told += [(f"  {line_class.value}", f"{census.lines[line_class]:,}") for line_class in LineClass]
        told += [
            ("invoices", f"{census.invoice_count:,}"),
            ("members", f"{self.books.members:,}"),
            ("sales less returns and adjustments", f"£{pounds(self.books.net_minor):,}"),
            ("  by the file, to the tenth of a penny", f"£{exact_pounds(census.amount_thousandths):,}"),
        ]
        told += [
            (
                f"  rounding of line {rounded.line} ({rounded.code})",
                f"£{exact_pounds(rounded.rounding_thousandths)}",
            )
            for rounded in census.rounded
        ]
        figures = _figures(self.books, self.run).items()
        return told + [(name.replace("_", " "), _spelt(value)) for name, value in figures]


def pounds(minor: int) -> Decimal:
    """Return pence as pounds."""
    return Decimal(minor) / _MINOR_PER_POUND


def exact_pounds(thousandths: int) -> Decimal:
    """Return thousandths of a pound as pounds."""
    return Decimal(thousandths) / _THOUSANDTHS_PER_POUND


def _number(amount: Decimal) -> msgspec.Raw:
    """A decimal as a JSON number, digit by digit."""
    return msgspec.Raw(str(amount).encode())


def _spelt(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}"


def _rounding_thousandths(census: Census) -> int:
    return sum(rounded.rounding_thousandths for rounded in census.rounded)


def _figures(books: Books, run: Run) -> dict[str, Any]:
    """Everything that is counted in the database, and what the run took."""
    return {
        "holds": books.counts.get("holds", 0),
        "parcels": books.parcels,
        "split_orders": books.split_orders,
        "parked_lines": books.parked_lines,
        "resourced_lines": books.resourced_lines,
        "offered_tasks": books.counts.get("offered_tasks", 0),
        "refused_tasks": books.refused_tasks,
        "matched_returns": books.matched_returns,
        "partly_matched_returns": books.partly_matched_returns,
        "blind_returns": books.blind_returns,
        "clawed_back_after_window": books.clawed_back_after_window,
        "parties_paid": books.parties_paid,
        "movements": books.movements,
        "postings": books.postings,
        "events": books.events,
        "seconds": round(run.seconds, 1),
        "peak_mib": round(run.peak_mib, 1),
        "doctor_ok": books.doctor_ok,
    }
