"""Sheets: what a list shows, as XLSX to take along. Texts are texts, whatever they begin with: no formula, no link.

A sheet is written row by row while the list is read, and sent from a file of its own: however long it is, no more of it
than a page of the list and a row of the sheet stands in memory.
"""

import io
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import IO, Any, TypeAlias

import msgspec
import xlsxwriter  # pyright: ignore[reportMissingTypeStubs]
from babel.numbers import get_currency_precision
from litestar import Response
from litestar.response import Stream

from loopline.db import Conn
from loopline.kernel.times import zone
from loopline.web.api.answers import AnyRequest
from loopline.web.edge import edge_of, language_of
from loopline.web.written import Written

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OPTIONS: dict[str, Any] = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
"""How a workbook is opened so that nothing that people typed is run, and no more than a row is kept."""
MOMENT = "yyyy-mm-dd hh:mm"
"""How a column shows moments."""
ROWS_MOST = 10_000
"""Rows of a list in a sheet."""
ROWS_A_PAGE = 2_000
"""Rows of a list that are read at a time for a sheet."""

Cell: TypeAlias = str | int | Decimal | datetime | None
"""A text, a number, a moment as clocks show it (without a zone), or nothing."""


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column: its head, how wide it is in characters, and how its numbers are shown (as Excel spells it)."""

    head: str
    width: int = 18
    shown: str = ""
    wraps: bool = False


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """What a sheet says. `rows` are read as they are written, and no further than `most` and one."""

    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Cell]]
    most: int = ROWS_MOST


def write_sheet(file: IO[bytes], sheet: Sheet, *, cut: str = "") -> None:
    """Write a workbook of one sheet; its first row, the heads, stays in sight.

    Where there are more rows than may be, the row below the last that is written says so: `cut`.
    """
    book: Any
    with xlsxwriter.Workbook(file, OPTIONS) as book:
        page = book.add_worksheet(sheet.title)
        page.freeze_panes(1, 1)
        bold = book.add_format({"bold": True})
        forms = [
            book.add_format({"num_format": one.shown or "General", "text_wrap": one.wraps})
            for one in sheet.columns
        ]
        for place, (column, form) in enumerate(zip(sheet.columns, forms, strict=True)):
            page.set_column(place, place, column.width, form)
            page.write_string(0, place, column.head, bold)
        for number, row in enumerate(sheet.rows, start=1):
            if number > sheet.most:
                page.write_string(number, 0, cut, bold)
                break
            for place, (cell, form) in enumerate(zip(row, forms, strict=True)):
                _write_cell(page, (number, place), cell, form)


def _write_cell(page: Any, at: tuple[int, int], cell: Cell, form: Any) -> None:
    if isinstance(cell, str):
        page.write_string(*at, cell, form)
    elif isinstance(cell, datetime):
        page.write_datetime(*at, cell, form)
    elif cell is not None:
        page.write_number(*at, cell, form)


def sheet_of(title: str, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> bytes:
    """Write a sheet of rows that are known, all of them."""
    kept = io.BytesIO()
    write_sheet(kept, Sheet(title=title, columns=columns, rows=rows, most=len(rows)))
    return kept.getvalue()


def sheet_streamed(request: AnyRequest, name: str, make: Callable[[Conn, datetime], Sheet]) -> Stream:
    """Answer with a sheet to be kept under a name, written while the database is read; it says where it was cut."""
    edge, language = edge_of(request), language_of(request)

    def write(conn: Conn, made: Written) -> None:
        sheet = make(conn, edge.clock())
        cut = language.say(
            "Only the first {count} rows are here. Narrow the list to take the others along.",
            count=language.count(sheet.most),
        )
        write_sheet(made.file, sheet, cut=cut)

    return Written.of(request, write).streamed(media_type=XLSX, name=name)


def money_of(minor: int, currency: str) -> Decimal:
    """Return an amount as a sheet has it: in whole units of its currency."""
    return Decimal(minor).scaleb(-get_currency_precision(currency))


def shown_money(currency: str) -> str:
    """Return how a column of one currency shows its amounts."""
    places = get_currency_precision(currency)
    return "#,##0" + ("." + "0" * places if places else "")


def moment_of(at: datetime, zone_name: str) -> datetime:
    """Return a moment as a sheet has it: what clocks of a zone show, to the second."""
    return at.astimezone(zone(zone_name)).replace(tzinfo=None, microsecond=0)


def moments_head(word: str, zone_name: str) -> str:
    """Return the head of a column of moments, which names their zone."""
    return f"{word} ({zone_name})"


def sheet_told(content: bytes, name: str) -> Response[bytes]:
    """Answer with a workbook to be kept under a name."""
    return Response(
        content,
        media_type=XLSX,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )
