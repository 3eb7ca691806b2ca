"""`loopline reviews`: teach the house to tell the mood of reviews from their words, and say what reads them."""

import getpass
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from loopline import reviews
from loopline.cli.console import EXIT_REFUSED, people, print_json, problems_told
from loopline.db import Conn, Database
from loopline.db.opening import open_database
from loopline.db.settings import settings_from
from loopline.kernel.refusals import Refusal
from loopline.reviews import MoodVersion
from loopline.reviews.mood.examples import NotExamples, examples_of
from loopline.reviews.mood.learning import Example, Learnt, Measures, TooFewTexts, accuracy_of, learn
from loopline.reviews.mood.learning import without_repeats as rows_of
from loopline.reviews.mood.model import packed
from loopline.reviews.readings import model_of

app = typer.Typer(no_args_is_help=True, help="How the mood of reviews is told from their words.")
_Files = Annotated[
    list[Path],
    typer.Argument(exists=True, dir_okay=False, help="CSV files of texts and moods, packed (.gz) or not."),
]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.callback()
def of_reviews() -> None:
    """How the mood of reviews is told from their words."""


@app.command()
def train(
    files: _Files,
    held_back: Annotated[
        bool,
        typer.Option(
            "--held-back", help="Keep the model that was measured, which never saw the rows held back."
        ),
    ] = False,
    publish: Annotated[
        str | None,
        typer.Option(
            help="Let it read from now on, with this comment; else a person publishes it at /hq/reviews."
        ),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep/--no-keep", help="Keep it in the database, or only measure.")
    ] = True,
    as_json: _Json = False,
) -> None:
    """Learn from texts whose mood is known; print how well a tenth that was held back was told, beside a baseline."""
    begun = time.perf_counter()
    learnt = _learnt(files, keeps_measured=held_back)
    version = None
    if keep:
        with (
            problems_told(),
            open_database(settings_from(os.environ)) as database,
            database.transaction() as conn,
        ):
            version = _keep(conn, learnt, publish=publish, now=datetime.now(UTC))
    size = len(packed(learnt.model))
    seconds = round(time.perf_counter() - begun, 1)
    if as_json:
        print_json(
            {
                "version": version,
                "published": version is not None and publish is not None,
                "bytes": size,
                "seconds": seconds,
                **msgspec.to_builtins(learnt.measures),
            }
        )
        return
    _print_measures(learnt.measures)
    kept = "not kept" if version is None else f"kept as version {version}"
    people.print(
        f"learnt from {learnt.texts:,} texts in {seconds} s, {size:,} bytes, {kept}", highlight=False
    )
    if version is not None:
        people.print(
            "it reads from now on"
            if publish
            else "stars alone speak until somebody publishes it: /hq/reviews/reading"
        )


def _learnt(files: Sequence[Path], *, keeps_measured: bool) -> Learnt:
    try:
        return learn(rows_of(_examples(files)), keeps_measured=keeps_measured)
    except (NotExamples, TooFewTexts) as problem:
        people.print(f"[red]{problem}[/red]", highlight=False)
        raise typer.Exit(EXIT_REFUSED) from None


def _examples(files: Sequence[Path]) -> list[Example]:
    return [one for path in files for one in examples_of(path)]


def _keep(conn: Conn, learnt: Learnt, *, publish: str | None, now: datetime) -> int:
    by = f"console:{getpass.getuser()}"
    version = reviews.keep_model(conn, learnt, by=by, now=now)
    if publish is not None:
        outcome = reviews.publish_model(conn, version, comment=publish, by=by, now=now)
        if isinstance(outcome, Refusal):
            people.print(f"[red]{outcome.message()}[/red]")
            raise typer.Exit(EXIT_REFUSED)
    return version


@app.command()
def measure(
    files: _Files,
    version: Annotated[
        int | None, typer.Option(min=1, help="Which model; the published one where none is named.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Print how well a model tells the mood of every text in files, be it learnt from them or not."""
    with problems_told(), open_database(settings_from(os.environ)) as database:
        found = _model(database, version)
        with database.reading() as conn:
            model = model_of(conn, found.version, digest=found.digest)
    told = {path.name: _examples([path]) for path in files}
    begun = time.perf_counter()
    accuracies = {name: accuracy_of(model, rows) for name, rows in told.items() if rows}
    seconds = time.perf_counter() - begun
    per_second = round(sum(len(rows) for rows in told.values()) / max(seconds, 1e-6))
    if as_json:
        print_json({"version": found.version, "accuracy": accuracies, "per_second": per_second})
        return
    for name, accuracy in accuracies.items():
        people.print(f"{name}: {accuracy:.4f} of {len(told[name]):,} texts", highlight=False)
    people.print(f"version {found.version}, {per_second:,} texts a second", highlight=False)


def _model(database: Database, version: int | None) -> MoodVersion:
    with database.reading() as conn:
        found = (
            reviews.mood_in_force(conn)
            if version is None
            else next((one for one in reviews.mood_models(conn) if one.version == version), None)
        )
    if found is None:
        people.print("[red]there is no such model: stars alone speak[/red]")
        raise typer.Exit(EXIT_REFUSED)
    return found


def _print_measures(measures: Measures) -> None:
    people.print(
        f"{measures.read:,} texts read; {measures.again:,} stood there again and"
        f" {measures.contradicted:,} were said to be both: left out",
        highlight=False,
    )
    table = Table(
        title=f"{measures.held_back:,} texts held back; learnt from {measures.learnt_from:,} others"
    )
    table.add_column("")
    for name in ("texts", "accuracy", "baseline"):
        table.add_column(name, justify="right")
    table.add_row("all", f"{measures.held_back:,}", f"{measures.accuracy:.4f}", f"{measures.baseline:.4f}")
    for one in measures.parts:
        name = f"  {one.kind}" if one.kind else one.source
        table.add_row(name, f"{one.texts:,}", f"{one.accuracy:.4f}", f"{one.baseline:.4f}")
    people.print(table)
    people.print(
        f"{measures.majority:.4f} by always saying what most are; {measures.per_second:,} texts a second",
        highlight=False,
    )
