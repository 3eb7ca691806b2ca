"""A table under a row of headings that are known by name, as marketplaces export it: CSV or XLSX. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from loopline.bills.layouts.cells import At, plain_cells, too_few_cells
from loopline.bills.model import LineKind, ReadLine
from loopline.bills.refusals import BillColumnsMissing, BillWhy
from loopline.kernel.refusals import Refused
from loopline.kernel.sheets.table import Cell, OddCell, Row

_HEADER_WITHIN_ROWS = 30
_TEXT_AS_FORMULA = re.compile(r'="([^"]*)"')
_DONE, _GONE = frozenset({"收入", "入账"}), frozenset({"支出", "出账"})


def headed(
    rows: Iterator[Row], wanted: Sequence[str], *, pads: bool, spellings: Mapping[str, str] | None = None
) -> list[tuple[int, dict[str, str]]]:
    """Return the rows below the one that holds the headings wanted, each with what stands in its columns.

    `pads`: rows come without the blank cells at their end. `spellings` are other ways in which headings are written.
    Rows without a word in them are passed over. Raises Refused where there are no such headings, or a row is cut.
    """
    names = spellings or {}
    seen: set[str] = set()
    for _ in range(_HEADER_WITHIN_ROWS):
        row = next(rows, None)
        if row is None:
            break
        columns = [_spelt(cell, names) for cell in row.cells]
        if set(wanted) <= set(columns):
            return list(_values(rows, columns, max(columns.index(one) for one in wanted) + 1, pads=pads))
        seen |= set(columns)
    missing = [one for one in wanted if one not in seen] or list(wanted)
    raise Refused(BillColumnsMissing(columns=", ".join(missing)))


def _spelt(cell: Cell, names: Mapping[str, str]) -> str:
    text = cell.strip() if isinstance(cell, str) else ""
    return names.get(text, text)


def _values(
    rows: Iterator[Row], columns: list[str], needed: int, *, pads: bool
) -> Iterator[tuple[int, dict[str, str]]]:
    for row in rows:
        bare = Row(line=row.line, cells=[_bare(cell) for cell in row.cells])
        cells = plain_cells(bare, columns)
        if not any(cells):
            continue
        if len(cells) < needed and not pads:
            raise too_few_cells(row.line)
        cells += [""] * (len(columns) - len(cells))
        yield row.line, dict(zip(columns, cells, strict=False))


def _bare(cell: Cell) -> Cell:
    """A number that is kept from being cut: an apostrophe or a tab around it, or text as a formula."""
    if isinstance(cell, OddCell):
        found = _TEXT_AS_FORMULA.fullmatch(cell.text)
        return found[1].strip() if found else cell
    return cell.strip().removeprefix("'")


def signed(at: At, amount_minor: int, direction: str) -> int:
    """Return an amount as what came or went; what went may be written with its sign or without. Raises Refused."""
    if direction in _GONE:
        return -abs(amount_minor)
    if direction not in _DONE:
        raise at.wrong(direction, BillWhy.DIRECTION_UNKNOWN)
    if amount_minor < 0:
        raise at.wrong(direction, BillWhy.WRONG_SIGN)
    return amount_minor


def of_orders(read: Iterable[tuple[str, ReadLine]]) -> list[ReadLine]:
    """Return one line for what a file says of an order on a day in several rows, as its goods are settled one by one.

    Each comes with the order's name; a line without one stays by itself. The first row's number names the line.
    """
    found: dict[object, ReadLine] = {}
    for order, line in read:
        name = (
            (order, line.day, line.kind) if order and line.kind is not LineKind.FEE else (line.row, line.kind)
        )
        before = found.get(name)
        found[name] = line if before is None else _together(before, line)
    return list(found.values())


def _together(before: ReadLine, line: ReadLine) -> ReadLine:
    return ReadLine(
        row=before.row,
        day=before.day,
        kind=before.kind,
        amount_minor=before.amount_minor + line.amount_minor,
        fee_minor=before.fee_minor + line.fee_minor,
        number=before.number,
        keys=tuple(dict.fromkeys((*before.keys, *line.keys))),
        wording=before.wording,
    )


def keys_of(*numbers: str, is_refund: bool = False, of: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the numbers a line names, the surest first; `of` are its order's, which refunds have another name for."""
    prefix = "refund:" if is_refund else ""
    named = (*numbers, *(f"{prefix}{one}" for one in of if one)) if is_refund else (*of, *numbers)
    return tuple(dict.fromkeys(one for one in named if one))
