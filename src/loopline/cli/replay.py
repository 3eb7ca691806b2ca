"""`loopline replay`: take a real history through the whole loop, and check that everything adds up."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from loopline.cli.console import people, print_json, problems_told
from loopline.db.opening import open_database
from loopline.db.settings import settings_from
from loopline.simulator.replay.driver import ReplayAsk, Standing
from loopline.simulator.replay.report import Report
from loopline.simulator.replay.run import run_replay

app = typer.Typer(no_args_is_help=True, help="Replay a real history through the whole loop.")


@app.callback()
def replay() -> None:
    """Replay a real history through the whole loop."""


@app.command("online-retail")
def online_retail(
    path: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, readable=True, help="The invoice file, as CSV or packed with gzip."
        ),
    ],
    seed: Annotated[int, typer.Option(help="The seed of the made-up world around the invoices.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    limit_invoices: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many invoices; a later run goes on from there.")
    ] = None,
) -> None:
    """Take 13 months of a retailer's invoices through the loop. Exit 0 only when every check holds.

    Killed and started again it goes on where it was; run again at its end it changes nothing.
    """
    ask = ReplayAsk(path=path, seed=seed, invoices_max=limit_invoices)
    settings = settings_from(os.environ)
    with problems_told(), open_database(settings) as database, _told_progress() as told:
        report = run_replay(database, ask, settings=settings, told=told)
    if as_json:
        print_json(report.as_json())
    else:
        _print_for_people(report)
    raise typer.Exit(0 if report.ok else 1)


class _Bar:
    """Tells a person how far a replay is, on standard error."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("reading", total=None)

    def __call__(self, standing: Standing) -> None:
        self._progress.update(
            self._task,
            description=f"{standing.at:%Y-%m-%d}",
            completed=standing.invoices,
            total=standing.invoices_in_all,
        )


@contextmanager
def _told_progress() -> Generator[_Bar, None, None]:
    columns = (
        TextColumn("replay {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("invoices"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=people, transient=True) as progress:
        yield _Bar(progress)


def _print_for_people(report: Report) -> None:
    figures = Table(box=None, show_header=False)
    figures.add_column()
    figures.add_column(justify="right")
    for name, value in report.figures_for_people():
        figures.add_row(name, value)
    people.print(figures)
    checks = Table(box=None)
    checks.add_column("check")
    checks.add_column("expected", justify="right")
    checks.add_column("found", justify="right")
    checks.add_column("")
    for check in report.checks:
        verdict = "[green]holds[/green]" if check.ok else "[red]does not hold[/red]"
        checks.add_row(check.name, escape(check.expected), escape(check.found), verdict)
    people.print(checks)
    people.print("[green]ok[/green]" if report.ok else "[red]not ok[/red]")
