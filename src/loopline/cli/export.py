"""`loopline export`: what the brand knows, as CSV or XLSX for people's own tools."""

import csv
import os
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
import xlsxwriter  # pyright: ignore[reportMissingTypeStubs]
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from loopline.cli.console import EXIT_REFUSED, people, print_json, problems_told
from loopline.db.opening import open_database
from loopline.db.settings import settings_from
from loopline.insight.exports import TABLES, Table, export_table

_XLSX_ROWS_MAX = 1_048_576
_TOLD_EVERY = 1_000
# A spreadsheet would run what begins like this as a formula.
_FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r")


class TooManyRows(Exception):  # noqa: N818 - its text is shown to the person who asked
    """A sheet holds 1,048,576 rows: write CSV."""


def export(
    table: Annotated[str, typer.Argument(help=f"One of: {', '.join(TABLES)}.")],
    target: Annotated[Path, typer.Argument(dir_okay=False, help="The .csv or .xlsx file to write.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write a table to a file, in one consistent view. Members leave as ids, without names or phones."""
    if table not in TABLES:
        people.print(f"[red]there is no table {table}; there are {', '.join(TABLES)}[/red]", highlight=False)
        raise typer.Exit(EXIT_REFUSED)
    writers: dict[str, Callable[[Table, Path, Callable[[int], None]], int]] = {
        ".csv": _write_csv,
        ".xlsx": _write_xlsx,
    }
    write = writers.get(target.suffix.lower())
    if write is None:
        people.print("[red]the file's name ends in .csv or .xlsx[/red]")
        raise typer.Exit(EXIT_REFUSED)
    draft = target.with_name(f".{target.name}.draft")
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description} {task.completed:,} rows"),
        TimeElapsedColumn(),
        console=people,
    )
    try:
        with problems_told(), open_database(settings_from(os.environ)) as database, bar:
            task = bar.add_task(f"export {table}", total=None)
            with database.reading() as conn:
                count = write(export_table(conn, table), draft, lambda done: bar.update(task, completed=done))
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
