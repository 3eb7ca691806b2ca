"""A sheet of what was counted, as a counting company or somebody with a spreadsheet hands it over, read strictly. Pure.

One row a site and SKU: `site_code`, `sku_code` (or `gtin`), `units`, and where it is known `counted_at`. The sheet is
taken whole or not at all: of what is wrong the first is named by line, column and reason, and how much more there is.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from loopline.kernel.refusals import Refusal, Refused, Why
from loopline.kernel.sheets.csv_file import read_csv
from loopline.kernel.sheets.table import (
    FILE_BYTES_MAX,
    Cell,
    FileEmpty,
    FileKindUnknown,
    FileTooBig,
    OddCell,
    Oddity,
    Row,
    counted,
)
from loopline.kernel.sheets.xlsx_file import read_xlsx

UNITS_MAX = 10_000_000
_WHOLE = re.compile(r"[0-9]{1,8}")
_MOMENT = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})[ T](\d{1,2}):(\d{2})(?::(\d{2}))?")


class Column(StrEnum):
    """What a column of the sheet holds."""

    SITE = "site_code"
    SKU = "sku_code"
    UNITS = "units"
    AT = "counted_at"


_HEADINGS: Mapping[str, Column] = {
    "site_code": Column.SITE,
    "网点编码": Column.SITE,
    "sku_code": Column.SKU,
    "gtin": Column.SKU,
    "商品编码": Column.SKU,
    "条码": Column.SKU,
    "units": Column.UNITS,
    "数量": Column.UNITS,
    "counted_at": Column.AT,
    "盘点时间": Column.AT,
}
_MAY_BE: Mapping[Column, Oddity] = {Column.AT: Oddity.DATE, Column.UNITS: Oddity.FORMATTED}
"""Kinds of cells of a workbook, beside text and plain whole numbers, that a column may have."""
_NEEDED = (Column.SITE, Column.SKU, Column.UNITS)


class CountWhy(Why):
    """What is wrong with a cell or a row of a sheet of counts."""

    BLANK = "it is blank"
    NO_UNITS = "a whole number from 0 on is wanted"
    NO_MOMENT = "a day and a time are wanted, as 2026-11-30 14:05"
    ODD = "formulas, error values and the like are not taken"
    SITE_UNKNOWN = "there is no such site, or it is not yours"
    SKU_UNKNOWN = "nobody knows this SKU"
    TWICE = "the same SKU stands there twice for this site"
    NO_SHELF = "this site keeps no stock of its own"
    AHEAD = "it lies ahead"


class CountFault(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a sheet, and where."""

    line: int
    column: str
    value: str
    why: CountWhy


class CountSheetWrong(Refusal, frozen=True, kw_only=True):
    """Line {line}, column {column}: {why} ("{value}"). Nothing of the sheet was taken in. Further faults: {more}."""

    line: int
    column: str
    value: str
    why: CountWhy
    more: int


class CountColumnsMissing(Refusal, frozen=True, kw_only=True):
    """The first row must name the columns {columns}."""

    columns: str


class CountedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row as it is read: how many units of a SKU are at a site, and when that was seen, in the site's time."""

    line: int
    site_code: str
    sku_code: str
    units: int
    seen_at: datetime | None = None


def refusal_of_faults(faults: Sequence[CountFault]) -> CountSheetWrong:
    """Say what is wrong first, and how much more there is."""
    first = min(faults, key=lambda one: one.line)
    return CountSheetWrong(
        line=first.line, column=first.column, value=first.value[:80], why=first.why, more=len(faults) - 1
    )


def read_count_sheet(content: bytes, *, file_name: str) -> list[CountedRow] | Refusal:
    """Read a CSV or XLSX sheet, whole; its name says which. Moments are naive: the site's own clock."""
    if len(content) > FILE_BYTES_MAX:
        return FileTooBig(mebibytes_max=FILE_BYTES_MAX // (1024 * 1024))
    ending = file_name.lower().rpartition(".")[2]
    if ending not in {"csv", "xlsx"}:
        return FileKindUnknown(file_name=file_name)
    try:
        return _read(counted(read_xlsx(content) if ending == "xlsx" else read_csv(content)))
    except Refused as refused:
        return refused.refusal


def _read(rows: Iterator[Row]) -> list[CountedRow] | Refusal:
    head = next(rows, None)
    if head is None:
        return FileEmpty()
    places: dict[Column, int] = {}
    for place, cell in enumerate(head.cells):
        column = _HEADINGS.get(_text(cell).strip().lower())
        if column is not None:
            places.setdefault(column, place)
    if missing := [column.value for column in _NEEDED if column not in places]:
        return CountColumnsMissing(columns=", ".join(missing))
    faults: list[CountFault] = []
    read = [one for row in rows if (one := _row(row, places, faults)) is not None]
    if faults:
        return refusal_of_faults(faults)
    return read or FileEmpty()


def _row(row: Row, places: Mapping[Column, int], faults: list[CountFault]) -> CountedRow | None:
    before = len(faults)
    said: dict[Column, str] = {}
    for column, place in places.items():
        cell = row.cells[place] if place < len(row.cells) else ""
        if isinstance(cell, OddCell) and cell.kind is not _MAY_BE.get(column):
            faults.append(CountFault(line=row.line, column=column.value, value=cell.text, why=CountWhy.ODD))
            continue
        said[column] = _text(cell).strip()
    faults += [
        CountFault(line=row.line, column=column.value, value="", why=CountWhy.BLANK)
        for column in _NEEDED
        if said.get(column) == ""
    ]
    units = said.get(Column.UNITS, "")
    if units and (not _WHOLE.fullmatch(units) or int(units) > UNITS_MAX):
        faults.append(
            CountFault(line=row.line, column=Column.UNITS.value, value=units, why=CountWhy.NO_UNITS)
        )
    seen_at = _moment(said.get(Column.AT, ""), row.line, faults)
    if len(faults) > before:
        return None
    return CountedRow(
        line=row.line,
        site_code=said[Column.SITE],
        sku_code=said[Column.SKU],
        units=int(units),
        seen_at=seen_at,
    )


def _moment(text: str, line: int, faults: list[CountFault]) -> datetime | None:
    if not text:
        return None
    found = _MOMENT.fullmatch(text)
    try:
        if found is not None:
            year, month, day, hour, minute, second = (int(part) for part in found.groups(default="0"))
            at = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the site's clock
            # Ids cannot write down what lies before 1970, zones not what is at the end of all years.
            if 2000 <= year < 2100:
                return at
    except ValueError:
        pass
    faults.append(CountFault(line=line, column=Column.AT.value, value=text, why=CountWhy.NO_MOMENT))
    return None


def _text(cell: Cell) -> str:
    return cell.text if isinstance(cell, OddCell) else cell
