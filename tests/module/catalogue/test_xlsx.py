"""Workbooks: what a person sees in a cell is what is taken; what is none of it is refused, and bombs do not go off."""

import io
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from loopline import catalogue
from loopline.catalogue.imports.columns import WrongKind
from loopline.db import Conn
from loopline.kernel.refusals import Refusal
from loopline.kernel.sheets import table
from loopline.kernel.sheets import xlsx_file as reader
from loopline.kernel.sheets.table import (
    FileEmpty,
    FileUnpacksTooBig,
    FileUnreadable,
    TooManyColumns,
    TooManyRows,
)
from tests.make.catalogue import preview_of, xlsx_file

HEADER = [
    "sku_code",
    "sku_name",
    "product_code",
    "product_name",
    "tax_class",
    "gtin",
    "weight_grams",
    "is_fragile",
]


Writer = Callable[[Any, Any, int, int], object]


def formatted(number: float, number_format: str) -> Writer:
    def write(sheet: Any, workbook: Any, row: int, column: int) -> None:
        sheet.write_number(row, column, number, workbook.add_format({"num_format": number_format}))

    return write


def formula(text: str) -> Writer:
    def write(sheet: Any, _: Any, row: int, column: int) -> None:
        sheet.write_formula(row, column, text, None, 100)

    return write


def on(day: date) -> Writer:
    def write(sheet: Any, workbook: Any, row: int, column: int) -> None:
        sheet.write_datetime(row, column, day, workbook.add_format({"num_format": "yyyy-mm-dd"}))

    return write


def test_a_workbook_says_what_a_csv_file_says(conn: Conn):
    content = xlsx_file(
        [HEADER, [22423, "蛋糕架", "22423", "蛋糕架", "standard", 4006381333931, 1200.0, True], [], [85123]]
    )
    preview = preview_of(conn, content, file_name="goods.xlsx")
    assert [(one.line, one.noun, one.item) for one in preview.added] == [
        (2, "product", "22423"),
        (2, "sku", "22423"),
    ]
    (row,) = [row for row in preview.rows if row.line == 2]
    assert row.values["gtin"] == "04006381333931"
    assert (row.values["weight_grams"], row.values["is_fragile"]) == (1200, True)
    # Cells that end a row may be missing; the blank row between is no row.
    assert [(one.line, one.field) for one in preview.refused] == [(4, "sku_name")]


@pytest.mark.parametrize(
    ("cell", "field", "message"),
    [
        (formula("=100+1"), "weight_grams", "weight_grams must be a whole number, not a formula."),
        (12.5, "weight_grams", "weight_grams must be a whole number, not a decimal number."),
        (True, "weight_grams", "weight_grams must be a whole number, not a boolean."),
        (formula("=A1"), "sku_name", "sku_name must be text, not a formula."),
        ("=A1", "sku_name", "sku_name must be text, not a formula."),
        (on(date(2025, 3, 3)), "sku_name", "sku_name must be text, not a date."),
        (on(date(2025, 3, 3)), "is_fragile", "is_fragile must be yes or no, not a date."),
        (formula("=1/0"), "tax_class", "tax_class must be text, not a formula."),
        (True, "sku_name", "sku_name must be text, not a boolean."),
        (0.5, "gtin", "gtin must be text, not a decimal number."),
        (
            formatted(4006381333931, "00000000000000"),
            "gtin",
            "gtin must be text, not a number that is shown otherwise than it is kept.",
        ),
    ],
)
def test_a_cell_of_the_wrong_kind_is_refused(conn: Conn, cell: object, field: str, message: str):
    row: list[object] = ["A", "Apple", "A", "Apple", "standard", None, None, None]
    row[HEADER.index(field)] = cell
    preview = preview_of(conn, xlsx_file([HEADER, row]), file_name="goods.xlsx")
    (refused,) = preview.refused
    assert (refused.line, refused.field) == (2, field)
    assert refused.reason.message() == message


def test_an_error_value_is_refused(conn: Conn):
    content = repacked(
        xlsx_file([HEADER, ["A", "Apple", "A", "Apple", "standard", None, 7777, None]]),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b'<c r="G2"><v>7777</v></c>', b'<c r="G2" t="e"><v>#N/A</v></c>'),
    )
    (refused,) = preview_of(conn, content, file_name="goods.xlsx").refused
    assert refused.reason == WrongKind(field="weight_grams", expected="a whole number", found="error")
    assert refused.value == "#N/A"


def repacked(content: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one part changed, or added where it has none."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as before,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for part in before.namelist():
            if part != name:
                after.writestr(part, before.read(part))
        after.writestr(name, change(before.read(name) if name in before.namelist() else b""))
    return made.getvalue()


GOOD = [HEADER, ["A", "Apple", "A", "Apple", "standard", None, None, None]]


def test_a_bomb_is_refused_before_it_unpacks(conn: Conn):
    content = repacked(xlsx_file(GOOD), "xl/media/bomb.bin", lambda _: b"\x00" * (200 * 1024 * 1024))
    assert len(content) < 1024 * 1024
    refusal = catalogue.read_import(conn, content, file_name="goods.xlsx")
    assert refusal == FileUnpacksTooBig(mebibytes_max=128, parts_max=1000)


def test_a_bomb_that_lies_about_its_size_is_refused(conn: Conn):
    content = repacked(xlsx_file(GOOD), "xl/media/bomb.bin", lambda _: b"\x00" * (200 * 1024 * 1024))
    told = (200 * 1024 * 1024).to_bytes(4, "little")
    refusal = catalogue.read_import(
        conn, content.replace(told, (10).to_bytes(4, "little")), file_name="goods.xlsx"
    )
    assert isinstance(refusal, FileUnreadable)


def test_too_many_parts_are_refused(conn: Conn):
    made = io.BytesIO(xlsx_file(GOOD))
    with zipfile.ZipFile(made, "a") as archive:
        for number in range(1000):
            archive.writestr(f"xl/media/{number}", b"")
    refusal = catalogue.read_import(conn, made.getvalue(), file_name="goods.xlsx")
    assert refusal == FileUnpacksTooBig(mebibytes_max=128, parts_max=1000)


def test_entities_are_refused(conn: Conn):
    laughs = (
        b'<?xml version="1.0"?><!DOCTYPE sst [<!ENTITY a "ha">]>'
        b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>&a;</t></si></sst>'
    )
    content = repacked(xlsx_file(GOOD), "xl/sharedStrings.xml", lambda _: laughs)
    refusal = catalogue.read_import(conn, content, file_name="goods.xlsx")
    assert refusal == FileUnreadable(kind="XLSX", detail="it declares a document type")


def test_a_document_type_across_two_chunks_is_found(conn: Conn, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reader, "_CHUNK_BYTES", 8)
    content = repacked(xlsx_file(GOOD), "xl/media/x.xml", lambda _: b"12345<!DOCTYPE x>")
    refusal = catalogue.read_import(conn, content, file_name="goods.xlsx")
    assert refusal == FileUnreadable(kind="XLSX", detail="it declares a document type")


def with_more_rows(content: bytes, rows: bytes) -> bytes:
    return repacked(
        content,
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b"</sheetData>", rows + b"</sheetData>"),
    )


@pytest.mark.parametrize(
    ("cell", "refusal"),
    [
        (b'<row r="1048577"><c r="A1048577"><v>1</v></c></row>', TooManyRows(rows_max=200_000)),
        (b'<row r="999999999999"><c r="A999999999999"><v>1</v></c></row>', TooManyRows(rows_max=200_000)),
        (b'<row r="3"><c r="BM3"><v>1</v></c></row>', TooManyColumns(columns_max=64)),
        (b'<row r="3"><c r="XFD3"><v>1</v></c></row>', TooManyColumns(columns_max=64)),
    ],
)
def test_a_cell_out_of_reach_refuses_the_file(conn: Conn, cell: bytes, refusal: Refusal):
    content = with_more_rows(xlsx_file(GOOD), cell)
    assert catalogue.read_import(conn, content, file_name="goods.xlsx") == refusal


def test_the_last_row_a_sheet_can_have_is_read_with_its_line(conn: Conn):
    content = with_more_rows(
        xlsx_file(GOOD), b'<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>B</t></is></c></row>'
    )
    (refused,) = preview_of(conn, content, file_name="goods.xlsx").refused
    assert (refused.line, refused.field) == (1_048_576, "sku_name")


def test_formats_beyond_the_last_column_are_nothing(conn: Conn):
    content = with_more_rows(xlsx_file(GOOD), b'<row r="3"><c r="XFD3" s="0"/></row>')
    preview = preview_of(conn, content, file_name="goods.xlsx")
    assert [one.item for one in preview.added] == ["A", "A"]


def test_a_sheet_that_says_it_is_smaller_than_it_is_is_read_whole(conn: Conn):
    content = repacked(
        xlsx_file([*GOOD, ["B", "Bread", "B", "Bread", "standard", None, None, None]]),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b'<dimension ref="A1:H3"/>', b'<dimension ref="A1:E2"/>'),
    )
    preview = preview_of(conn, content, file_name="goods.xlsx")
    assert [one.item for one in preview.added if one.noun == "sku"] == ["A", "B"]


def test_a_file_with_too_many_rows_is_refused(conn: Conn, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(table, "ROWS_MAX", 2)
    row = ["A", "Apple", "A", "Apple", "standard", None, None, None]
    full, over = xlsx_file([HEADER, [], row, row]), xlsx_file([HEADER, row, row, row])
    assert len(preview_of(conn, full, file_name="goods.xlsx").rows) == 2
    assert catalogue.read_import(conn, over, file_name="goods.xlsx") == TooManyRows(rows_max=2)


def test_too_many_columns_are_refused(conn: Conn):
    content = xlsx_file([[*HEADER, *[f"attribute.a{number}" for number in range(60)]]])
    refusal = catalogue.read_import(conn, content, file_name="goods.xlsx")
    assert refusal == TooManyColumns(columns_max=64)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut off"])
def test_what_is_no_workbook_is_refused(conn: Conn, content: bytes):
    refusal = catalogue.read_import(conn, content, file_name="goods.xlsx")
    assert isinstance(refusal, FileUnreadable)


def test_an_archive_that_is_no_workbook_is_refused(conn: Conn):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert isinstance(catalogue.read_import(conn, made.getvalue(), file_name="goods.xlsx"), FileUnreadable)


def test_a_damaged_sheet_is_refused_not_half_read(conn: Conn):
    content = repacked(xlsx_file(GOOD), "xl/worksheets/sheet1.xml", lambda xml: xml[: len(xml) * 3 // 4])
    assert isinstance(catalogue.read_import(conn, content, file_name="goods.xlsx"), FileUnreadable)


def test_an_empty_sheet_is_refused(conn: Conn):
    assert catalogue.read_import(conn, xlsx_file([]), file_name="goods.xlsx") == FileEmpty()
