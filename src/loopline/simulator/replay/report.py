"""What a replay comes to: every figure, and every check with what was expected and what was found. Pure."""

from decimal import Decimal
from typing import Any

import msgspec

from loopline.channels.online_retail.census import Census
from loopline.channels.online_retail.model import THOUSANDTHS_PER_MINOR, LineClass

Figure = int | str | Decimal

_MINOR_PER_POUND = 100
_THOUSANDTHS_PER_POUND = 1_000
_BASIS_POINTS = 10_000
WAITING_LINES_BASIS_POINTS_MIN = 200
PARTIES_SHARING_MIN = 6
REFUSED_BASIS_POINTS_RANGE = (200, 400)
# Of fewer tasks, or lines, a share says nothing.
TASKS_MIN = 1_000

# What is published about the whole year, told by its first and last invoice.
YEAR = ("536365", "581587")
YEAR_LINES = 541_909
YEAR_INVOICES = 25_900
YEAR_MEMBERS = 4_372
YEAR_THOUSANDTHS = 9_747_747_934


class ReplayCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that must be so."""

    name: str
    expected: str
    found: str
    ok: bool


class Money(msgspec.Struct, frozen=True, kw_only=True):
    """Sales less returns and adjustments in pence, as the boards and as the ledger have it.

    The ledger's is the cash there is and what is owed to us; all its accounts together come to `ledger_sum_minor`.
    """

    board_minor: int
    ledger_minor: int
    ledger_sum_minor: int


class Books(msgspec.Struct, frozen=True, kw_only=True):
    """What the database says after a replay; `counts` are those of the replay's own steps."""

    counts: dict[str, int]
    members: int
    money: Money
    parties_sharing: int
    movements: int
    postings: int
    events: int
    parcels: int
    split_orders: int
    refused_tasks: int
    parked_lines: int
    resourced_lines: int
    parked_or_resourced_lines: int
    matched_returns: int
    partly_matched_returns: int
    blind_returns: int
    doctor_ok: bool
    doctor_broken: tuple[str, ...]


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What the run itself took."""

    seconds: float
    peak_mib: float


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
            "net_sales": _number(pounds(self.books.money.ledger_minor)),
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
            ("sales less returns and adjustments", f"£{pounds(self.books.money.ledger_minor):,}"),
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


def check_replay(census: Census, books: Books) -> tuple[ReplayCheck, ...]:
    """Compare what the database says with what the file says, and with what must be so in any case."""
    money = books.money
    checks = [
        _equal(f"lines: {one.value}", census.lines[one], books.counts.get(one.value, 0)) for one in LineClass
    ]
    checks += [
        _equal("invoices", census.invoice_count, books.counts.get("invoices", 0)),
        _equal("members", len(census.members), books.members),
        _equal("sales by the ledger", pounds(census.amount_minor), pounds(money.ledger_minor)),
        _equal("sales by the boards", pounds(census.amount_minor), pounds(money.board_minor)),
        _equal(
            "sales to the tenth of a penny, with their rounding",
            exact_pounds(census.amount_thousandths + _rounding_thousandths(census)),
            exact_pounds(money.ledger_minor * THOUSANDTHS_PER_MINOR),
        ),
        _equal("the ledger's accounts sum to", 0, money.ledger_sum_minor),
        _equal(
            "returned lines, matched, partly matched or blind",
            census.lines[LineClass.RETURN_GOODS]
            + census.lines[LineClass.RETURN_CHARGE]
            + census.lines[LineClass.RETURN_VOUCHER],
            books.matched_returns + books.partly_matched_returns + books.blind_returns,
        ),
        _at_least("parties that share", PARTIES_SHARING_MIN, books.parties_sharing),
        _equal("broken checks of doctor", "none", ", ".join(books.doctor_broken) or "none"),
    ]
    offered = books.counts.get("offered_tasks", 0)
    if offered >= TASKS_MIN:
        low, high = REFUSED_BASIS_POINTS_RANGE
        refused = books.refused_tasks * _BASIS_POINTS // offered
        checks += [
            _at_least(
                "parked or re-sourced lines", _share(census.line_count), books.parked_or_resourced_lines
            ),
            _check("refused tasks in ten thousand", f"{low} to {high}", refused, ok=low <= refused <= high),
        ]
    return (*checks, *_check_year(census))


def _check_year(census: Census) -> list[ReplayCheck]:
    """The whole year is known: what was read must be it."""
    if (census.first_invoice, census.last_invoice) != YEAR:
        return []
    return [
        _equal("lines of the year", YEAR_LINES, census.line_count),
        _equal("invoices of the year", YEAR_INVOICES, census.invoice_count),
        _equal("members of the year", YEAR_MEMBERS, len(census.members)),
        _equal("sales of the year", exact_pounds(YEAR_THOUSANDTHS), exact_pounds(census.amount_thousandths)),
    ]


def _share(lines: int) -> int:
    return lines * WAITING_LINES_BASIS_POINTS_MIN // _BASIS_POINTS


def _equal(name: str, expected: Figure, found: Figure) -> ReplayCheck:
    return _check(name, _spelt(expected), found, ok=expected == found)


def _at_least(name: str, expected: int, found: int) -> ReplayCheck:
    return _check(name, f"at least {_spelt(expected)}", found, ok=found >= expected)


def _check(name: str, expected: str, found: Figure, *, ok: bool) -> ReplayCheck:
    return ReplayCheck(name=name, expected=expected, found=_spelt(found), ok=ok)


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
    return value if isinstance(value, str) else f"{value:,}"


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
        "parked_or_resourced_lines": books.parked_or_resourced_lines,
        "offered_tasks": books.counts.get("offered_tasks", 0),
        "refused_tasks": books.refused_tasks,
        "matched_returns": books.matched_returns,
        "partly_matched_returns": books.partly_matched_returns,
        "blind_returns": books.blind_returns,
        "parties_sharing": books.parties_sharing,
        "movements": books.movements,
        "postings": books.postings,
        "events": books.events,
        "seconds": round(run.seconds, 1),
        "peak_mib": round(run.peak_mib, 1),
        "doctor_ok": books.doctor_ok,
    }
