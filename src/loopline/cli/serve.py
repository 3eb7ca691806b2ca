"""`loopline serve`: the pages, with the followers of the log and the rounds of the clock beside them."""

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from loopline import org
from loopline.cli.console import people, problems_told
from loopline.db import Database
from loopline.db.opening import open_database
from loopline.db.settings import Settings, settings_from
from loopline.jobs.running import jobs_running
from loopline.simulator.demo import ACCOUNTS, open_demo
from loopline.simulator.replay.progress import is_replayed
from loopline.web.app import create_app
from loopline.web.server import Address, serve_workers
from loopline.web.server import serve as serve_one
from loopline.web.settings import Demo, DemoPerson, WebSettings, load_secret

_DEMO_PASSWORD_FILE = "demo_password"  # noqa: S105 - the name of the file


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="How many processes answer requests.")] = 1,
    demo: Annotated[bool, typer.Option("--demo", help="Made-up people who sign in by one touch.")] = False,
    secure: Annotated[bool, typer.Option("--secure", help="People reach us over HTTPS only.")] = False,
    jobs: Annotated[bool, typer.Option("--jobs/--no-jobs", help="Run followers and rounds here too.")] = True,
) -> None:
    """Serve the pages until Ctrl-C; starts and migrates the embedded database where none is given."""
    settings = settings_from(os.environ)
    with problems_told(), open_database(settings) as database:
        web = WebSettings(
            secret=load_secret(settings.keys_directory),
            data_directory=settings.data_directory,
            public_url=f"http://{host}:{port}",
            is_secure=secure,
            demo=_demo(database, settings) if demo else None,
        )
        address = Address(host=host, port=port)
        people.print(f"Loopline is at [bold]http://{host}:{port}[/bold]; Ctrl-C ends it", highlight=False)
        if jobs:
            with jobs_running(database, clock=_clock, rests=is_replayed):
                _serve(database, settings, web, address, workers)
        else:
            _serve(database, settings, web, address, workers)
        people.print("stopped; nothing is left running")


def _serve(database: Database, settings: Settings, web: WebSettings, address: Address, workers: int) -> None:
    if workers == 1:
        serve_one(create_app(database, web), address)
    else:
        serve_workers(settings, web, address, workers=workers)


def _demo(database: Database, settings: Settings) -> Demo:
    password = _demo_password(settings.data_directory)
    with database.transaction() as conn:
        open_demo(conn, password=password, now=_clock())
        places = org.units_by_code(conn, {one.unit_code for one in ACCOUNTS})
    listed = tuple(
        DemoPerson(
            sign_in_name=one.sign_in_name, name=one.name, role=one.role, place=places[one.unit_code].name
        )
        for one in ACCOUNTS
    )
    return Demo(password=password, people=listed)


def _demo_password(directory: Path) -> str:
    """The demo's own password, made at its first start: a listed one in the source would work everywhere."""
    path = directory / _DEMO_PASSWORD_FILE
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(12), encoding="ascii")
        draft.replace(path)  # whole or not at all
    return path.read_text(encoding="ascii")


def _clock() -> datetime:
    return datetime.now(UTC)
