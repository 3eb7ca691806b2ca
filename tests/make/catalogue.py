"""Products and SKUs to test with, and files that bring them in."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import xlsxwriter  # pyright: ignore[reportMissingTypeStubs]

from loopline import catalogue
from loopline.catalogue import ImportPreview, NewProduct, NewSku, Sku
from loopline.db import Conn
from tests.make.org import succeeded

NOW = datetime(2025, 3, 3, 1, 0, tzinfo=UTC)
LATER = datetime(2025, 3, 4, 1, 0, tzinfo=UTC)


def add_sku(conn: Conn, code: str, **changes: object) -> Sku:
    """Write one SKU of a product of the same code."""
    succeeded(catalogue.add_products(conn, [NewProduct(code=code, name=f"Product {code}")], now=NOW))
    fields: dict[str, object] = {"product_code": code, "name": f"Sku {code}", "tax_class": "standard"}
    new = NewSku(code=code, **(fields | changes))  # pyright: ignore[reportArgumentType]
    succeeded(catalogue.add_skus(conn, [new], now=NOW))
    return catalogue.skus_by_code(conn, [code])[code]


def csv_file(*rows: str) -> bytes:
    """A CSV file of these lines."""
    return "\r\n".join(rows).encode("utf-8-sig")


def xlsx_file(rows: Sequence[Sequence[object]]) -> bytes:
    """A workbook of one sheet; a value that is a function is called with (sheet, workbook, row, column)."""
    content = io.BytesIO()
    workbook: Any = xlsxwriter.Workbook(content, {"in_memory": True})
    sheet = workbook.add_worksheet("catalogue")
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            if callable(cell):
                cell(sheet, workbook, row, column)
            elif isinstance(cell, str):
                sheet.write_string(row, column, cell)
            elif cell is not None:
                sheet.write(row, column, cell)
    workbook.close()
    return content.getvalue()


def preview_of(conn: Conn, content: bytes, *, file_name: str = "goods.csv") -> ImportPreview:
    """The preview of a file that can be read."""
    preview = catalogue.read_import(conn, content, file_name=file_name)
    assert isinstance(preview, ImportPreview), preview
    return preview
