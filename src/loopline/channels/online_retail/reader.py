"""Reads an invoice file (plain CSV or gzip) invoice by invoice, in time order, with small memory.

The layout is that of the UCI "Online Retail" set. A file that is not of it is refused at the first line
that shows it: line, field, reason. Nothing is skipped and nothing is guessed.
"""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import msgspec

from loopline.channels.online_retail.classification import Misfit, classify, kind_of_code
from loopline.channels.online_retail.countries import COUNTRY_CODES
from loopline.channels.online_retail.model import CodeKind, Invoice, InvoiceKind, Line
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.times import zone

HEADER = [
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
]
RETAILER_ZONE = "Europe/London"
GZIP_MAGIC = b"\x1f\x8b"
# An invoice whose lines carry two time stamps spans a minute. It is complete once the file is past this.
COMPLETE_AFTER = timedelta(minutes=10)

_NUMBER = re.compile(r"[AC]?[0-9]{4,9}")
_CODE = re.compile(r"[A-Za-z0-9_. ]{1,20}")
_UNITS = re.compile(r"-?[0-9]{1,9}")
_PRICE = re.compile(r"(-?)([0-9]{1,9})(?:\.([0-9]{1,3}))?")
_AT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_MEMBER = re.compile(r"([0-9]{1,12})(?:\.0)?")


class NotThisLayout(Refusal, frozen=True, kw_only=True):
    """Line {line}, field {field}: {reason}."""

    line: int
    field: str
    reason: str


class _Parsed(msgspec.Struct, frozen=True, gc=False):
    """What a line says about its invoice, and the line itself."""

    number: str
    kind: InvoiceKind
    at: datetime
    member_code: str | None
    country: str
    line: Line


class _OpenInvoice(msgspec.Struct):
    """An invoice that may still get lines."""

    first: _Parsed
    last_at: datetime
    lines: list[Line]


def read_invoices(path: Path) -> Iterator[Invoice]:
    """Yield the invoices of a file in the order of their first lines, which is time order.

    Holds the invoices of ten minutes of the file's time. Raises Refused(NotThisLayout).
    """
    opened: dict[str, _OpenInvoice] = {}
    complete: set[str] = set()
    newest: datetime | None = None
    for parsed in _read_lines(path):
        if newest is None or parsed.at > newest:
            newest = parsed.at
            yield from _complete(opened, complete, before=newest - COMPLETE_AFTER)
        elif parsed.at < newest - COMPLETE_AFTER:
            raise _refused(parsed.line.number, "InvoiceDate", "lines must be in time order")
        invoice = opened.get(parsed.number)
        if invoice is not None:
            _check_same_invoice(invoice.first, parsed)
            invoice.lines.append(parsed.line)
            invoice.last_at = max(invoice.last_at, parsed.at)
        elif parsed.number in complete:
            reason = (
                f"invoice {parsed.number} was over more than {COMPLETE_AFTER.seconds // 60} minutes before"
            )
            raise _refused(parsed.line.number, "InvoiceNo", reason)
        else:
            opened[parsed.number] = _OpenInvoice(first=parsed, last_at=parsed.at, lines=[parsed.line])
    yield from map(_close, opened.values())


def _complete(opened: dict[str, _OpenInvoice], complete: set[str], *, before: datetime) -> Iterator[Invoice]:
    """Take out and yield invoices at the head that get no more lines; later ones wait for those before."""
    while opened:
        number, invoice = next(iter(opened.items()))
        if invoice.last_at >= before:
            return
        del opened[number]
        complete.add(number)
        yield _close(invoice)


def _close(invoice: _OpenInvoice) -> Invoice:
    first = invoice.first
    return Invoice(
        number=first.number,
        kind=first.kind,
        at=first.at,
        member_code=first.member_code,
        country=first.country,
        lines=tuple(invoice.lines),
    )


def _check_same_invoice(first: _Parsed, other: _Parsed) -> None:
    if other.member_code != first.member_code:
        raise _refused(other.line.number, "CustomerID", f"invoice {first.number} has another customer before")
    if other.country != first.country:
        raise _refused(other.line.number, "Country", f"invoice {first.number} has another country before")


def _read_lines(path: Path) -> Iterator[_Parsed]:
    number = 1
    try:
        with _open_text(path) as text:
            rows = csv.reader(text, strict=True)
            _check_header(next(rows, list[str]()))
            parser = _LineParser()
            for number, row in enumerate(rows, start=2):
                yield parser.parse(number, row)
    except UnicodeDecodeError as error:
        raise _refused(number + 1, "file", f"the text is not UTF-8 ({error.reason})") from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _refused(number + 1, "file", f"the compressed file is damaged or cut off ({error})") from error
    except csv.Error as error:
        raise _refused(number + 1, "file", f"not CSV ({error})") from error


def _open_text(path: Path) -> IO[str]:
    """Open the file as text, unpacking it when its first two bytes say gzip, whatever its name says."""
    with path.open("rb") as probe:
        is_gzip = probe.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    if is_gzip:
        return io.TextIOWrapper(gzip.open(path), encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _check_header(row: list[str]) -> None:
    if not row:
        raise _refused(1, "file", "the file is empty")
    for position, expected in enumerate(HEADER):
        found = row[position] if position < len(row) else "nothing"
        if found != expected:
            raise _refused(1, expected, f"column {position + 1} must be {expected}, found {found!r}")
    if len(row) > len(HEADER):
        raise _refused(1, row[len(HEADER)], "there is a column too many")


class _LineParser:
    """Parses lines, remembering what it has seen: most codes, prices and customers come back many times."""

    def __init__(self) -> None:
        self._codes: dict[str, tuple[str, CodeKind]] = {}
        self._prices: dict[str, int] = {}
        self._members: dict[str, str | None] = {"": None}
        self._numbers: dict[str, InvoiceKind] = {}
        self._moment: tuple[str, datetime] = ("", datetime.min.replace(tzinfo=UTC))

    def parse(self, line_number: int, row: list[str]) -> _Parsed:
        if len(row) != len(HEADER):
            raise _refused(line_number, "line", f"{len(HEADER)} fields expected, found {len(row)}")
        number, raw_code, description, raw_units, raw_at, raw_price, raw_member, raw_country = row
        try:
            kind = self._numbers.get(number) or self._parse_number(number)
            code, code_kind = self._codes.get(raw_code) or self._parse_code(raw_code)
            at = self._moment[1] if raw_at == self._moment[0] else self._parse_moment(raw_at)
            price = self._prices[raw_price] if raw_price in self._prices else self._parse_price(raw_price)
            member = (
                self._members[raw_member] if raw_member in self._members else self._parse_member(raw_member)
            )
            units = _parse_units(raw_units)
            country = COUNTRY_CODES.get(raw_country) or _no_country(raw_country)
            _check_text(description)
            line_class = classify(
                kind, code_kind, has_member=member is not None, units=units, price_thousandths=price
            )
        except Misfit as misfit:
            raise _refused(line_number, misfit.field, misfit.reason) from misfit
        line = Line(
            number=line_number,
            line_class=line_class,
            code_kind=code_kind,
            code=code,
            description=description.strip(),
            units=units,
            price_thousandths=price,
        )
        return _Parsed(number, kind, at, member, country, line)

    def _parse_number(self, raw: str) -> InvoiceKind:
        if not _NUMBER.fullmatch(raw):
            raise Misfit("InvoiceNo", f"{raw!r} is no invoice number (digits, or C or A and digits)")
        # Only the invoice at hand comes back; a year of numbers need not be kept.
        self._numbers.clear()
        kinds = {"C": InvoiceKind.RETURN, "A": InvoiceKind.LEDGER}
        self._numbers[raw] = kind = kinds.get(raw[0], InvoiceKind.SALE)
        return kind

    def _parse_code(self, raw: str) -> tuple[str, CodeKind]:
        code = raw.strip().upper()
        if not code or not _CODE.fullmatch(raw):
            raise Misfit("StockCode", f"{raw!r} is no stock code")
        self._codes[raw] = found = (code, kind_of_code(code))
        return found

    def _parse_moment(self, raw: str) -> datetime:
        """Read the retailer's wall clock. Of an hour that clocks show twice in October the first is meant."""
        try:
            local = datetime.fromisoformat(raw) if _AT.fullmatch(raw) else None
        except ValueError:
            local = None
        if local is None:
            raise Misfit("InvoiceDate", f"{raw!r} is no moment (YYYY-MM-DD HH:MM:SS)")
        at = local.replace(tzinfo=zone(RETAILER_ZONE)).astimezone(UTC)
        self._moment = (raw, at)
        return at

    def _parse_price(self, raw: str) -> int:
        match = _PRICE.fullmatch(raw)
        if not match:
            raise Misfit("UnitPrice", f"{raw!r} is no price with at most three decimals")
        sign, pounds, decimals = match.groups()
        thousandths = int(pounds) * 1000 + int((decimals or "0").ljust(3, "0"))
        self._prices[raw] = price = -thousandths if sign else thousandths
        return price

    def _parse_member(self, raw: str) -> str:
        match = _MEMBER.fullmatch(raw)
        if not match:
            raise Misfit("CustomerID", f"{raw!r} is no customer number")
        # The set was exported through floating point: 17850.0 is customer 17850.
        self._members[raw] = member = match[1]
        return member


def _no_country(raw: str) -> str:
    raise Misfit("Country", f"{raw!r} is no country of this retailer")


def _check_text(raw: str) -> None:
    if "\0" in raw:
        raise Misfit("Description", "the text holds a NUL character")


def _parse_units(raw: str) -> int:
    if not _UNITS.fullmatch(raw):
        raise Misfit("Quantity", f"{raw!r} is no whole number")
    return int(raw)


def _refused(line: int, field: str, reason: str) -> Refused:
    return Refused(NotThisLayout(line=line, field=field, reason=reason))
