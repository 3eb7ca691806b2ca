"""Sheets of counts: read strictly, whole or not at all; what is wrong is named by line, column and reason."""

from datetime import datetime
from typing import Any

import pytest

from loopline.kernel.refusals import Refusal
from loopline.kernel.sheets.table import FileEmpty, FileKindUnknown
from loopline.stock.count_sheets import (
    CountColumnsMissing,
    CountedRow,
    CountSheetWrong,
    CountWhy,
    read_count_sheet,
)
from tests.make.catalogue import csv_file, xlsx_file

HEAD = "site_code,sku_code,units,counted_at"


def test_a_csv_sheet_is_read_with_its_moments_and_without():
    content = csv_file(HEAD, "S,COAT,12,2026-3-2 9:05", "S,HAT,0,")
    assert read_count_sheet(content, file_name="count.CSV") == [
        CountedRow(
            line=2,
            site_code="S",
            sku_code="COAT",
            units=12,
            seen_at=datetime(2026, 3, 2, 9, 5),  # noqa: DTZ001 - the site's clock
        ),
        CountedRow(line=3, site_code="S", sku_code="HAT", units=0),
    ]


def dated(sheet: Any, workbook: Any, row: int, column: int) -> None:
    style = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    sheet.write_datetime(row, column, datetime(2026, 3, 2, 9, 5), style)  # noqa: DTZ001 - as a workbook has it


def test_a_workbook_in_chinese_is_read_and_its_dates_too():
    content = xlsx_file(
        [
            ["网点编码", "品名", "条码", "数量", "盘点时间"],
            ["S", "外套", "COAT", 3, dated],
        ]
    )
    read = read_count_sheet(content, file_name="盘点.xlsx")
    assert isinstance(read, list)
    assert [(one.site_code, one.sku_code, one.units, one.seen_at) for one in read] == [
        ("S", "COAT", 3, datetime(2026, 3, 2, 9, 5))  # noqa: DTZ001
    ]


@pytest.mark.parametrize(
    ("row", "column", "why"),
    [
        ("S,,3,", "sku_code", CountWhy.BLANK),
        ("S,COAT,-1,", "units", CountWhy.NO_UNITS),
        ("S,COAT,1.5,", "units", CountWhy.NO_UNITS),
        ("S,COAT,99999999,", "units", CountWhy.NO_UNITS),
        ("S,COAT,1,2026-02-30 09:00", "counted_at", CountWhy.NO_MOMENT),
        ("S,COAT,1,yesterday", "counted_at", CountWhy.NO_MOMENT),
        ("S,COAT,1,1969-12-31 09:00", "counted_at", CountWhy.NO_MOMENT),
        ("S,COAT,1,9999-12-31 23:59", "counted_at", CountWhy.NO_MOMENT),
    ],
)
def test_what_is_wrong_is_named(row: str, column: str, why: CountWhy):
    refused = read_count_sheet(csv_file(HEAD, "S,HAT,1,", row, "S,SCARF,x,"), file_name="count.csv")
    assert isinstance(refused, CountSheetWrong)
    assert (refused.line, refused.column, refused.why, refused.more) == (3, column, why, 1)


def test_formulas_are_not_taken():
    content = xlsx_file([["site_code", "sku_code", "units"], ["S", "COAT", "=1+1"]])
    refused = read_count_sheet(content, file_name="count.xlsx")
    assert isinstance(refused, CountSheetWrong)
    assert (refused.line, refused.column, refused.why) == (2, "units", CountWhy.ODD)


@pytest.mark.parametrize(
    ("content", "name", "refusal"),
    [
        (csv_file("site_code,units", "S,1"), "a.csv", CountColumnsMissing(columns="sku_code")),
        (csv_file(HEAD), "a.csv", FileEmpty()),
        (b"", "a.csv", FileEmpty()),
        (b"", "a.pdf", FileKindUnknown(file_name="a.pdf")),
    ],
)
def test_files_that_are_no_sheet_of_counts_are_refused(content: bytes, name: str, refusal: Refusal):
    assert read_count_sheet(content, file_name=name) == refusal
