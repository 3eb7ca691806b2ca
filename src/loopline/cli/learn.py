"""`loopline learn`: what the house learns from its own record, now instead of tonight."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from loopline import org
from loopline.cli.console import people, print_json, problems_told
from loopline.db.opening import open_database
from loopline.db.settings import settings_from
from loopline.insight.acceptance.model import Measure, Measures, Version
from loopline.insight.acceptance.service import learn
from loopline.insight.capacity.model import SiteCapacity
from loopline.insight.capacity.model import Version as SitesLearnt
from loopline.insight.capacity.queries import standing
from loopline.insight.capacity.service import learn as learn_sites
from loopline.processes.learnt_capacity import renew_limits

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


@app.command()
def capacity(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Learn how much each site does in a day from what it handed over; print what it says, what was learnt, and why."""
    with (
        problems_told(),
        open_database(settings_from(os.environ)) as database,
        database.transaction() as conn,
    ):
        now = datetime.now(UTC)
        version = learn_sites(conn, now=now)
        renew_limits(conn, now=now)
        sites = org.sites_by_id(conn, [one.site_id for one in standing(conn)])
        rows = [(sites[one.site_id].code, one) for one in standing(conn) if one.version is not None]
    if as_json:
        told = [{"site_code": code, "holds": one.holds, **msgspec.to_builtins(one)} for code, one in rows]
        print_json(None if version is None else {**msgspec.to_builtins(version), "sites": told})
    elif version is None:
        people.print("no site has handed over anything yet: there is nothing to learn from")
    else:
        _print_sites(version, rows)


def _print_sites(version: SitesLearnt, rows: Sequence[tuple[str, SiteCapacity]]) -> None:
    table = Table(
        title=f"version {version.version}: {version.first_day} to {version.last_day},"
        f" held back from {version.held_back_from} on"
    )
    for name in ("site", "says", "does", "given", "full days", "off: says, does", "why"):
        table.add_column(name, justify="left" if name in {"site", "why"} else "right")
    for code, one in sorted(rows, key=lambda row: row[0]):
        table.add_row(
            code,
            str(one.stated_per_day),
            "" if one.learnt_per_day is None else str(one.learnt_per_day),
            str(one.holds),
            f"{one.full_days} of {one.days}",
            "" if one.stated_error is None else f"{one.stated_error:.2f}, {one.learnt_error:.2f}",
            "fixed" if one.fixed_at is not None else (one.verdict or "").replace("_", " "),
        )
    people.print(table)


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
    _print_paid_more(measures)
    used = measures.trees if version.trees is not None and measures.trees is not None else measures.rates
    table = Table(title="calibration of what is used")
    for name in ("offers", "foretold", "accepted"):
        table.add_column(name, justify="right")
    for one in used.calibration:
        table.add_row(f"{one.offers:,}", f"{one.foretold:.3f}", f"{one.accepted:.3f}")
    people.print(table)


def _print_paid_more(measures: Measures) -> None:
    if measures.paid_more_rates is None or measures.paid_more_trees is None:
        return
    table = Table(
        title=f"the {measures.paid_more_offers:,} of them that paid more because the work came back"
    )
    for name in ("", "log loss", "Brier", "AUC", "foretold", "accepted"):
        table.add_column(name, justify="right")
    for name, one in (("plain rates", measures.paid_more_rates), ("trees", measures.paid_more_trees)):
        foretold, accepted = (
            sum(bin_.offers * value for bin_, value in values) / measures.paid_more_offers
            for values in (
                [(bin_, bin_.foretold) for bin_ in one.calibration],
                [(bin_, bin_.accepted) for bin_ in one.calibration],
            )
        )
        table.add_row(
            name,
            f"{one.log_loss:.4f}",
            f"{one.brier:.4f}",
            _auc(one),
            f"{foretold:.3f}",
            f"{accepted:.3f}",
        )
    people.print(table)


def _auc(measure: Measure) -> str:
    return "" if measure.auc is None else f"{measure.auc:.3f}"
