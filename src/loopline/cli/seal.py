"""`loopline seal`: seal the days that are over, now, where no errand does."""

import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from loopline.cli.console import people, print_json, problems_told
from loopline.db.opening import open_database
from loopline.db.settings import settings_from
from loopline.jobs.sealing import seal_next_day
from loopline.processes.statement.seal import LOOKED_BACK_DAYS

_DAY = ["%Y-%m-%d"]


def seal(
    through: Annotated[
        datetime | None,
        typer.Option(formats=_DAY, help="The last day to seal; all that are over where not said."),
    ] = None,
    look_back: Annotated[
        int,
        typer.Option(min=0, max=3_660, help="Days before a day to look through for what was committed late."),
    ] = LOOKED_BACK_DAYS,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Seal the statements of every day (UTC) that is over, the earliest first. Sealed days stay as they are."""
    days = 0
    root = ""
    with problems_told(), open_database(settings_from(os.environ)) as database:
        while True:
            made = seal_next_day(
                database,
                datetime.now(UTC),
                looked_back_days=look_back,
                through=through.date() if through else None,
            )
            if made is None:
                break
            days, root = days + 1, made.root.hex()
            people.print(
                f"[green]sealed[/green] {made.day}: {made.lines:,} lines, root {root}", highlight=False
            )
    if as_json:
        print_json({"days": days, "root": root})
    elif not days:
        people.print("no day is there to be sealed")
