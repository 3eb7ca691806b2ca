"""`loopline serve`: the pages, with the followers of the log and the rounds of the clock beside them."""

import os
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer
from prometheus_client import CollectorRegistry

from loopline.channels.text_messages.over_http import SECRET_SETTING, URL_SETTING
from loopline.cli.console import people, problems_told
from loopline.cli.demo_brand import OpenedDemo, open_demo_brand
from loopline.cli.demo_world import demo_world, reachable
from loopline.cli.errands import errands_of
from loopline.db.opening import open_database
from loopline.db.settings import settings_from
from loopline.jobs.running import jobs_running
from loopline.simulator.brand.living import LifeAsk
from loopline.simulator.brand.progress import told_of_world
from loopline.simulator.replay.progress import is_replayed
from loopline.web.app import create_app
from loopline.web.server import Address, serve_workers
from loopline.web.server import serve as serve_one
from loopline.web.settings import Demo, WebSettings, load_secret


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="How many processes answer requests.")] = 1,
    demo: Annotated[bool, typer.Option("--demo", help="Made-up people who sign in by one touch.")] = False,
    secure: Annotated[bool, typer.Option("--secure", help="People reach us over HTTPS only.")] = False,
    jobs: Annotated[bool, typer.Option("--jobs/--no-jobs", help="Run followers and rounds here too.")] = True,
    world: Annotated[
        bool, typer.Option("--world/--no-world", help="With --demo: let the made-up brand live, too.")
    ] = True,
    seed: Annotated[int, typer.Option(help="The seed of the made-up world.")] = 1,
    public_url: Annotated[
        str, typer.Option(help="How people reach us from outside; printed codes hold it.")
    ] = "",
) -> None:
    """Serve the pages until Ctrl-C; starts and migrates the embedded database where none is given."""
    settings = settings_from(os.environ)
    with problems_told(), open_database(settings) as database, ExitStack() as beside:
        opened = open_demo_brand(database, settings, now=_clock()) if demo else None
        web = WebSettings(
            secret=load_secret(settings.keys_directory),
            data_directory=settings.data_directory,
            public_url=public_url or f"http://{reachable(host)}:{port}",
            is_secure=secure,
            text_messages_url=os.environ.get(URL_SETTING, ""),
            text_messages_secret=os.environ.get(SECRET_SETTING, ""),
            demo=_shown(opened, world=world) if opened else None,
        )
        address, registry = Address(host=host, port=port), CollectorRegistry()
        people.print(f"Loopline is at [bold]http://{host}:{port}[/bold]; Ctrl-C ends it", highlight=False)
        if jobs:
            errands = errands_of(settings, clock=_clock, is_demo=demo, public_url=web.public_url)
            beside.enter_context(
                jobs_running(database, clock=_clock, rests=is_replayed, errands=errands, registry=registry)
            )
        if world and opened is not None and opened.world_key is not None:
            life = LifeAsk(base_url=f"http://{reachable(host)}:{port}", key=opened.world_key, seed=seed)
            beside.enter_context(demo_world(database, life))
        if workers == 1:
            serve_one(create_app(database, web, registry=registry), address)
        else:
            serve_workers(settings, web, address, workers=workers)
        beside.close()
        people.print("stopped; nothing is left running")


def _shown(opened: OpenedDemo, *, world: bool) -> Demo:
    """What the pages show of the demo; how its world comes along, where it lives."""
    lives = world and opened.world_key is not None
    return msgspec.structs.replace(opened.demo, progress=told_of_world if lives else None)


def _clock() -> datetime:
    return datetime.now(UTC)
