"""A statement as a workbook and as pages to print. What data says is text: nothing of it is run or fetched."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any

import msgspec
import xlsxwriter  # pyright: ignore[reportMissingTypeStubs]
from babel.numbers import get_currency_precision

from loopline.db import Conn
from loopline.org import Party
from loopline.processes.statement.reading import PlacedLine, lines_between, paid_through_of
from loopline.statements.model import LINES_PER_PAGE, LineFunding, LineShare
from loopline.web.languages import Language, marked
from loopline.web.pages import environment
from loopline.web.paper import set_pages
from loopline.web.statements.view import (
    LineRow,
    View,
    bearer_word,
    found_for,
    read_head,
    role_word,
    rounding_word,
    rows_of,
    written,
)
from loopline.web.written import Written

PDF_LINES_MAX = 1_000
_SHEET_ROWS_MAX = 1_048_576
_BOOK = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "remove_timezone": True,
    "in_memory": False,
}
_HEADS: tuple[str, ...] = (
    marked("Day (UTC)"), marked("When"), marked("Kind"), marked("Order"), marked("Code"), marked("Goods"),
    marked("Pieces"), marked("For"), marked("Rules"), marked("Row"), marked("Base"), marked("Rate, %"),
    marked("Each"), marked("Share"), marked("Rounding"), marked("State"), marked("Currency"), marked("Pending"),
    marked("Due"), marked("Borne of promotions"), marked("Seller"), marked("Entry"), marked("Part"),
)  # fmt: skip


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What file is to be made: whose statement, of which days, in which zone and language."""

    party: Party
    days: tuple[date, date]
    zone: str
    language: Language


def write_xlsx(conn: Conn, order: Order, written_to: Written) -> None:
    """Write a workbook: a sheet with the balances, then every line with all that explains it; a share to a row."""
    head, seal = read_head(conn, order.party, order.days)
    view = written(head, seal, order.party, order.language)
    book: Any
    with xlsxwriter.Workbook(written_to.file, _BOOK) as book:
        formats = {
            name: book.add_format(form)
            for name, form in (
                ("bold", {"bold": True}),
                ("moment", {"num_format": "yyyy-mm-dd hh:mm:ss"}),
                ("day", {"num_format": "yyyy-mm-dd"}),
                ("fine", {"num_format": "0.######"}),
            )
        }
        _write_head(book, view, order, formats)
        rows = _sheet_rows(conn, order)
        number = 1
        while True:
            part = islice(rows, _SHEET_ROWS_MAX - 1)
            first = next(part, None)
            if first is None and number > 1:
                break
            name = order.language.say("Lines") + (f" {number}" if number > 1 else "")
            _write_lines(book.add_worksheet(name), first, part, order, formats)
            number += 1


def _write_head(book: Any, view: View, order: Order, formats: dict[str, Any]) -> None:
    say = order.language.say
    sheet = book.add_worksheet(say("Statement"))
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 4, 18)
    lines: list[tuple[str, ...]] = [
        (say("Statement"), f"{view.party_name} ({view.party_code})"),
        (say("Days (UTC)"), f"{view.first_day} – {view.last_day}"),
        (view.sealed,),
        *(((say("Root of {day}", day=view.root_day), view.root),) if view.root else ()),
    ]
    number = 0
    for texts in lines:
        for place, text in enumerate(texts):
            sheet.write_string(number, place, text, formats["bold"] if place == 0 else None)
        number += 1
    for table in view.balances:
        number += 1
        borne = (say("Borne of promotions"),) if table.bears else ()
        for place, text in enumerate((table.currency, say("Pending"), say("Due"), say("Lines"), *borne)):
            sheet.write_string(number, place, text, formats["bold"])
        for row in table.rows:
            number += 1
            owed = (row.borne,) if table.bears else ()
            for place, text in enumerate((row.word, row.pending, row.due, row.lines, *owed)):
                sheet.write_string(number, place, text, formats["bold"] if row.is_sum else None)
        number += 1


def _write_lines(
    sheet: Any,
    first: tuple[Any, ...] | None,
    rest: Iterator[tuple[Any, ...]],
    order: Order,
    formats: dict[str, Any],
) -> None:
    sheet.freeze_panes(1, 0)
    for place, head in enumerate(_HEADS):
        sheet.write_string(0, place, order.language.say(head), formats["bold"])
    if first is None:
        return
    _write_row(sheet, 1, first, formats)
    for number, row in enumerate(rest, start=2):
        _write_row(sheet, number, row, formats)


def _write_row(sheet: Any, number: int, row: tuple[Any, ...], formats: dict[str, Any]) -> None:
    for place, value in enumerate(row):
        if value is None or value == "":
            continue
        if isinstance(value, str):
            sheet.write_string(number, place, value)
        elif isinstance(value, Decimal | int):
            sheet.write_number(number, place, value, formats["fine"] if isinstance(value, Decimal) else None)
        elif isinstance(value, date) and not hasattr(value, "hour"):
            sheet.write_datetime(number, place, value, formats["day"])
        else:
            sheet.write_datetime(number, place, value, formats["moment"])


def _sheet_rows(conn: Conn, order: Order) -> Iterator[tuple[Any, ...]]:
    """Yield the cells of each line: a line with several shares takes a row for each, its amounts in the first."""
    for placed, rows in _in_parts(conn, order):
        for one, row in zip(placed, rows, strict=True):
            yield from _cells(one, row, order.language)


def _cells(placed: PlacedLine, row: LineRow, language: Language) -> Iterator[tuple[Any, ...]]:
    line = placed.line
    explained: Sequence[LineShare | LineFunding | None] = (*line.shares, *line.fundings) or (None,)
    for place, one in enumerate(explained):
        borne = None if line.borne_minor is msgspec.UNSET else line.bears_minor
        shown = (line.pending_minor, line.due_minor, borne) if place == 0 else (None, None, None)
        yield (
            placed.place.day,
            line.at,
            row.kind,
            row.order,
            line.code,
            row.goods,
            line.units,
            *_how(one, row.why[place] if one is not None else "", line.currency, language),
            row.state,
            line.currency,
            *(_money(amount, line.currency) for amount in shown),
            row.entity,
            str(line.entry_id),
            str(line.part_id),
        )


def _how(one: LineShare | LineFunding | None, why: str, currency: str, language: Language) -> tuple[Any, ...]:
    """The cells that explain an amount: for what, version, row, base, rate, each, amount, rounding."""
    if one is None:
        return ("", None, None, None, None, None, None, "")
    if isinstance(one, LineFunding):
        return (
            f"{one.promotion}, {bearer_word(one, language)}",
            one.version or None,
            one.row,
            _money(one.base_minor, currency),
            Decimal(one.basis_points).scaleb(-2),
            None,
            _money(one.amount_minor, currency),
            "",
        )
    return (
        _for_what(one, why, language),
        one.rule_version if one.rule_row else None,
        one.rule_row or None,
        _money(one.base_minor, currency),
        Decimal(one.basis_points).scaleb(-2) if one.basis_points is not None else None,
        _money(one.each_minor, currency),
        _money(one.amount_minor, currency),
        rounding_word(one, currency, language),
    )


def _for_what(share: LineShare, why: str, language: Language) -> str:
    """What a share is for; one on top says why it is paid, which no row of the rules does."""
    return role_word(share, language) if share.rule_row else why


def _money(minor: int | None, currency: str) -> Decimal | None:
    return None if minor is None else Decimal(minor).scaleb(-get_currency_precision(currency))


def _in_parts(conn: Conn, order: Order) -> Iterator[tuple[list[PlacedLine], list[LineRow]]]:
    """Read lines some hundreds at a time, with all that writes them down."""
    lines = lines_between(conn, order.party.id, first_day=order.days[0], last_day=order.days[1])
    paid_through = paid_through_of(conn, order.party.id)
    while placed := list(islice(lines, LINES_PER_PAGE)):
        found = found_for(conn, order.party, [one.line for one in placed], paid_through)
        yield placed, rows_of(placed, found, order.zone, order.language)


def write_pdf(conn: Conn, order: Order, written_to: Written) -> None:
    """Write pages to print. Raises Refused where the machine lacks what sets them."""
    written_to.write(set_pages(spelt_for_paper(conn, order)))


def spelt_for_paper(conn: Conn, order: Order) -> str:
    """Return a statement as HTML to be printed, with the first lines where there are too many for paper."""
    head, seal = read_head(conn, order.party, order.days)
    rows: list[LineRow] = []
    for _, part in _in_parts(conn, order):
        rows += part
        if len(rows) >= PDF_LINES_MAX:
            break
    return (
        environment()
        .get_template("statements/print.html")
        .render(
            language=order.language,
            say=order.language.say,
            view=written(head, seal, order.party, order.language),
            rows=rows[:PDF_LINES_MAX],
            bears=any(row.is_borne for row in rows[:PDF_LINES_MAX]),
            more=order.language.count(head.lines - PDF_LINES_MAX) if head.lines > PDF_LINES_MAX else "",
        )
    )
