"""Sheets: what people typed is text, numbers are numbers, moments are moments; what is too long is cut and says so."""

import io
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from loopline.web.sheets import (
    MOMENT,
    Cell,
    Column,
    Sheet,
    moment_of,
    money_of,
    shown_money,
    write_sheet,
)

AT = datetime(2026, 3, 1, 17, 30, 15, 999, tzinfo=UTC)


def written(*rows: list[Cell], most: int = 100, shown: str = "") -> list[list[Any]]:
    kept = io.BytesIO()
    columns = [Column(head=f"column {place}", shown=shown) for place in range(max(map(len, rows), default=1))]
    write_sheet(kept, Sheet(title="Things", columns=columns, rows=rows, most=most), cut="There is more.")
    page = openpyxl.load_workbook(kept).active
    assert page is not None
    return [list(row) for row in page.iter_rows()]


@pytest.mark.parametrize("typed", ["=1+1", "+1", "-1", "@SUM(A1)", "http://evil", "007", "\t=1", "1e5"])
def test_what_people_typed_is_text_and_nothing_else(typed: str):
    _, (cell,) = written([typed])
    assert (cell.value, cell.data_type, cell.hyperlink) == (typed, "s", None)


def test_numbers_are_numbers_and_moments_are_those_that_clocks_show():
    _, cells = written([1, Decimal("12.30"), moment_of(AT, "Asia/Shanghai"), None], shown=MOMENT)
    assert cells[2].value.isoformat() == "2026-03-02T01:30:15"
    assert [cell.data_type for cell in cells] == ["d", "d", "d", "n"]
    _, cells = written([1, Decimal("12.30"), -7])
    assert [(cell.value, cell.data_type) for cell in cells] == [(1, "n"), (12.3, "n"), (-7, "n")]


def test_amounts_have_the_places_of_their_currency():
    assert (money_of(1_230, "CNY"), money_of(1_230, "JPY")) == (Decimal("12.30"), Decimal(1_230))
    assert (shown_money("CNY"), shown_money("JPY")) == ("#,##0.00", "#,##0")


@pytest.mark.parametrize(
    ("there", "kept"), [(2, ["0", "1"]), (3, ["0", "1", "2"]), (4, ["0", "1", "2", "There is more."])]
)
def test_a_sheet_that_is_cut_says_so_and_reads_no_further(there: int, kept: list[str]):
    read: list[int] = []

    def rows() -> Iterator[list[Cell]]:
        for number in range(there + 5 if there > 3 else there):
            read.append(number)
            yield [str(number)]

    file = io.BytesIO()
    sheet = Sheet(title="Things", columns=[Column(head="x")], rows=rows(), most=3)
    write_sheet(file, sheet, cut="There is more.")
    page = openpyxl.load_workbook(file).active
    assert page is not None
    assert [row[0] for row in page.iter_rows(min_row=2, values_only=True)] == kept
    assert len(read) == min(there, 4)


def test_a_long_sheet_stands_in_no_more_memory_than_a_short_one():
    def peak(count: int) -> int:
        rows = ([f"text {number} of a row that nobody else has", number] for number in range(count))
        sheet = Sheet(title="Things", columns=[Column(head="a"), Column(head="b")], rows=rows, most=count)
        tracemalloc.start()
        write_sheet(Nowhere(), sheet)  # pyright: ignore[reportArgumentType] - all that a workbook needs of a file
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)
    assert peak(6_000) < peak(300) + 500_000


class Nowhere(io.RawIOBase):
    """A file that forgets what is written, and knows how much it was."""

    def __init__(self) -> None:
        self.place = 0

    def write(self, piece: Any) -> int:
        self.place += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self.place

    def seekable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True
