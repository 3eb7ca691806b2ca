"""`loopline export`: what the brand knows, as CSV or XLSX for people's own tools; its journal as Beancount too."""

import csv
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
import xlsxwriter  # pyright: ignore[reportMissingTypeStubs]
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from loopline.cli.console import EXIT_REFUSED, people, print_json, problems_told
from loopline.closing.rules.months import read_month
from loopline.db import Conn
from loopline.db.opening import open_database
from loopline.db.settings import settings_from
from loopline.insight.exports import TABLES, Table, export_table
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import WHOLE_BRAND
from loopline.kernel.times import day_range
from loopline.ledger import queries as ledger
from loopline.processes.close.telling import SheetAsk, month_in_books
from loopline.processes.journal import JOURNAL_COLUMNS, beancount_lines, journal_rows

_XLSX_ROWS_MAX = 1_048_576
_TOLD_EVERY = 1_000
_JOURNAL = "journal"
_ALL = (*TABLES, _JOURNAL)
_BEANCOUNT = ".beancount"
_DAY = ["%Y-%m-%d"]
_ZONE = "Asia/Shanghai"
# A spreadsheet would run what begins like this as a formula.
_FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r")


_Write = Callable[[Table, Path, Callable[[int], None]], int]


class TooManyRows(Exception):  # noqa: N818 - its text is shown to the person who asked
    """A sheet holds 1,048,576 rows: write CSV."""


def export(
    table: Annotated[str, typer.Argument(help=f"One of: {', '.join(_ALL)}.")],
    target: Annotated[
        Path,
        typer.Argument(dir_okay=False, help="The .csv or .xlsx file to write; .beancount for the journal."),
    ],
    first: Annotated[
        datetime | None, typer.Option("--from", formats=_DAY, help="First day of the journal.")
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=_DAY, help="Last day of the journal, included.")
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option(help="The zone in which the journal's days are cut.", show_default="Asia/Shanghai"),
    ] = None,
    month: Annotated[
        str | None,
        typer.Option(help="A closed month of the journal, such as 2026-10, of one company's books."),
    ] = None,
    company: Annotated[str, typer.Option(help="The company whose month it is, by its code.")] = "",
    currency: Annotated[
        str | None, typer.Option(help="The currency of the month's books.", show_default="CNY")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write a table to a file, in one consistent view. Members leave as ids, without names or phones."""
    _refuse_beside_month(month, (first, last, zone), (company or None, currency))
    closed = _closed_month(table, month, company, currency or "CNY")
    days = _days_of(table, first, last) if closed is None else None
    write = _writer_of(table, target)
    draft = target.with_name(f".{target.name}.draft")
    counted = TextColumn("{task.description} {task.completed:,} rows")
    bar = Progress(SpinnerColumn(), counted, TimeElapsedColumn(), console=people)
    try:
        with problems_told(), open_database(settings_from(os.environ)) as database, bar:
            task = bar.add_task(f"export {table}", total=None)
            with database.reading() as conn:
                if closed is not None:
                    found = _journal_of_month(conn, closed)
                else:
                    found = (
                        export_table(conn, table)
                        if days is None
                        else _journal(conn, days, zone=zone or _ZONE)
                    )
                count = write(found, draft, lambda done: bar.update(task, completed=done))
        draft.replace(target)
    except TooManyRows as problem:
        people.print(f"[red]{problem}[/red]")
        raise typer.Exit(EXIT_REFUSED) from problem
    finally:
        draft.unlink(missing_ok=True)
    if as_json:
        print_json({"table": table, "file": str(target), "rows": count})
    else:
        people.print(f"[green]written[/green]: {count:,} rows to {target}", highlight=False)


def _refuse_beside_month(month: str | None, days: tuple[Any, ...], books: tuple[str | None, ...]) -> None:
    """Exit where what is said beside a month, or without one, would be passed over."""
    if month is not None and any(days):
        _refuse("a closed month has its own days and zone: --month goes without --from, --to and --zone")
    if month is None and any(books):
        _refuse("--company and --currency say whose --month is asked for, and it is missing")


def _closed_month(table: str, month: str | None, company: str, currency: str) -> SheetAsk | None:
    """Return which month is asked for, None for none; exits where table, month and company do not fit."""
    if month is None:
        return None
    if table != _JOURNAL:
        _refuse("only the journal is cut by --month")
    first_day = read_month(month)
    if first_day is None or not company:
        _refuse("a month of the journal needs --month, written like 2026-10, and --company")
    return SheetAsk(entity_code=company, currency=currency, month=first_day)


def _days_of(table: str, first: datetime | None, last: datetime | None) -> tuple[date, date] | None:
    """Return the first and last day of the journal, None for another table; exits where days and table do not fit."""
    if table not in _ALL:
        _refuse(f"there is no table {table}; there are {', '.join(_ALL)}")
    if table != _JOURNAL:
        if first or last:
            _refuse("only the journal is cut by --from and --to")
        return None
    if first is None or last is None or last < first:
        _refuse("the journal needs --from and --to, in this order")
    return first.date(), last.date()


def _writer_of(table: str, target: Path) -> _Write:
    writers: dict[str, _Write] = {".csv": _write_csv, ".xlsx": _write_xlsx}
    if table == _JOURNAL:
        writers[_BEANCOUNT] = _write_lines
    write = writers.get(target.suffix.lower())
    if write is None:
        _refuse(f"the file's name ends in {' or '.join(writers)}")
    return write


def _refuse(reason: str) -> NoReturn:
    people.print(f"[red]{reason}[/red]", highlight=False)
    raise typer.Exit(EXIT_REFUSED)


def _journal(conn: Conn, days: tuple[date, date], *, zone: str) -> Table:
    during = day_range(days[0], zone)
    end = day_range(days[1], zone).end
    assert end
    found = ledger.journal(conn, start=during.start, end=end)
    return Table(name=_JOURNAL, columns=JOURNAL_COLUMNS, rows=journal_rows(found, zone_name=zone))


def _journal_of_month(conn: Conn, ask: SheetAsk) -> Table:
    """Lay out a closed month by its rule: what was posted about earlier months is booked on its first day."""
    found = month_in_books(conn, ask, scope=WHOLE_BRAND)
    if isinstance(found, Refusal):
        raise Refused(found)
    lines = ledger.journal_of_month(conn, found.month)
    rows = journal_rows(lines, zone_name=found.zone, not_before=ask.month)
    return Table(name=_JOURNAL, columns=JOURNAL_COLUMNS, rows=rows)


def _write_lines(table: Table, path: Path, told: Callable[[int], None]) -> int:
    count = 0

    def counted() -> Iterator[tuple[Any, ...]]:
        nonlocal count
        for count, row in enumerate(table.rows, start=1):  # noqa: B007 - told outside
            yield row

    with path.open("w", encoding="utf-8") as file:
        for line in beancount_lines(counted()):
            file.write(line + "\n")
    told(count)
    return count


def _write_csv(table: Table, path: Path, told: Callable[[int], None]) -> int:
    """UTF-8 with a mark at its beginning, without which spreadsheets misread Chinese."""
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table.columns)
        for count, row in enumerate(table.rows, start=1):
            writer.writerow([_cell_of_csv(value) for value in row])
            if count % _TOLD_EVERY == 0:
                told(count)
    told(count)
    return count


def _cell_of_csv(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, str) and value.startswith(_FORMULA_BEGINS):
        return f"'{value}"
    return value


def _write_xlsx(table: Table, path: Path, told: Callable[[int], None]) -> int:
    count = 0
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "remove_timezone": True,
        "in_memory": False,
    }
    book: Any
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet = book.add_worksheet(table.name)
        bold, moment, day = (
            book.add_format(form)
            for form in ({"bold": True}, {"num_format": "yyyy-mm-dd hh:mm:ss"}, {"num_format": "yyyy-mm-dd"})
        )
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, table.columns, bold)
        for count, row in enumerate(table.rows, start=1):
            if count >= _XLSX_ROWS_MAX:
                raise TooManyRows(TooManyRows.__doc__)
            _write_row(sheet, count, row, moment=moment, day=day)
            if count % _TOLD_EVERY == 0:
                told(count)
    told(count)
    return count


def _write_row(sheet: Any, number: int, row: Sequence[Any], *, moment: Any, day: Any) -> None:
    for place, value in enumerate(row):
        if value is None:
            continue
        if isinstance(value, datetime):
            sheet.write_datetime(number, place, value, moment)
        elif isinstance(value, date):
            sheet.write_datetime(number, place, value, day)
        elif isinstance(value, bool):
            sheet.write_boolean(number, place, value)
        elif isinstance(value, int | float | Decimal):
            sheet.write_number(number, place, value)
        else:
            sheet.write_string(number, place, str(value))
