"""`loopline learn`: what the house learns from its own record, now instead of tonight."""

import os
from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from loopline.cli.console import people, print_json, problems_told
from loopline.db.opening import open_database
from loopline.db.settings import settings_from
from loopline.insight.acceptance.model import Measure, Version
from loopline.insight.acceptance.service import learn

app = typer.Typer(no_args_is_help=True, help="What the house learns from its own record.")


@app.callback()
def learning() -> None:
    """What the house learns from its own record."""


@app.command()
def acceptance(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Learn how likely each site accepts work, and in how many minutes; print how well days held back were foretold."""
    with (
        problems_told(),
        open_database(settings_from(os.environ)) as database,
        database.transaction() as conn,
    ):
        version = learn(conn, now=datetime.now(UTC))
    if as_json:
        print_json(None if version is None else _told(version))
    elif version is None:
        people.print("nothing was offered yet: there is nothing to learn from")
    else:
        people.print(
            f"version {version.version}: {version.offers:,} offers, {version.first_day} to {version.last_day};"
            f" probabilities by {_named(version.trees)}, minutes by {_named(version.minute_trees)}",
            highlight=False,
        )
        _print_measures(version)


def _told(version: Version) -> dict[str, object]:
    fields = msgspec.to_builtins(version)
    return {**fields, "trees": version.trees is not None, "minute_trees": version.minute_trees is not None}


def _named(trees: str | None) -> str:
    return "the sites' plain rates" if trees is None else "trees"


def _print_measures(version: Version) -> None:
    measures = version.measures
    if measures.rates is None:
        people.print("too few days to hold any back")
        return
    table = Table(title=f"{measures.held_back_offers:,} offers held back, from {version.held_back_from} on")
    for name in ("", "log loss", "Brier", "AUC", "minutes, root mean square error"):
        table.add_column(name, justify="right")
    for name, one, minutes in (
        ("plain rates", measures.rates, measures.minutes_rates),
        ("trees", measures.trees, measures.minutes_trees),
    ):
        if one is not None and minutes is not None:
            table.add_row(name, f"{one.log_loss:.4f}", f"{one.brier:.4f}", _auc(one), f"{minutes:.2f}")
    people.print(table)
    used = measures.trees if version.trees is not None and measures.trees is not None else measures.rates
    table = Table(title="calibration of what is used")
    for name in ("offers", "foretold", "accepted"):
        table.add_column(name, justify="right")
    for one in used.calibration:
        table.add_row(f"{one.offers:,}", f"{one.foretold:.3f}", f"{one.accepted:.3f}")
    people.print(table)


def _auc(measure: Measure) -> str:
    return "" if measure.auc is None else f"{measure.auc:.3f}"
