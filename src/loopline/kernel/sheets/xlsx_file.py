"""XLSX: the first visible sheet of a workbook, with limits, because an archive can unpack to anything."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from loopline.kernel.refusals import Refused
from loopline.kernel.sheets.table import (
    COLUMNS_MAX,
    ROWS_MAX,
    Cell,
    FileEmpty,
    FileUnpacksTooBig,
    FileUnreadable,
    OddCell,
    Oddity,
    Row,
    TooManyColumns,
    TooManyRows,
)

UNPACKED_BYTES_MAX = 128 * 1024 * 1024
PARTS_MAX = 1_000
_CHUNK_BYTES = 1024 * 1024
# What a sheet can have at most; the reader makes up every blank row before a row that claims to lie further down.
_SHEET_ROWS_MAX = 1_048_576
# Rows with nothing but formats beyond the last column are taken, but not a sheet full of them: each is unfolded.
_WIDE_ROWS_MAX = 1_000
# Number formats that show a whole number as its digits and nothing else.
_PLAIN_FORMATS = frozenset({"General", "0", "@"})
# A double holds whole numbers exactly up to here; a spreadsheet has lost digits of longer ones already.
_WHOLE_MAX = 10**15
# What the reader raises on files that only look like workbooks.
_UNREADABLE = (
    InvalidFileException,
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    RuntimeError,
    TypeError,
    ValueError,
)


def read_xlsx(content: bytes) -> Iterator[Row]:
    """Yield the rows of the first visible sheet; raises `Refused` where the file is no workbook or a hostile one.

    A cell's kind is kept: formulas, dates, error values, decimals and numbers that are shown otherwise than they are
    kept (leading zeros by format) come as odd cells, so that no column takes them for what they are not.
    """
    try:
        _look_into(content)
        yield from _rows(content)
    except _UNREADABLE as error:
        raise Refused(FileUnreadable(kind="XLSX", detail=_detail(error))) from error


def _detail(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__


def _look_into(content: bytes) -> None:
    """Unpack every part once, keeping none, before a reader that keeps everything sees the file.

    What the archive says of its sizes is not believed: it is counted. Document types are refused, since no workbook
    has one and entities are how a small text becomes a huge one.
    """
    too_big = Refused(
        FileUnpacksTooBig(mebibytes_max=UNPACKED_BYTES_MAX // (1024 * 1024), parts_max=PARTS_MAX)
    )
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        if len(parts) > PARTS_MAX or sum(part.file_size for part in parts) > UNPACKED_BYTES_MAX:
            raise too_big
        unpacked = 0
        for part in parts:
            tail = b""
            with archive.open(part) as opened:
                while chunk := opened.read(_CHUNK_BYTES):
                    unpacked += len(chunk)
                    if unpacked > UNPACKED_BYTES_MAX:
                        raise too_big
                    if b"<!DOCTYPE" in tail + chunk:
                        raise Refused(FileUnreadable(kind="XLSX", detail="it declares a document type"))
                    tail = chunk[-16:]


def _rows(content: bytes) -> Iterator[Row]:
    workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
    try:
        visible = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
        if not visible:
            raise Refused(FileEmpty())
        yield from _rows_of(visible[0])
    finally:
        workbook.close()


def _rows_of(sheet: Any) -> Iterator[Row]:
    """Yield the rows that hold something, whatever the sheet says of its own size; nothing is passed over silently."""
    # A sheet may say that it is smaller than it is, and the reader would leave out the rest.
    sheet.reset_dimensions()
    wide = 0
    for line, row in enumerate(sheet.iter_rows(min_row=1), start=1):
        if line > _SHEET_ROWS_MAX:
            raise Refused(TooManyRows(rows_max=ROWS_MAX))
        if not row:
            continue
        if len(row) > COLUMNS_MAX:
            wide += 1
            if wide > _WIDE_ROWS_MAX or any(cell.value is not None for cell in row[COLUMNS_MAX:]):
                raise Refused(TooManyColumns(columns_max=COLUMNS_MAX))
        found = [_cell(cell) for cell in row[:COLUMNS_MAX]]
        while found and not found[-1]:
            found.pop()
        if found:
            yield Row(line=line, cells=found)


def _cell(cell: Any) -> Cell:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value, number_format=cell.number_format)
    oddity = _oddity(value, data_type=cell.data_type)
    text = str(value).strip()
    if oddity is not None:
        return OddCell(kind=oddity, text=text.lower() if oddity is Oddity.BOOLEAN else text)
    return text


def _oddity(value: object, *, data_type: str) -> Oddity | None:
    if data_type == "e":
        return Oddity.ERROR
    if isinstance(value, bool):
        return Oddity.BOOLEAN
    if isinstance(value, date | time | timedelta):
        return Oddity.DATE
    # Text that starts like a formula would run as one once it is written to a file again.
    return Oddity.FORMULA if data_type == "f" or str(value).lstrip().startswith("=") else None


def _number(value: float, *, number_format: str) -> Cell:
    if value != int(value) or abs(value) >= _WHOLE_MAX:
        return OddCell(kind=Oddity.DECIMAL, text=str(value))
    if number_format not in _PLAIN_FORMATS:
        return OddCell(kind=Oddity.FORMATTED, text=str(int(value)))
    return str(int(value))
