"""`loopline simulate`: hours of the made-up brand's world, as fast as it can, and whether the books agree with it."""

import os
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from loopline.channels.sandbox_pay import sandbox_settings
from loopline.channels.sandbox_pay.book import Book
from loopline.channels.sandbox_pay.notifier import Notifier
from loopline.cli.console import people, print_json, problems_told
from loopline.cli.demo_brand import open_demo_brand
from loopline.cli.errands import errands_of
from loopline.cli.simulate_waiting import waiting
from loopline.db import Database
from loopline.db.opening import open_database
from loopline.db.settings import Settings, settings_from
from loopline.kernel.refusals import Refusal, Refused
from loopline.simulator.brand.clock import WorldClock
from loopline.simulator.brand.driver import Ground, Span
from loopline.simulator.brand.places import STORES, TIME_ZONE
from loopline.simulator.brand.progress import find_world
from loopline.simulator.brand.report import Report
from loopline.simulator.brand.run import SimulationAsk, simulate_world
from loopline.simulator.brand.scene import WorldAsk
from loopline.simulator.brand.world import Rhythm
from loopline.web.app import create_app
from loopline.web.server import Address, WebServer
from loopline.web.settings import WebSettings, load_secret

_OPENS_AT_HOUR = 10
_GRACE_SECONDS = 20
_GOES_LIVE_AFTER = timedelta(minutes=45)


class NoWorldHere(Refusal, frozen=True, kw_only=True):
    """This database holds a replayed history, in which no made-up world can live: give simulate another one."""


app = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False)
app.command("waiting")(waiting)


@app.callback(invoke_without_command=True)
def simulate(
    ctx: typer.Context,
    seed: Annotated[int, typer.Option(help="The seed of the made-up world.")] = 1,
    hours: Annotated[float, typer.Option(min=0.1, max=24 * 31, help="How many of its hours to live.")] = 2.0,
    speed: Annotated[
        float, typer.Option(min=0, help="How many of its seconds pass in one of ours; 0: as many as can.")
    ] = 0.0,
    stores: Annotated[
        int, typer.Option(min=1, max=len(STORES), help="How many of its stores take part.")
    ] = len(STORES),
    buyers: Annotated[
        int, typer.Option(min=0, help="How many follow the livestream, where there is time for one.")
    ] = Rhythm().live_buyers,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Live some hours of the made-up brand through the public API. Exit 0 only when world and books agree.

    The database is that of the settings: empty, or the demo's own.
    """
    if ctx.invoked_subcommand:
        return
    settings = settings_from(os.environ)
    with (
        problems_told(),
        open_database(settings) as database,
        _told_progress() as told,
        ExitStack() as beside,
    ):
        span = _span(database, hours=hours, speed=speed)
        clock = WorldClock(span.start)
        world = WorldAsk(seed=seed, run=f"s{seed}-{int(span.start.timestamp()):x}", stores=stores)
        base_url, key = beside.enter_context(_served(database, settings, clock))
        ask = SimulationAsk(
            world=world, span=span, rhythm=_rhythm(hours, buyers=buyers), base_url=base_url, key=key
        )
        ground = Ground(
            database=database,
            clock=clock,
            errands=errands_of(settings, clock=clock, is_demo=True, public_url=base_url),
            settled=_gateway_settles(settings, base_url, clock, beside),
        )
        report = simulate_world(ask, ground, told=told)
    if as_json:
        print_json(report)
    else:
        _print_for_people(report)
    raise typer.Exit(0 if report.agrees else 1)


def _rhythm(hours: float, *, buyers: int) -> Rhythm:
    """The streamer goes on the air where there is time for a show."""
    has_time = timedelta(hours=hours) > 2 * _GOES_LIVE_AFTER
    return Rhythm(goes_live_after=_GOES_LIVE_AFTER if has_time else None, live_buyers=buyers)


def _span(database: Database, *, hours: float, speed: float) -> Span:
    """From when to when: from the last ten in the morning that leaves room until now, or where the world stands."""
    length, now = timedelta(hours=hours), datetime.now(UTC)
    zone = ZoneInfo(TIME_ZONE)
    start = (
        now.astimezone(zone).replace(hour=_OPENS_AT_HOUR, minute=0, second=0, microsecond=0).astimezone(UTC)
    )
    while start + length > now:
        start -= timedelta(days=1)
    with database.reading() as conn:
        standing = find_world(conn)
    if standing is not None:
        start = standing.reached
    return Span(start=start, end=start + length, speed=speed)


@contextmanager
def _served(database: Database, settings: Settings, clock: WorldClock) -> Generator[tuple[str, str]]:
    """Serve the demo's brand at a free port with the world's clock; yields the address and the world's key."""
    opened = open_demo_brand(database, settings, now=clock())
    if opened.world_key is None:
        raise Refused(NoWorldHere())
    port = _free_port()
    base_url = f"http://127.0.0.1:{port}"
    web = WebSettings(
        secret=load_secret(settings.keys_directory),
        data_directory=settings.data_directory,
        public_url=base_url,
        demo=opened.demo,
    )
    server = WebServer(create_app(database, web, clock=clock), Address(port=port))
    thread = threading.Thread(target=server.run, name="world-server", daemon=True)
    thread.start()
    try:
        yield base_url, opened.world_key
    finally:
        server.stop()
        thread.join(timeout=_GRACE_SECONDS)


def _gateway_settles(
    settings: Settings, base_url: str, clock: WorldClock, beside: ExitStack
) -> Callable[[], bool]:
    """Return what lets the sandbox gateway tell what is due by the world's clock, and says whether that was all."""
    kept = sandbox_settings(settings.data_directory, base_url)
    book = Book(kept)
    notifier = Notifier(book, kept, clock=clock)
    beside.callback(book.close_book)
    beside.callback(notifier.stop)

    def settled() -> bool:
        notifier.step()
        return book.under_way(now=clock()) == 0

    return settled


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class _Bar:
    """Tells a person how far a world is, on standard error."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("opening", total=None)

    def __call__(self, stage: str, done: int, total: int) -> None:
        self._progress.update(self._task, description=stage, completed=done, total=total)


@contextmanager
def _told_progress() -> Generator[_Bar]:
    columns = (
        TextColumn("simulate {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=people, transient=True) as progress:
        yield _Bar(progress)


def _print_for_people(report: Report) -> None:
    table = Table(box=None)
    for heading in ("figure", "world", "books", ""):
        table.add_column(heading, justify="left" if heading == "figure" else "right")
    for one in report.comparisons:
        verdict = "[green]agrees[/green]" if one.agrees else "[red]differs[/red]"
        table.add_row(escape(one.name), f"{one.world:,}", f"{one.books:,}", verdict)
    people.print(table)
    people.print("[green]ok[/green]" if report.agrees else "[red]not ok[/red]")
