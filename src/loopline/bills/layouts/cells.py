"""What a cell of a bill says: a day, an amount, a number; or why it says none of it. Pure."""

import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from babel.numbers import get_currency_precision

from loopline.bills.model import DayFormat
from loopline.bills.refusals import BillCellWrong, BillRowWrong, BillWhy
from loopline.kernel.refusals import Refused
from loopline.kernel.sheets.table import Cell, OddCell, Oddity, Row

_AMOUNT = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
_DIGITS = re.compile(r"\d+")
_DAY = re.compile(
    r"(\d{1,4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,4})\s*日?(?:[T\s].*)?|(\d{4})(\d{2})(\d{2})(?:\s.*)?"
)
_AMOUNT_MINOR_MAX = 10**15
_TEXT_MAX = 500
_FIRST_YEAR, _LAST_YEAR = 2000, 2100
_ALLOWED = frozenset({Oddity.DECIMAL, Oddity.DATE, Oddity.FORMATTED})
"""Kinds of cells of a workbook that a bill may have; formulas, errors and booleans are refused wherever they stand."""
_CURRENCY_MARKS = "¥￥$€£元 \u00a0"


class At:
    """Where a cell stands, for what is said of it. Raises Refused."""

    def __init__(self, row: int, column: str) -> None:
        self._row = row
        self._column = column

    def wrong(self, value: str, why: BillWhy) -> Refused:
        return Refused(BillCellWrong(line=self._row, column=self._column, value=value[:_TEXT_MAX], why=why))

    def day(self, text: str, order: DayFormat = DayFormat.YEAR_FIRST) -> date:
        """Read a day; what follows it is a time of day. Raises Refused."""
        found = _DAY.fullmatch(text)
        if found is None:
            raise self.wrong(text, BillWhy.NO_DAY)
        first, second, third = (int(part) for part in found.groups() if part is not None)
        if found[4] is not None or order is DayFormat.YEAR_FIRST or len(found[1]) == 4:
            year, month, day = first, second, third
        elif order is DayFormat.DAY_FIRST:
            day, month, year = first, second, third
        else:
            month, day, year = first, second, third
        try:
            read = date(year, month, day)
        except ValueError as error:
            raise self.wrong(text, BillWhy.NO_SUCH_DAY) from error
        if not _FIRST_YEAR <= read.year <= _LAST_YEAR:
            raise self.wrong(text, BillWhy.FAR_YEAR)
        return read

    def amount(self, text: str, currency: str) -> int:
        """Read an amount exactly, in minor units. Raises Refused where it is finer than the currency."""
        exact = self._decimal(text).scaleb(get_currency_precision(currency))
        if exact != exact.to_integral_value():
            raise self.wrong(text, BillWhy.TOO_FINE)
        return self._minor(text, exact)

    def rounded(self, text: str, currency: str) -> int:
        """Read an amount that may be finer than the currency, as fees are; rounded half away from zero."""
        exact = self._decimal(text).scaleb(get_currency_precision(currency))
        return self._minor(text, exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))

    def _minor(self, text: str, exact: Decimal) -> int:
        if abs(exact) > _AMOUNT_MINOR_MAX:
            raise self.wrong(text, BillWhy.TOO_MUCH)
        return int(exact)

    def _decimal(self, text: str) -> Decimal:
        bare = text.strip(_CURRENCY_MARKS)
        if not _AMOUNT.fullmatch(bare):
            raise self.wrong(text, BillWhy.NO_AMOUNT)
        try:
            return Decimal(bare.replace(",", ""))
        except InvalidOperation as error:
            raise self.wrong(text, BillWhy.NO_AMOUNT) from error

    def number(self, text: str) -> str:
        """Read a number that names something; refused where a spreadsheet has shortened it, as 4.2E+27."""
        if re.fullmatch(r"\d(?:\.\d+)?[eE]\+\d+", text):
            raise self.wrong(text, BillWhy.NUMBER_CUT)
        return self.text(text)

    def text(self, text: str) -> str:
        """Read text. Raises Refused where it cannot be kept."""
        if len(text) > _TEXT_MAX:
            raise self.wrong(text[:40], BillWhy.TOO_LONG)
        if not text.isprintable() and any(not one.isprintable() and not one.isspace() for one in text):
            raise self.wrong(text, BillWhy.UNSHOWABLE)
        return " ".join(text.split())


def plain_cells(row: Row, headings: list[str]) -> list[str]:
    """Return the texts of a row's cells. Raises Refused for a formula, an error value or a yes/no."""
    return [_plain(cell, row.line, place, headings) for place, cell in enumerate(row.cells)]


def _plain(cell: Cell, line: int, place: int, headings: list[str]) -> str:
    if not isinstance(cell, OddCell):
        return cell
    if cell.kind in _ALLOWED:
        return cell.text
    column = headings[place] if place < len(headings) else str(place + 1)
    raise At(line, column).wrong(
        cell.text, BillWhy.FORMULA if cell.kind is Oddity.FORMULA else BillWhy.ODD_CELL
    )


def too_few_cells(line: int) -> Refused:
    return Refused(BillRowWrong(line=line, why=BillWhy.FEW_CELLS))


def count_of(text: str, at: At) -> int:
    """Read how many. Raises Refused."""
    if not _DIGITS.fullmatch(text):
        raise at.wrong(text, BillWhy.NO_COUNT)
    return int(text)
