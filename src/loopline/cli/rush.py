"""`loopline rush`: marketplaces sell one scarce SKU at speed, told everything or lent shares; what is sold twice."""

from typing import Annotated

import typer
from rich.table import Table

from loopline.cli.console import people, print_json
from loopline.simulator.marketplaces import Outcome, Rush, Telling, let_rush

_USUAL = Rush()


def rush(
    units: Annotated[int, typer.Option(min=0, max=100_000, help="How many units there are.")] = _USUAL.units,
    told_ms: Annotated[
        int, typer.Option(min=0, max=600_000, help="After how long a marketplace goes by what it is told.")
    ] = _USUAL.told_ms,
    heard_ms: Annotated[
        int, typer.Option(min=0, max=600_000, help="After how long we hear of a marketplace's sale.")
    ] = _USUAL.heard_ms,
    buffer: Annotated[int, typer.Option(min=0, help="How many units nobody is told of.")] = _USUAL.buffer,
    seed: Annotated[int, typer.Option(help="The seed of who comes when.")] = _USUAL.seed,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Let three marketplaces sell one scarce SKU for a minute, once for each way of telling them. Needs no database."""
    asked = Rush(units=units, told_ms=told_ms, heard_ms=heard_ms, buffer=buffer, seed=seed)
    outcomes = [let_rush(asked, telling) for telling in Telling]
    if as_json:
        print_json({one.telling.value: one for one in outcomes})
    else:
        people.print(_table(outcomes))


def _table(outcomes: list[Outcome]) -> Table:
    table = Table("told", "units", "asked", "sold", "oversold", "unsold", "sent away", "pushes")
    for one in outcomes:
        counts = (one.units, one.asked, one.sold, one.oversold, one.unsold, one.sent_away, one.pushes)
        table.add_row(one.telling.value, *(str(count) for count in counts))
    return table
