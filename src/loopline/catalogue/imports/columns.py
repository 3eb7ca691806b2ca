"""The columns a file may have, their types, and the reading of one row."""

import re
from collections.abc import Callable, Mapping, Sequence

import msgspec

from loopline.catalogue.model import Fitting, Value
from loopline.catalogue.rules import (
    NAME_LENGTH_MAX,
    normal_code,
    normal_gtin,
    refusal_of_code,
    refusal_of_name,
)
from loopline.kernel.refusals import Refusal
from loopline.kernel.sheets.table import Cell, FileEmpty, OddCell, Oddity, Row

ATTRIBUTE_PREFIX = "attribute."
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,10}")
_ATTRIBUTE = re.compile(r"attribute\.[^\s.][^.]{0,63}")
_TRUE = frozenset({"yes", "y", "true", "1", "是"})
_FALSE = frozenset({"no", "n", "false", "0", "否"})


class ColumnsMissing(Refusal, frozen=True, kw_only=True):
    """The first row must name the column {columns}."""

    columns: str


class ColumnsUnknown(Refusal, frozen=True, kw_only=True):
    """Nobody knows the columns {columns}; there are {known} and attribute.<name>."""

    columns: str
    known: str


class ColumnsTwice(Refusal, frozen=True, kw_only=True):
    """The columns {columns} are there twice."""

    columns: str


class FieldMissing(Refusal, frozen=True, kw_only=True):
    """{field} must not be blank."""

    field: str


class WrongKind(Refusal, frozen=True, kw_only=True):
    """{field} must be {expected}, not a {found}."""

    field: str
    expected: str
    found: str


class NotYesOrNo(Refusal, frozen=True, kw_only=True):
    """{field} must be yes or no, not {value!r}."""

    field: str
    value: str


class NotWholeNumber(Refusal, frozen=True, kw_only=True):
    """{field} must be a whole number, not {value!r}."""

    field: str
    value: str


class TextNotUsable(Refusal, frozen=True, kw_only=True):
    """{field} must have at most {length_max} printable characters."""

    field: str
    length_max: int


class CellsMissing(Refusal, frozen=True, kw_only=True):
    """The row has {found} cells where the first row names {expected} columns."""

    found: int
    expected: int


class NotAFitting(Refusal, frozen=True, kw_only=True):
    """{field} must be none, offered or needed, not {value!r}."""

    field: str
    value: str


Reader = Callable[[str, Cell], "Value | Refusal"]


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column: how its cells are read, and what a blank one means (`blank`), unless a blank is refused."""

    read: Reader
    needs_value: bool = False
    blank: Value = None


def _text(field: str, cell: Cell) -> str | Refusal:
    if isinstance(cell, OddCell):
        return WrongKind(field=field, expected="text", found=cell.kind)
    if len(cell) > NAME_LENGTH_MAX or not cell.isprintable():
        return TextNotUsable(field=field, length_max=NAME_LENGTH_MAX)
    return cell


def _name(field: str, cell: Cell) -> str | Refusal:
    text = _text(field, cell)
    return text if isinstance(text, Refusal) else refusal_of_name(text) or text


def _code(field: str, cell: Cell) -> str | Refusal:
    text = _text(field, cell)
    if isinstance(text, Refusal):
        return text
    code = normal_code(text)
    return refusal_of_code(code) or code


def _gtin(field: str, cell: Cell) -> str | Refusal:
    text = _text(field, cell)
    return text if isinstance(text, Refusal) else normal_gtin(text)


def _whole_number(field: str, cell: Cell) -> int | Refusal:
    if isinstance(cell, OddCell):
        return WrongKind(field=field, expected="a whole number", found=cell.kind)
    if _WHOLE_NUMBER.fullmatch(cell) is None or not -(2**31) <= int(cell) < 2**31:
        return NotWholeNumber(field=field, value=cell)
    return int(cell)


def _yes_or_no(field: str, cell: Cell) -> bool | Refusal:
    if isinstance(cell, OddCell):
        if cell.kind is Oddity.BOOLEAN:
            return cell.text == "true"
        return WrongKind(field=field, expected="yes or no", found=cell.kind)
    word = cell.casefold()
    if word in _TRUE:
        return True
    return False if word in _FALSE else NotYesOrNo(field=field, value=cell)


def _fitting(field: str, cell: Cell) -> str | Refusal:
    text = _text(field, cell)
    if isinstance(text, Refusal):
        return text
    word = text.casefold()
    return word if word in set(Fitting) else NotAFitting(field=field, value=text)


COLUMNS: Mapping[str, Column] = {
    "product_code": Column(read=_code, needs_value=True),
    "product_name": Column(read=_name, needs_value=True),
    "category": Column(read=_text),
    "season": Column(read=_text),
    "sku_code": Column(read=_code, needs_value=True),
    "sku_name": Column(read=_name, needs_value=True),
    "gtin": Column(read=_gtin),
    "tax_class": Column(read=_text, needs_value=True),
    "is_active": Column(read=_yes_or_no, blank=True),
    "weight_grams": Column(read=_whole_number),
    "length_mm": Column(read=_whole_number),
    "width_mm": Column(read=_whole_number),
    "height_mm": Column(read=_whole_number),
    "is_fragile": Column(read=_yes_or_no, blank=False),
    "temperature_low_celsius": Column(read=_whole_number),
    "temperature_high_celsius": Column(read=_whole_number),
    "tracks_batch": Column(read=_yes_or_no, blank=False),
    "tracks_serial": Column(read=_yes_or_no, blank=False),
    "shelf_life_days": Column(read=_whole_number),
    "sent_with": Column(read=_code),
    "fitting": Column(read=_fitting, blank=Fitting.NONE.value),
}
_ATTRIBUTE_COLUMN = Column(read=_text)


class RefusedRow(msgspec.Struct, frozen=True, kw_only=True):
    """Why a row cannot be taken: the line it starts in, the column (None: the row as such), what stood there."""

    line: int
    field: str | None
    value: str
    reason: Refusal


class ReadRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row whose every cell could be read: values by column, of the columns the file has."""

    line: int
    values: dict[str, Value]


def read_header(row: Row | None) -> list[str] | Refusal:
    """Return the names of the columns in their order, or why the first row does not name them."""
    if row is None:
        return FileEmpty()
    names = [cell.text if isinstance(cell, OddCell) else cell.strip().lower() for cell in row.cells]
    unknown = [name for name in names if name not in COLUMNS and _ATTRIBUTE.fullmatch(name) is None]
    if unknown:
        return ColumnsUnknown(columns=", ".join(map(repr, unknown)), known=", ".join(COLUMNS))
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        return ColumnsTwice(columns=", ".join(twice))
    return names if "sku_code" in names else ColumnsMissing(columns="sku_code")


def read_row(row: Row, *, header: Sequence[str], pads: bool) -> ReadRow | RefusedRow:
    """Read one row, or name its first cell that cannot be read.

    `pads` says that cells at the end of a row may be missing because they are blank, as spreadsheets leave them out.
    In a CSV file a missing cell means that the file was cut off, and the row is refused.
    """
    cells = [*row.cells, *[""] * (len(header) - len(row.cells))] if pads else row.cells
    if len(cells) != len(header):
        reason = CellsMissing(found=len(cells), expected=len(header))
        return RefusedRow(line=row.line, field=None, value="", reason=reason)
    values: dict[str, Value] = {}
    for name, cell in zip(header, cells, strict=True):
        value = _value(name, cell)
        if isinstance(value, Refusal):
            text = cell.text if isinstance(cell, OddCell) else cell
            return RefusedRow(line=row.line, field=name, value=text, reason=value)
        values[name] = value
    return ReadRow(line=row.line, values=values)


def _value(name: str, cell: Cell) -> Value | Refusal:
    column = COLUMNS.get(name, _ATTRIBUTE_COLUMN)
    if cell:
        return column.read(name, cell)
    return FieldMissing(field=name) if column.needs_value else column.blank
