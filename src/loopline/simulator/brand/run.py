"""One simulation: the world is driven through a span of time, then held against the books."""

import time
from collections.abc import Callable
from datetime import timedelta

import msgspec

from loopline.db import Database
from loopline.simulator.brand.api import Api
from loopline.simulator.brand.clock import WorldClock
from loopline.simulator.brand.driver import Drive, Span
from loopline.simulator.brand.report import Report, Took, compared
from loopline.simulator.brand.scene import Scene, Telling, WorldAsk
from loopline.simulator.brand.world import Rhythm


class SimulationAsk(msgspec.Struct, frozen=True, kw_only=True):
    """What to simulate: a world, from when to when, at which rhythm; served where, called with which key."""

    world: WorldAsk
    span: Span
    rhythm: Rhythm
    base_url: str
    key: str


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What a simulation stands on: the database behind the served address, its clock, its doctor.

    `settled` waits until what gateways and other outsiders have under way has arrived.
    """

    database: Database
    clock: WorldClock
    settled: Callable[[], None]


def simulate_world(ask: SimulationAsk, ground: Ground, *, told: Telling) -> Report:
    """Drive the world through its span and return what it did, what the books say, and whether the two agree."""
    began = time.monotonic()
    api = Api(ask.base_url, ask.key)
    try:
        scene = Scene(api, ask.world)
        drive = Drive(ground.database, scene, ground.clock, told=told)
        drive.run(ask.span, ask.rhythm, settled=ground.settled)
        took = Took(
            seconds=time.monotonic() - began,
            hours=(ask.span.end - ask.span.start) / timedelta(hours=1),
            requests=api.counts.requests,
            asked_again=api.counts.asked_again,
        )
        return compared(scene, ground.database, took=took, now=ground.clock())
    finally:
        api.close()
