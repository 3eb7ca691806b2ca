"""`loopline demo`: found the demo's brand in an empty database, and say who its people are."""

import os
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from loopline.cli.console import people, print_json, problems_told
from loopline.cli.demo_brand import open_demo_brand
from loopline.db.opening import open_database
from loopline.db.settings import settings_from


def demo(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Found the demo's brand, where nothing stands, and list its people with the password they share.

    `loopline serve --demo` does so too, and lets the brand live. Exit 2 where the database belongs to somebody.
    """
    settings = settings_from(os.environ)
    with problems_told(), people.status("founding"), open_database(settings) as database:
        opened = open_demo_brand(database, settings, now=datetime.now(UTC)).demo
    if as_json:
        print_json({"password": opened.password, "people": opened.people})
        return
    table = Table(box=None)
    for heading in ("sign-in name", "name", "role", "works at"):
        table.add_column(heading)
    for one in opened.people:
        table.add_row(one.sign_in_name, one.name, one.role.value, one.place)
    people.print(table)
    people.print(f"they share the password [bold]{opened.password}[/bold]", highlight=False)
