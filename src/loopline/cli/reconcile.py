"""`loopline reconcile`: a bill taken in and held against the books, for those who connect systems."""

import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.table import Table

from loopline.bills import BillTaken, Run, Source, read_bill
from loopline.cli.console import people, print_json, problems_told
from loopline.db import Conn, Database
from loopline.db.opening import open_database
from loopline.db.settings import settings_from
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.reconcile.running import DAYS_MAX
from loopline.processes.reconcile.running import reconcile as hold_against_books
from loopline.processes.reconcile.working import source_in, take_in_bill

T = TypeVar("T")
_EXIT_DIFFERENCES = 1
_BY = "cli"


def reconcile(
    path: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The file, as downloaded.")
    ],
    source: Annotated[str, typer.Option("--source", help="The code of the source whose bill it is.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Take a bill in and hold its days against the books. Exit 1 where differences stand, 2 where it cannot be read."""
    with problems_told(), open_database(settings_from(os.environ)) as database:
        with people.status("reading"):
            taken = _taken_in(database, path, source)
        first = max(taken.bill.first_day.toordinal(), taken.bill.last_day.toordinal() - DAYS_MAX + 1)
        with people.status("comparing"):
            run = _held(database, source, (date.fromordinal(first), taken.bill.last_day))
        if as_json:
            print_json({"bill": taken.bill, "is_repeat": taken.is_repeat, "run": run})
        else:
            _print_for_people(taken, run)
    if run.classes:
        raise typer.Exit(_EXIT_DIFFERENCES)


def _taken_in(database: Database, path: Path, code: str) -> BillTaken:
    with database.reading() as conn:
        source = _granted(source_in(conn, code, scope=WHOLE_BRAND))
    content = _granted(read_bill(path.read_bytes(), file_name=path.name, source=source))
    with database.transaction() as conn:
        return take_in_bill(conn, source, content, by=_BY, now=datetime.now(UTC))


def _held(database: Database, code: str, period: tuple[date, date]) -> Run:
    def find(conn: Conn) -> Source:
        return _granted(source_in(conn, code, scope=WHOLE_BRAND))

    def reading(work: Callable[[Conn, datetime], T]) -> T:
        with database.reading() as conn:
            return work(conn, datetime.now(UTC))

    def writing(work: Callable[[Conn, datetime], T]) -> T:
        with database.transaction() as conn:
            return work(conn, datetime.now(UTC))

    return hold_against_books(find, period, reading=reading, writing=writing, by=_BY)


def _granted(outcome: T | Refusal) -> T:
    if isinstance(outcome, Refusal):
        raise Refused(outcome)
    return outcome


def _print_for_people(taken: BillTaken, run: Run) -> None:
    people.print(
        f"{taken.bill.lines} lines of {taken.bill.first_day} to {taken.bill.last_day}"
        + (", taken in before" if taken.is_repeat else "")
    )
    people.print(f"[green]{run.totals.matched} matched[/green], {run.opened} opened, {run.closed} closed")
    table = Table(box=None)
    for heading in ("class", "differences", "theirs", "ours"):
        table.add_column(heading, justify="left" if heading == "class" else "right")
    for one in run.classes:
        table.add_row(one.kind.value, str(one.differences), str(one.theirs_minor), str(one.ours_minor))
    if run.classes:
        people.print(table)
