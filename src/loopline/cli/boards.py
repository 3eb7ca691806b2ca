"""`loopline boards`: boards are written from the log, and can be written again."""

import os
from datetime import UTC, datetime

import typer

from loopline.cli.console import people, problems_told
from loopline.db.followers import catch_up
from loopline.db.opening import open_database
from loopline.db.settings import settings_from
from loopline.insight import FOLLOWERS, begin_again

app = typer.Typer(no_args_is_help=True, help="The boards that follow the log.")


@app.callback()
def boards() -> None:
    """The boards that follow the log."""


@app.command()
def rebuild() -> None:
    """Empty every board and write it again from the log; what is sold meanwhile is not lost."""
    with problems_told(), open_database(settings_from(os.environ)) as database:
        with database.transaction() as conn:
            begin_again(conn)
        catch_up(database, FOLLOWERS, now=datetime.now(UTC))
    people.print("boards stand where the log stands")
