"""A CSV or XLSX file whose columns somebody in finance has named: banks, marketplaces, carriers. Pure."""

from collections.abc import Iterator
from itertools import chain

from loopline.bills.layouts.cells import At, plain_cells, too_few_cells
from loopline.bills.model import LineKind, Mapping, ReadLine
from loopline.bills.refusals import BillColumnsMissing, BillRowWrong, BillWhy
from loopline.kernel.refusals import Refused
from loopline.kernel.sheets.table import Row

_HEADER_WITHIN_ROWS = 30
_NONE = frozenset({"", "-", "--", "0", "0.00"})


def read_mapped(rows: Iterator[Row], mapping: Mapping, *, currency: str, pads: bool) -> list[ReadLine]:
    """Read every line below the row that holds the headings. Raises Refused for one that cannot be read.

    `pads`: rows come without the blank cells at their end, as a workbook's do; else a short row is one that was cut.
    """
    wanted = headings_of(mapping)
    before: list[Row] = []
    for row in rows:
        headings = [str(one).strip() for one in row.cells if isinstance(one, str)]
        if set(wanted) <= set(headings):
            columns = [one.strip() if isinstance(one, str) else "" for one in row.cells]
            return [
                _line(line, values, mapping, currency)
                for line, values in _values(rows, columns, mapping, pads=pads)
            ]
        before.append(row)
        if len(before) >= _HEADER_WITHIN_ROWS:
            break
    seen = {str(cell) for row in before for cell in row.cells if isinstance(cell, str)}
    missing = [one for one in wanted if one not in seen] or list(wanted)
    raise Refused(BillColumnsMissing(columns=", ".join(missing)))


def headings_of(mapping: Mapping) -> tuple[str, ...]:
    """Return every heading that a mapping names, once each."""
    named = (mapping.amount, mapping.money_in, mapping.money_out, mapping.fee, mapping.number, mapping.kind)
    return tuple(
        dict.fromkeys(
            chain([mapping.day], (one for one in named if one is not None), mapping.keys, mapping.wording)
        )
    )


def _values(
    rows: Iterator[Row], columns: list[str], mapping: Mapping, *, pads: bool
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the lines and what stands in their columns, up to the row that ends the table."""
    needed = max(columns.index(one) for one in headings_of(mapping)) + 1
    for row in rows:
        cells = plain_cells(row, columns)
        if mapping.ends_with is not None and cells[0] == mapping.ends_with:
            return
        if len(cells) < needed and not pads:
            raise too_few_cells(row.line)
        cells += [""] * (len(columns) - len(cells))
        yield row.line, dict(zip(columns, cells, strict=False))


def _line(line: int, values: dict[str, str], mapping: Mapping, currency: str) -> ReadLine:
    amount = _amount(line, values, mapping, currency)
    kind = _kind(line, values, mapping, amount)
    fee = (
        At(line, mapping.fee).rounded(values[mapping.fee] or "0", currency) if mapping.fee is not None else 0
    )
    keys = [At(line, one).number(values[one]) for one in mapping.keys]
    number = At(line, mapping.number).number(values[mapping.number]) if mapping.number else ""
    prefix = "refund:" if kind is LineKind.REFUND else ""
    named = [one for one in keys if one not in _NONE]
    return ReadLine(
        row=line,
        day=At(line, mapping.day).day(values[mapping.day], mapping.day_format),
        kind=kind,
        amount_minor=amount,
        fee_minor=abs(fee) if amount >= 0 else -abs(fee),
        number=number or (named[0] if named else ""),
        keys=tuple(dict.fromkeys([*named, *(f"{prefix}{one}" for one in named)])),
        wording=" ".join(filter(None, (At(line, one).text(values[one]) for one in mapping.wording))),
    )


def _amount(line: int, values: dict[str, str], mapping: Mapping, currency: str) -> int:
    if mapping.amount is not None:
        amount = At(line, mapping.amount).amount(values[mapping.amount], currency)
    else:
        assert mapping.money_in is not None, "a mapping names its amount (refused when it is saved)"
        assert mapping.money_out is not None, "a mapping names its amount (refused when it is saved)"
        came, went = values[mapping.money_in], values[mapping.money_out]
        if (came in _NONE) == (went in _NONE):
            raise Refused(BillRowWrong(line=line, why=BillWhy.IN_OR_OUT))
        if went in _NONE:
            amount = At(line, mapping.money_in).amount(came, currency)
        else:
            amount = -abs(At(line, mapping.money_out).amount(went, currency))
    return -amount if mapping.is_negated else amount


def _kind(line: int, values: dict[str, str], mapping: Mapping, amount_minor: int) -> LineKind:
    if mapping.kind is None:
        return LineKind.PAYMENT if amount_minor >= 0 else LineKind.REFUND
    word = values[mapping.kind]
    for known in mapping.kind_words:
        if known.word == word:
            return known.kind
    raise At(line, mapping.kind).wrong(word, BillWhy.WORD_UNKNOWN)
