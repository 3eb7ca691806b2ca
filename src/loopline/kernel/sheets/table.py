"""What a file is once read: rows of cells with the line they stand in; and why a file as a whole is refused."""

from collections.abc import Iterator, Sequence
from enum import StrEnum

import msgspec

from loopline.kernel.refusals import Refusal, Refused

FILE_BYTES_MAX = 32 * 1024 * 1024
ROWS_MAX = 200_000
COLUMNS_MAX = 64


class Oddity(StrEnum):
    """A kind of cell that is neither text nor a plain whole number."""

    FORMULA = "formula"
    ERROR = "error"
    DATE = "date"
    BOOLEAN = "boolean"
    DECIMAL = "decimal number"
    FORMATTED = "number that is shown otherwise than it is kept"


class OddCell(msgspec.Struct, frozen=True, kw_only=True):
    """A cell whose kind matters; `text` is for the report."""

    kind: Oddity
    text: str


Cell = str | OddCell
"""Text as it stands, or the digits of a plain whole number; blank is the empty string."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row with the line it starts in, counted from 1 as people see it."""

    line: int
    cells: Sequence[Cell]


class FileTooBig(Refusal, frozen=True, kw_only=True):
    """The file is too big to read at once: at most {mebibytes_max} MiB."""

    mebibytes_max: int


class FileUnpacksTooBig(Refusal, frozen=True, kw_only=True):
    """The file unpacks to more than {mebibytes_max} MiB or {parts_max} parts: it looks made to exhaust the machine."""

    mebibytes_max: int
    parts_max: int


class TooManyRows(Refusal, frozen=True, kw_only=True):
    """The file has more than {rows_max} rows; split it."""

    rows_max: int


class TooManyColumns(Refusal, frozen=True, kw_only=True):
    """The file has more than {columns_max} columns."""

    columns_max: int


class FileUnreadable(Refusal, frozen=True, kw_only=True):
    """The file cannot be read as {kind}: {detail}."""

    kind: str
    detail: str


class FileKindUnknown(Refusal, frozen=True, kw_only=True):
    """{file_name} is neither a .csv nor an .xlsx file."""

    file_name: str


class FileEmpty(Refusal, frozen=True, kw_only=True):
    """The file has no row with the names of its columns."""


def counted(rows: Iterator[Row]) -> Iterator[Row]:
    """Pass rows on that are not blank; raises `Refused` for too many rows or columns."""
    for count, row in enumerate((row for row in rows if any(row.cells)), start=0):
        if count > ROWS_MAX:
            raise Refused(TooManyRows(rows_max=ROWS_MAX))
        if len(row.cells) > COLUMNS_MAX:
            raise Refused(TooManyColumns(columns_max=COLUMNS_MAX))
        yield row
