"""Drives the made-up world through hours of its own time: people act over HTTP, then the clock's rounds and the
followers of the log come up to the same moment, step by step.
"""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec

from loopline.db import Database
from loopline.db.followers import catch_up
from loopline.db.partitions import ensure_months
from loopline.jobs.followers import FOLLOWERS
from loopline.jobs.rounds import ROUNDS, Errand, until_nothing_is_left
from loopline.jobs.waves import WAVE_ERRANDS
from loopline.simulator.brand.clock import WorldClock
from loopline.simulator.brand.opening import Opening
from loopline.simulator.brand.progress import NAME, Standing, Told, tell_world
from loopline.simulator.brand.scene import Scene, Telling
from loopline.simulator.brand.world import Rhythm, World

STEP = timedelta(minutes=2)
# The gateway tells late what it tells late, but mostly within seconds; what it does not, it tells in the next step.
_SETTLES_IN_STEPS_OF = timedelta(seconds=5)
_SETTLES_WITHIN = timedelta(seconds=100)
_LOOKS_MAX = 60
_MONTHS_AHEAD = timedelta(days=62)
_ROUNDS_EVERY_STEPS = {"fill_parked": 3, "release_due": 5, "lapse_offers": 2}


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """From when to when a world is driven; `speed` is how many of its seconds pass in one of ours, 0 for all it can."""

    start: datetime
    end: datetime
    speed: float = 0.0


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What a drive stands on: the database behind the served address, its clock, the errands of its house.

    `settled` lets outsiders (the gateway) tell what is due by now, and says whether that was all they have.
    """

    database: Database
    clock: WorldClock
    errands: Sequence[Errand]
    settled: Callable[[], bool]


class Drive:
    """One drive of a world on an open database whose server has the world's clock."""

    def __init__(self, ground: Ground, scene: Scene, *, told: Telling) -> None:
        self._ground = ground
        self._database = ground.database
        self._clock = ground.clock
        self._scene = scene
        self._told = told
        self._stopping = threading.Event()

    def stop(self) -> None:
        """End after the step at hand."""
        self._stopping.set()

    def open(self, span: Span) -> None:
        """Make room for the months, and bring in what the brand begins with."""
        with self._database.owner_transaction() as owner:
            ensure_months(owner, first=span.start.date(), last=(span.end + _MONTHS_AHEAD).date())
        Opening(self._scene, told=self._told).open(span.start)
        self._follow()

    def run(self, span: Span, rhythm: Rhythm) -> World:
        """Live through the span, step by step; what is under way outside has arrived at the end of each."""
        world = World(self._scene, rhythm)
        world.begin(span.start)
        steps = max(1, round((span.end - span.start) / STEP))
        began = time.monotonic()
        for step in range(1, steps + 1):
            moment = min(span.start + step * STEP, span.end)
            self._wait_for(moment, span, began)
            if self._stopping.is_set():
                break
            self._clock.move_to(moment)
            world.act_until(moment)
            self._do_rounds(step)
            self._settle(moment)
            self._follow()
            self._tell(moment)
            self._told("day", step, steps)
        return world

    def _wait_for(self, moment: datetime, span: Span, began: float) -> None:
        if span.speed:
            due = began + (moment - span.start).total_seconds() / span.speed
            self._stopping.wait(max(0.0, due - time.monotonic()))

    def _do_rounds(self, step: int) -> None:
        for one in ROUNDS:
            if step % _ROUNDS_EVERY_STEPS.get(one.name, 1) == 0:
                until_nothing_is_left(self._database, one.step, clock=self._clock, batches=one.batches)

    def _settle(self, moment: datetime) -> None:
        """Let errands go out and answers come back; some seconds pass meanwhile, as they do outside."""
        self._follow()
        for errand in (*WAVE_ERRANDS, *self._ground.errands):
            errand.run(self._database, self._clock())
        for _ in range(_LOOKS_MAX):
            if self._ground.settled():
                return
            self._clock.move_to(min(self._clock() + _SETTLES_IN_STEPS_OF, moment + _SETTLES_WITHIN))

    def _follow(self) -> None:
        catch_up(self._database, FOLLOWERS, now=self._clock())

    def _tell(self, moment: datetime) -> None:
        standing = Standing(
            name=NAME,
            seed=self._scene.ask.seed,
            is_real_time=False,
            reached=moment,
            told=told_of(self._scene, "day"),
            told_at=moment,
        )
        with self._database.transaction() as conn:
            tell_world(conn, standing)


def told_of(scene: Scene, stage: str, *, done: int = 0, total: int = 0) -> Told:
    """Return what onlookers are told of a world."""
    tally = scene.tally
    return Told(
        stage=stage,
        done=done,
        total=total,
        orders=tally.total("orders."),
        units=tally.total("units."),
        refused=tally.total("refused."),
        handed_over=tally.total("tasks.hand_over") + tally.total("tasks.collect"),
        returns=tally.total("returns."),
        reviews=tally.total("reviews."),
    )
