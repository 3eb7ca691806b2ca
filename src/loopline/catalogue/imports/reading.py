"""One file, read: the rows that could be read and the rows that could not."""

from collections.abc import Iterator

import msgspec

from loopline.catalogue.imports.columns import ReadRow, RefusedRow, read_header, read_row
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.sheets.csv_file import read_csv
from loopline.kernel.sheets.table import FILE_BYTES_MAX, FileKindUnknown, FileTooBig, Row, counted
from loopline.kernel.sheets.xlsx_file import read_xlsx


class ReadFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says, row by row, and what nobody could read in it."""

    rows: tuple[ReadRow, ...]
    unreadable: tuple[RefusedRow, ...]


def read_file(content: bytes, *, file_name: str) -> ReadFile | Refusal:
    """Read a CSV or XLSX file; what kind it is, its name says."""
    if len(content) > FILE_BYTES_MAX:
        return FileTooBig(mebibytes_max=FILE_BYTES_MAX // (1024 * 1024))
    ending = file_name.lower().rpartition(".")[2]
    if ending not in {"csv", "xlsx"}:
        return FileKindUnknown(file_name=file_name)
    try:
        lines = read_xlsx(content) if ending == "xlsx" else read_csv(content)
        return _read_rows(counted(lines), pads=ending == "xlsx")
    except Refused as refused:
        return refused.refusal


def _read_rows(lines: Iterator[Row], *, pads: bool) -> ReadFile | Refusal:
    header = read_header(next(lines, None))
    if isinstance(header, Refusal):
        return header
    outcomes = [read_row(row, header=header, pads=pads) for row in lines]
    return ReadFile(
        rows=tuple(row for row in outcomes if isinstance(row, ReadRow)),
        unreadable=tuple(row for row in outcomes if isinstance(row, RefusedRow)),
    )
