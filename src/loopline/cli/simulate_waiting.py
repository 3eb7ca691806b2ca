"""`loopline simulate waiting`: what it buys to let orders wait before they are sourced."""

from typing import Annotated

import typer
from rich.table import Table

from loopline.cli.console import people, print_json, problems_told
from loopline.simulator.waiting.country import Asked
from loopline.simulator.waiting.study import Found, study
from loopline.sourcing.optimiser.loading import load


def waiting(
    orders: Annotated[int, typer.Option(min=10, max=100_000, help="Orders of the day.")] = 2_000,
    sites: Annotated[int, typer.Option(min=3, max=5_000, help="Sites that serve them.")] = 60,
    seed: Annotated[int, typer.Option(help="The seed of the made-up country.")] = 1,
    cover: Annotated[
        float, typer.Option(min=0.1, max=100, help="Stock, as a multiple of what a day asks.")
    ] = Asked().cover,
    load_of_day: Annotated[
        float, typer.Option("--load", min=0.05, max=5, help="Parcels, as a part of all capacity.")
    ] = Asked().load,
    seconds: Annotated[
        float, typer.Option(min=1, help="How long the plan that knows the whole day is looked for.")
    ] = 20.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Decide one day of orders at once, every 15 min, hour and 4 h, and knowing it all; say what each costs."""
    asked = Asked(orders=orders, sites=sites, seed=seed, cover=cover, load=load_of_day)
    with problems_told(), people.status("loading") as status:
        load()
        found = study(asked, seconds=seconds, told=status.update)
    if as_json:
        print_json(found)
    else:
        _print_for_people(found)


def _print_for_people(found: Found) -> None:
    table = Table(
        title=f"{found.orders:,} orders of one day, {found.sites} sites: cost above the plan that knows it all "
        f"({found.clairvoyant_minor / 100:,.2f}, {found.clairvoyant_unfilled_units} units unfilled)"
    )
    table.add_column("window")
    for name in ("above", "above, with prices", "mean wait", "unfilled", "unfilled, with prices"):
        table.add_column(name, justify="right")
    without = [way for way in found.ways if not way.priced]
    priced = [way for way in found.ways if way.priced]
    for one, other in zip(without, priced, strict=True):
        table.add_row(
            f"{one.window_minutes} min"
            + (f", again for {one.again_minutes} min" if one.again_minutes else ""),
            f"{one.above:.2%}",
            f"{other.above:.2%}",
            f"{one.mean_wait_minutes:.0f} min",
            f"{one.unfilled_units:,}",
            f"{other.unfilled_units:,}",
        )
    people.print(table)
