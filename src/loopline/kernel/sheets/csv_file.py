"""CSV: UTF-8 or GB 18030 text, separated by commas, semicolons or tabs, as spreadsheets write it."""

import csv
import io
from collections.abc import Iterator

from loopline.kernel.refusals import Refused
from loopline.kernel.sheets.table import Cell, FileUnreadable, OddCell, Oddity, Row

_ENCODINGS = ("utf-8-sig", "gb18030")
_SEPARATORS = (",", ";", "\t")


def read_csv(content: bytes) -> Iterator[Row]:
    """Yield the rows of a CSV file; raises `Refused` where it is none.

    A row's line is the one it starts in, though a quoted cell may span several.
    """
    text = decode(content)
    first_line = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        for cells in reader:
            yield Row(line=line, cells=[_cell(cell) for cell in cells])
            line = reader.line_num + 1
    except csv.Error as error:
        raise Refused(FileUnreadable(kind="CSV", detail=f"line {line}: {error}")) from error


def decode(content: bytes) -> str:
    """Return a file's text without a mark at its beginning; raises `Refused` where it is none."""
    if b"\x00" in content:
        raise Refused(FileUnreadable(kind="CSV", detail="it holds binary data"))
    for encoding in _ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused(FileUnreadable(kind="CSV", detail="it is neither UTF-8 nor GB 18030"))


def _cell(text: str) -> Cell:
    stripped = text.strip()
    # What a spreadsheet would run as a formula once it is written to a file again.
    return OddCell(kind=Oddity.FORMULA, text=stripped) if stripped.startswith("=") else stripped
