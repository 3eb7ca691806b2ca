"""The reader: order, classes, exact amounts, and what it refuses with line, field and reason."""

import gzip
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from loopline.channels.online_retail.census import take_census
from loopline.channels.online_retail.model import Invoice, InvoiceKind, LineClass
from loopline.channels.online_retail.reader import NotThisLayout, read_invoices
from loopline.kernel.refusals import Refused
from tests.make.online_retail import (
    AMOUNT_MINOR,
    AMOUNT_THOUSANDTHS,
    HEADER,
    LINES,
    LINES_BY_CLASS,
    NUMBERS_IN_ORDER,
    write_invoices,
    write_packed,
)


def read(path: Path) -> list[Invoice]:
    return list(read_invoices(path))


def refusal_of(path: Path) -> NotThisLayout:
    with pytest.raises(Refused) as refused:
        read(path)
    assert isinstance(refused.value.refusal, NotThisLayout)
    return refused.value.refusal


def test_invoices_come_in_time_order_and_whole(tmp_path: Path):
    invoices = read(write_invoices(tmp_path))
    assert tuple(invoice.number for invoice in invoices) == NUMBERS_IN_ORDER
    interrupted = invoices[NUMBERS_IN_ORDER.index("C536371")]
    assert [line.code for line in interrupted.lines] == ["85123A", "POST"]
    assert interrupted.at == datetime(2010, 12, 1, 9, 0, tzinfo=UTC)
    assert interrupted.kind is InvoiceKind.RETURN


def test_packed_and_plain_read_the_same(tmp_path: Path):
    assert read(write_packed(tmp_path)) == read(write_invoices(tmp_path))


def test_every_line_is_of_its_class(tmp_path: Path):
    counted = Counter(line.line_class for invoice in read(write_invoices(tmp_path)) for line in invoice.lines)
    assert counted == LINES_BY_CLASS


def test_fields_are_exact(tmp_path: Path):
    invoices = {invoice.number: invoice for invoice in read(write_invoices(tmp_path))}
    abroad = invoices["536366"]
    assert (abroad.member_code, abroad.country, abroad.is_ask) == ("13047", "FR", True)
    assert [(line.number, line.code, line.units, line.unit_minor) for line in abroad.lines] == [
        (5, "85123A", 2, 295),
        (6, "GIFT_0001_20", 1, 1702),
    ]
    till = invoices["536367"]
    assert (till.member_code, till.country, till.is_ask) == (None, "GB", False)
    assert till.lines[0].description == 'HAND WARMER, RED "POLKA"'
    assert invoices["A536376"].lines[0].amount_minor == -1_106_206


def test_summer_time_is_the_retailers(tmp_path: Path):
    line = "555000,71053,LANTERN,1,2011-06-01 08:26:00,3.39,,United Kingdom"
    assert read(write_invoices(tmp_path, lines=(line,)))[0].at == datetime(2011, 6, 1, 7, 26, tzinfo=UTC)


def test_the_census_shows_every_rounding(tmp_path: Path):
    census = take_census(read_invoices(write_invoices(tmp_path)))
    assert census.lines == LINES_BY_CLASS
    assert (census.line_count, census.invoice_count, census.members) == (18, 12, {"17850", "13047"})
    assert (census.amount_thousandths, census.amount_minor) == (AMOUNT_THOUSANDTHS, AMOUNT_MINOR)
    (rounded,) = census.rounded
    assert (rounded.line, rounded.invoice, rounded.code) == (12, "536370", "PADS")
    assert (rounded.amount_thousandths, rounded.amount_minor, rounded.rounding_thousandths) == (1, 0, -1)
    assert census.goods_codes == {"85123A", "71053", "22632", "PADS"}
    assert census.units[LineClass.STOCK_ADJUSTMENT] == -4


FIRST = LINES[0]


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        (FIRST.replace("536365", "X36365"), "InvoiceNo", "'X36365' is no invoice number"),
        (FIRST.replace("85123A", ""), "StockCode", "'' is no stock code"),
        (FIRST.replace("85123A", "85123;A"), "StockCode", "'85123;A' is no stock code"),
        (FIRST.replace(",6,", ",6.5,"), "Quantity", "'6.5' is no whole number"),
        (FIRST.replace(",6,", ",0,"), "Quantity", "a line moves at least one unit"),
        (FIRST.replace(",6,", ",-6,"), "Quantity", "on an ordinary invoice only goods at price 0"),
        (FIRST.replace("2010-12-01", "01/12/2010"), "InvoiceDate", "is no moment"),
        (FIRST.replace("2010-12-01", "2010-13-01"), "InvoiceDate", "is no moment"),
        (FIRST.replace("2.55", "2.5555"), "UnitPrice", "'2.5555' is no price with at most three decimals"),
        (FIRST.replace("2.55", "-2.55"), "UnitPrice", "only an adjustment"),
        (FIRST.replace("17850.0", "17850.5"), "CustomerID", "'17850.5' is no customer number"),
        (FIRST.replace("United Kingdom", "Atlantis"), "Country", "'Atlantis' is no country"),
        (FIRST.replace("HEART", "HE\0RT"), "Description", "the text holds a NUL character"),
        (FIRST + ",more", "line", "8 fields expected, found 9"),
        (FIRST.replace("WHITE", '"WHITE'), "file", "not CSV"),
        ("", "line", "8 fields expected, found 0"),
    ],
)
def test_a_line_that_does_not_fit_is_refused(tmp_path: Path, line: str, field: str, reason: str):
    refusal = refusal_of(write_invoices(tmp_path, lines=(LINES[3], line, LINES[4])))
    assert refusal.field == field
    assert reason in refusal.reason
    if field != "file":
        assert refusal.line == 3
        assert refusal.message().startswith(f"Line 3, field {field}: ")


@pytest.mark.parametrize(
    ("lines", "line", "field", "reason"),
    [
        ((LINES[0], LINES[1].replace("17850.0", "17851.0")), 3, "CustomerID", "another customer before"),
        ((LINES[0], LINES[1].replace("United Kingdom", "France")), 3, "Country", "another country before"),
        ((LINES[11], LINES[0]), 3, "InvoiceDate", "time order"),
        (
            (LINES[0], LINES[11], LINES[1].replace("08:26", "09:00")),
            4,
            "InvoiceNo",
            "was over more than 10 minutes before",
        ),
    ],
)
def test_lines_that_do_not_fit_each_other_are_refused(
    tmp_path: Path, lines: tuple[str, ...], line: int, field: str, reason: str
):
    refusal = refusal_of(write_invoices(tmp_path, lines=lines))
    assert (refusal.line, refusal.field) == (line, field)
    assert reason in refusal.reason


@pytest.mark.parametrize(
    ("header", "field"),
    [
        (HEADER.replace("StockCode", "Sku"), "StockCode"),
        (HEADER.replace(",Country", ""), "Country"),
        (HEADER + ",More", "More"),
    ],
)
def test_another_header_is_refused(tmp_path: Path, header: str, field: str):
    refusal = refusal_of(write_invoices(tmp_path, header=header))
    assert (refusal.line, refusal.field) == (1, field)


def test_an_empty_file_is_refused(tmp_path: Path):
    path = tmp_path / "empty.csv"
    path.touch()
    assert refusal_of(path) == NotThisLayout(line=1, field="file", reason="the file is empty")


def test_a_damaged_archive_is_refused(tmp_path: Path):
    packed = write_packed(tmp_path)
    packed.write_bytes(packed.read_bytes()[:-20])
    refusal = refusal_of(packed)
    assert refusal.field == "file"
    assert "damaged or cut off" in refusal.reason


def test_text_that_is_not_utf_8_is_refused(tmp_path: Path):
    path = tmp_path / "latin.csv.gz"
    path.write_bytes(gzip.compress(f"{HEADER}\n{FIRST.replace('HEART', 'COEUR £')}\n".encode("latin-1")))
    refusal = refusal_of(path)
    assert refusal.field == "file"
    assert "not UTF-8" in refusal.reason
