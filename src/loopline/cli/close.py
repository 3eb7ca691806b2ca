"""`loopline close`: months of companies' books: which are open, what stands in the way, and closing them for good."""

import os
from datetime import UTC, date, datetime
from typing import Annotated, NoReturn

import psycopg
import typer
from rich.table import Table

from loopline import org
from loopline.cli.console import EXIT_REFUSED, people, print_json, problems_told
from loopline.closing.rules.months import read_month
from loopline.db import Conn, Database
from loopline.db.opening import open_database
from loopline.db.settings import settings_from
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.close.command import CloseAsk, close_months
from loopline.processes.close.telling import MonthTold, SheetAsk, SheetTold, month_told, months_in, sheet_of

app = typer.Typer(help="Close months of companies' books for good.", no_args_is_help=True)

Entity = Annotated[str, typer.Argument(help="The code of the company.")]
Month = Annotated[str, typer.Argument(help="The month, such as 2026-10.")]
Currency = Annotated[str, typer.Option(help="The currency of the books.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command("list")
def list_months(as_json: AsJson = False) -> None:
    """List the months of all books, the running one first: closed, next to be closed, waiting, running."""
    with problems_told(), open_database(settings_from(os.environ)) as database, database.reading() as conn:
        found = months_in(conn, scope=WHOLE_BRAND, now=datetime.now(UTC))
    if as_json:
        print_json({"months": found})
        return
    table = Table(box=None)
    for heading in ("company", "month", "currency", "state", "entries", "expected returns"):
        table.add_column(heading, justify="right" if heading in {"entries", "expected returns"} else "left")
    for one in found:
        entries = "" if one.entries is None else f"{one.entries:,}"
        expected = "" if one.expected_returns_minor is None else str(one.expected_returns_minor)
        table.add_row(one.entity_code, one.month, one.currency, one.state.value, entries, expected)
    people.print(table)


@app.command("show")
def show_month(
    entity: Entity,
    month: Month,
    currency: Currency = "CNY",
    prove: Annotated[bool, typer.Option(help="Let doctor prove the money of an open month.")] = True,
    as_json: AsJson = False,
) -> None:
    """Show the sheet of a closed month, or what the first open one would be closed with and what stands in its way."""
    ask = SheetAsk(entity_code=entity, currency=currency, month=_month(month), is_proven=prove)
    with problems_told(), open_database(settings_from(os.environ)) as database, database.reading() as conn:
        found = sheet_of(conn, ask, scope=WHOLE_BRAND, now=datetime.now(UTC))
        if isinstance(found, Refusal):
            raise Refused(found)
    if as_json:
        print_json(found)
    else:
        _print_sheet(found)


@app.command("month")
def close_month(
    entity: Entity,
    month: Month,
    comment: Annotated[str, typer.Option(help="What was looked at, kept with the close.")],
    by: Annotated[str, typer.Option(help="Who closes it, by the name they sign in with.")],
    currency: Currency = "CNY",
    as_json: AsJson = False,
) -> None:
    """Close a month for good: nothing reopens it, and what comes later belongs to the first open month."""
    ask = CloseAsk(entity_code=entity, currency=currency, month=_month(month), comment=comment)
    with problems_told(), open_database(settings_from(os.environ)) as database:
        try:
            told, is_repeat = _closed(database, ask, by=by)
        except psycopg.errors.LockNotAvailable:
            _refuse(f"somebody else is closing months of {entity} at this moment: try again")
    if as_json:
        print_json({"month": told, "is_repeat": is_repeat})
        return
    said = "was closed before" if is_repeat else "closed"
    people.print(
        f"[green]{said}[/green]: {told.entity_code} {told.month}, digest {told.digest}", highlight=False
    )


def _closed(database: Database, ask: CloseAsk, *, by: str) -> tuple[MonthTold, bool]:
    with database.transaction() as conn:
        actor = _person(conn, by)
        (outcome,) = close_months(conn, [ask], by=actor, scope=WHOLE_BRAND, now=datetime.now(UTC))
        if isinstance(outcome, Refusal):
            raise Refused(outcome)
        return month_told(outcome.close.in_short, ask.entity_code), outcome.is_repeat


def _person(conn: Conn, name: str) -> str:
    found = org.people_by_name(conn, [name])
    if name not in found:
        _refuse(f"nobody signs in as {name}")
    return f"person:{found[name].id}"


def _month(text: str) -> date:
    month = read_month(text)
    if month is None:
        _refuse(f"{text} is no month: write it like 2026-10")
    return month


def _refuse(reason: str) -> NoReturn:
    people.print(f"[red]{reason}[/red]", highlight=False)
    raise typer.Exit(EXIT_REFUSED)


def _print_sheet(sheet: SheetTold) -> None:
    month = sheet.month
    people.print(f"{month.entity_code} {month.month} {month.currency}: {month.state.value}", highlight=False)
    earlier = f", {sheet.entries_of_before:,} of them about earlier months" if sheet.entries_of_before else ""
    people.print(f"{sheet.entries:,} entries{earlier}", highlight=False)
    for notice in sheet.notices:
        colour = "red" if notice.is_hard else "yellow"
        people.print(
            f"[{colour}]{notice.kind.value}[/{colour}] {notice.subject} {notice.count:,}", highlight=False
        )
    table = Table(box=None)
    for heading in ("purpose", "opening", "debit", "credit", "closing"):
        table.add_column(heading, justify="left" if heading == "purpose" else "right")
    for one in sheet.balances:
        amounts = (one.opening_minor, one.debit_minor, one.credit_minor, one.closing_minor)
        table.add_row(one.purpose, *(str(amount) for amount in amounts))
    people.print(table)
    for one in sheet.expectations:
        people.print(
            f"{one.category or 'no category'}: {one.expected_minor} of {one.returnable_minor} expected back"
            f" (by {one.basis.value})",
            highlight=False,
        )
