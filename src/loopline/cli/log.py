"""`loopline log`: how far followers are, and another try for what they could not apply."""

import os
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from loopline.cli.console import EXIT_REFUSED, people, print_json, problems_told
from loopline.db.followers import follower_states, retry_parked
from loopline.db.opening import open_database
from loopline.db.settings import settings_from
from loopline.jobs.followers import FOLLOWERS

app = typer.Typer(no_args_is_help=True, help="The log and those who follow it.")


@app.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Say how far each follower has come, and how many events it could not apply."""
    with problems_told(), open_database(settings_from(os.environ)) as database, database.reading() as conn:
        states = follower_states(conn)
    if as_json:
        print_json({"followers": states})
        return
    table = Table(box=None)
    for heading in ("follower", "position", "behind", "parked"):
        table.add_column(heading, justify="left" if heading == "follower" else "right")
    for state in states:
        table.add_row(state.name, str(state.position), str(state.behind), str(state.parked))
    people.print(table)


@app.command()
def retry(
    name: Annotated[str, typer.Argument(help="The follower, as `loopline log status` names it.")],
) -> None:
    """Try the parked events of a follower again, in order; what still fails stays parked. Exit 0 when none is left."""
    known = {follower.name: follower for follower in FOLLOWERS}
    if name not in known:
        people.print(f"[red]no follower is called {name}; there are {', '.join(known)}[/red]")
        raise typer.Exit(EXIT_REFUSED)
    with (
        problems_told(),
        open_database(settings_from(os.environ)) as database,
        database.transaction() as conn,
    ):
        step = retry_parked(conn, known[name], now=datetime.now(UTC))
    people.print(f"{step.applied} applied, {step.parked} still parked")
    raise typer.Exit(0 if step.parked == 0 else 1)
