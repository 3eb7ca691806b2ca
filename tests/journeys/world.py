"""The demo's world as `make run` makes it, standing still: opened through the API, its morning rung up, and from then
on nothing moves but what a journey does.

Time passes where a journey says so, and nowhere else; with it the rounds of the clock, the errands and the followers of
the log do what they have to.
"""

import os
import re
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from playwright.sync_api import Browser, Page

from loopline import orders
from loopline.channels.sandbox_pay import sandbox_settings
from loopline.channels.sandbox_pay.book import Book
from loopline.channels.sandbox_pay.notifier import Notifier
from loopline.cli.demo_brand import open_demo_brand
from loopline.cli.errands import errands_of
from loopline.db import Database
from loopline.db.followers import catch_up
from loopline.db.partitions import ensure_months
from loopline.db.settings import Settings
from loopline.fulfilment import queries as fulfilment
from loopline.jobs.bonuses import BONUS_ERRAND
from loopline.jobs.followers import FOLLOWERS
from loopline.jobs.rounds import ROUNDS, Errand, until_nothing_is_left
from loopline.jobs.sealing import SEALING_ERRANDS
from loopline.jobs.waves import WAVE_ERRANDS
from loopline.orders import Order
from loopline.simulator.brand.api import Api
from loopline.simulator.brand.clock import WorldClock
from loopline.simulator.brand.demand import Pace
from loopline.simulator.brand.morning import ring_up_morning
from loopline.simulator.brand.opening import Opening
from loopline.simulator.brand.scene import Scene, WorldAsk
from loopline.simulator.brand.world import Rhythm
from loopline.simulator.brand.world import World as People
from tests.journeys.books import Books, Change, changed_since, read_books
from tests.make.web import served, settings

SEED = 1
STORES = 6
"""S01 to S31, every sixth: the one left to whoever signs in, four more of the brand's, one of a dealer's."""
NOON = datetime(2026, 3, 4, 4, tzinfo=UTC)
"""Twelve o'clock of a Wednesday in the brand's zone."""
PHONE, DESK = 390, 1440
ZH, EN = "zh-CN", "en-GB"
_TILLS_PER_HOUR = 120.0
_MONTHS_AHEAD = timedelta(days=62)
_LOOKS_MAX = 60
_TURNS = 3
"""What one turn brought may be the next one's work: a parcel nobody fetched, a refund asked for, a refund done."""
_GATEWAY_STEP = timedelta(seconds=5)
_REST_MOST = timedelta(hours=12)
_SHOTS = os.environ.get("LOOPLINE_SHOTS")


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What a world stands on: its database and clock, where it is served, who goes out of the house for it.

    `people` are the demo's, by sign-in name. `api` is how outsiders speak to it: the brand itself, carriers.
    """

    database: Database
    clock: WorldClock
    base: str
    browser: Browser
    people: Mapping[str, str]
    api: Api
    errands: tuple[Errand, ...]
    book: Book
    notifier: Notifier


class World:
    """A served world. `complaints` are what pages said to their console and should not have."""

    def __init__(self, ground: Ground) -> None:
        self.database = ground.database
        self.base = ground.base
        self.browser = ground.browser
        self.complaints: list[str] = []
        self._ground = ground
        self._clock = ground.clock

    # ------------------------------------------------------------------------------------------------------- time

    def settle(self) -> None:
        """Let all that is due by now be done: rounds, waves, errands, what gateways tell, what follows the log.

        A message whose answer the sandbox loses is asked after a moment later, before this ends.
        """
        self._turn()
        while (again := self._unanswered_until()) is not None:
            self._clock.move_to(max(again, self._clock()))
            self._turn()

    def _turn(self) -> None:
        self._follow()
        for _ in range(_TURNS):
            self._rounds()
            self._errands_out()
            self._follow()
            self._clock.move_to(self._clock() + _GATEWAY_STEP)

    def wait(self, **time: float) -> None:
        """Let time pass, and be done what is due on the way: nothing that is always at work rests for a day."""
        until = self._clock() + timedelta(**time)
        while self._clock() + _REST_MOST < until:
            self._clock.move_to(self._clock() + _REST_MOST)
            self.settle()
        self._clock.move_to(max(until, self._clock()))
        self.settle()

    def _unanswered_until(self) -> datetime | None:
        with self.database.reading() as conn:
            row = conn.execute("select min(next_try_at) from notices.notice where is_unsure").fetchone()
        assert row is not None
        return row[0]

    def _rounds(self) -> None:
        for one in ROUNDS:
            until_nothing_is_left(self.database, one.step, clock=self._clock, batches=one.batches)
        self._follow()

    def _errands_out(self) -> None:
        for errand in (*WAVE_ERRANDS, *SEALING_ERRANDS, BONUS_ERRAND, *self._ground.errands):
            while errand.run(self.database, self._clock()):
                pass
        for _ in range(_LOOKS_MAX):
            self._ground.notifier.step()
            if self._ground.book.under_way(now=self._clock()) == 0:
                return
            self._clock.move_to(self._clock() + _GATEWAY_STEP)
        raise TimeoutError("the gateway has not told all it has to tell")

    def _follow(self) -> None:
        catch_up(self.database, FOLLOWERS, now=self._clock())

    # ------------------------------------------------------------------------------------------------------ books

    def books(self) -> Books:
        """Read what the books say now."""
        return read_books(self.database)

    def since(self, before: Books) -> Change:
        """Return what is different from then."""
        return changed_since(self.database, before)

    # ------------------------------------------------------------------------------------------------------ people

    def page(self, *, width: int, locale: str) -> Page:
        """Open a browser of somebody's own."""
        context = self.browser.new_context(
            locale=locale,
            timezone_id="Asia/Shanghai",
            viewport={"width": width, "height": 844},
            reduced_motion="reduce",
        )
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda said: self._note(said.text) if said.type == "error" else None)
        return page

    def staff(self, sign_in_name: str, path: str = "", *, width: int = PHONE, locale: str) -> Page:
        """Sign one of the demo's people in by one touch, as the sign-in page offers it."""
        page = self.page(width=width, locale=locale)
        page.goto(f"{self.base}/sign-in{f'?next={path}' if path else ''}")
        chinese, english = self._ground.people[sign_in_name].split(" ", 1)
        page.get_by_role("button", name=re.compile(f"{chinese}|{english}")).click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    def arrives(self, number: str) -> None:
        """Let the carrier tell that the parcel of an order reached its customer, over the API as carriers do."""
        with self.database.reading() as conn:
            found = orders.order_by_number(conn, number)
            assert isinstance(found, Order), number
            (task,) = fulfilment.tasks_of_orders(conn, [found.id])
        item = {"task_id": str(task.task_id), "arrived_at": self._clock().isoformat()}
        (answer,) = self._ground.api.batch("/api/v1/parcels/arrived", [item], key=f"arrived-{number}")
        assert answer.is_good, answer
        self.settle()

    def _note(self, complaint: str) -> None:
        # A page that says what was refused has the refusal's status, and a till whose network is gone asks in vain:
        # browsers count both as errors.
        if "status of 4" not in complaint and "ERR_INTERNET_DISCONNECTED" not in complaint:
            self.complaints.append(complaint)


def look(page: Page, name: str) -> None:
    """See that a page fits its screen; keep it as a picture where LOOPLINE_SHOTS names a folder."""
    size = page.viewport_size
    assert size is not None
    if _SHOTS:
        language = page.evaluate("document.documentElement.lang")[:2]
        folder = Path(_SHOTS)
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{name}-{language}-{size['width']}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name


@contextmanager
def open_world(database: Database, directory: Path, browser: Browser) -> Generator[World]:
    """Found the demo's brand, serve it, open it and ring up its morning; yields it at noon, with nothing under way."""
    clock = WorldClock(NOON)
    with database.owner_transaction() as owner:
        ensure_months(owner, first=NOON.date(), last=(NOON + _MONTHS_AHEAD).date())
    kept = Settings(data_directory=directory)
    opened = open_demo_brand(database, kept, now=NOON)
    assert opened.world_key is not None
    web = settings(data_directory=directory, demo=opened.demo)
    with served(database, web, clock=clock) as base, ExitStack() as beside:
        sandbox = sandbox_settings(directory, base)
        book, api = Book(sandbox), Api(base, opened.world_key)
        notifier = Notifier(book, sandbox, clock=clock)
        for close in (api.close, book.close_book, notifier.stop):
            beside.callback(close)
        ground = Ground(
            database=database,
            clock=clock,
            base=base,
            browser=browser,
            people={one.sign_in_name: one.name for one in opened.demo.people},
            api=api,
            errands=errands_of(kept, clock=clock, is_demo=True, public_url=base),
            book=book,
            notifier=notifier,
        )
        _open(api)
        world = World(ground)
        world.settle()
        yield world


def _open(api: Api) -> None:
    """Bring in what the brand begins with, and let the tills ring up the morning."""
    pace = Pace(till_per_hour=_TILLS_PER_HOUR)
    ask = WorldAsk(seed=SEED, run="journeys", stores=STORES, pace=pace, spares_human_store=True)
    scene = Scene(api, ask)
    Opening(scene, told=_quietly).open(NOON)
    ring_up_morning(People(scene, Rhythm()), NOON, told=_quietly)


def _quietly(stage: str, done: int, total: int) -> None:
    """Nobody looks on."""
