"""`loopline import`: a file of goods, looked at first, then taken over whole or not at all."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.markup import escape
from rich.table import Table

from loopline import catalogue
from loopline.catalogue import ImportPreview
from loopline.cli.console import EXIT_REFUSED, people, print_json, problems_told
from loopline.db.opening import open_database
from loopline.db.settings import settings_from
from loopline.kernel.refusals import Refusal, Refused
from loopline.processes import catalogue_changes

_ROWS_SHOWN_MAX = 50
Outcome = TypeVar("Outcome")
app = typer.Typer(no_args_is_help=True, help="Bring data in from files, with a preview of every change.")


@app.callback()
def bring_in() -> None:
    """Bring data in from files, with a preview of every change."""


@app.command("catalogue")
def import_catalogue(
    path: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A CSV or XLSX file.")
    ],
    apply: Annotated[bool, typer.Option("--apply", help="Write what the preview shows.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show what a file of products and SKUs would change; with --apply change it. Exit 2 with a refused row."""
    with problems_told(), open_database(settings_from(os.environ)) as database:
        with people.status("reading"), database.reading() as conn:
            preview = _granted(catalogue.read_import(conn, path.read_bytes(), file_name=path.name))
        if as_json:
            print_json(
                {
                    "added": preview.added,
                    "changed": preview.changed,
                    "unchanged": preview.unchanged,
                    "refused": [
                        {
                            "line": row.line,
                            "field": row.field,
                            "value": row.value,
                            "reason": row.reason.message(),
                        }
                        for row in preview.refused
                    ],
                }
            )
        else:
            _print_for_people(preview)
        if preview.refused:
            people.print("[red]nothing was written: mend the refused rows first[/red]")
            raise typer.Exit(EXIT_REFUSED)
        if apply:
            with people.status("writing"), database.transaction() as conn:
                done = _granted(
                    catalogue_changes.apply_import(conn, preview, now=datetime.now(UTC), actor="cli")
                )
            people.print(
                f"[green]written[/green]: {done.products_added} products and {done.skus_added} SKUs added,"
                f" {done.products_changed} and {done.skus_changed} changed, {done.unchanged} rows unchanged"
            )
        else:
            people.print("nothing was written; say --apply to write it")


def _granted(outcome: Outcome | Refusal) -> Outcome:
    if isinstance(outcome, Refusal):
        raise Refused(outcome)
    return outcome


def _print_for_people(preview: ImportPreview) -> None:
    table = Table(box=None)
    for heading in ("line", "what", "field", "before", "after or reason"):
        table.add_column(heading, justify="right" if heading == "line" else "left")
    rows = [
        *(
            (one.line, "[red]refused[/red]", one.field or "", one.value, one.reason.message())
            for one in preview.refused
        ),
        *((one.line, f"new {one.noun} {one.item}", "", "", one.name) for one in preview.added),
        *((one.line, f"{one.noun} {one.item}", one.field, one.before, one.after) for one in preview.changed),
    ]
    for line, what, field, before, after in rows[:_ROWS_SHOWN_MAX]:
        shown = what if what.startswith("[") else escape(what)
        table.add_row(str(line), shown, field, escape(str(before)), escape(str(after)))
    people.print(table)
    if len(rows) > _ROWS_SHOWN_MAX:
        people.print(f"… and {len(rows) - _ROWS_SHOWN_MAX} more; --json shows all of them")
    people.print(
        f"{len(preview.added)} additions, {len(preview.changed)} changes, {preview.unchanged} rows unchanged,"
        f" {len(preview.refused)} rows refused"
    )
