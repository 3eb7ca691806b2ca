"""Sheets: what a list shows, as XLSX to take along. Texts are texts, whatever they begin with: no formula, no link."""

import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec
import xlsxwriter  # pyright: ignore[reportMissingTypeStubs]
from babel.numbers import get_currency_precision
from litestar import Response

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OPTIONS: dict[str, Any] = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
"""How a workbook is opened so that nothing that people typed is run."""

Cell: TypeAlias = str | int | Decimal | None
"""A text, a number, or nothing."""


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column: its head, how wide it is in characters, and how its numbers are shown (as Excel spells it)."""

    head: str
    width: int = 18
    shown: str = ""
    wraps: bool = False


def sheet_of(title: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Write a workbook of one sheet; its first row, the heads, stays in sight."""
    kept = io.BytesIO()
    book: Any
    with xlsxwriter.Workbook(kept, OPTIONS) as book:
        sheet = book.add_worksheet(title)
        sheet.freeze_panes(1, 1)
        bold = book.add_format({"bold": True})
        forms = [
            book.add_format({"num_format": one.shown or "General", "text_wrap": one.wraps}) for one in columns
        ]
        for place, (column, form) in enumerate(zip(columns, forms, strict=True)):
            sheet.set_column(place, place, column.width, form)
            sheet.write_string(0, place, column.head, bold)
        for number, row in enumerate(rows, start=1):
            for place, (cell, form) in enumerate(zip(row, forms, strict=True)):
                if isinstance(cell, str):
                    sheet.write_string(number, place, cell, form)
                elif cell is not None:
                    sheet.write_number(number, place, cell, form)
    return kept.getvalue()


def money_of(minor: int, currency: str) -> Decimal:
    """Return an amount as a sheet has it: in whole units of its currency."""
    return Decimal(minor).scaleb(-get_currency_precision(currency))


def shown_money(currency: str) -> str:
    """Return how a column of one currency shows its amounts."""
    places = get_currency_precision(currency)
    return "#,##0" + ("." + "0" * places if places else "")


def sheet_told(content: bytes, name: str) -> Response[bytes]:
    """Answer with a workbook to be kept under a name."""
    return Response(
        content,
        media_type=XLSX,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )
