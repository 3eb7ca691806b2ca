"""One simulation: the world is driven through a span of time, then held against the books."""

import time
from datetime import timedelta

import msgspec

from loopline.simulator.brand.api import Api
from loopline.simulator.brand.books import read_books
from loopline.simulator.brand.driver import Drive, Ground, Span
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


def simulate_world(ask: SimulationAsk, ground: Ground, *, told: Telling) -> Report:
    """Drive the world through its span and return what it did, what the books say, and whether the two agree."""
    began = time.monotonic()
    api = Api(ask.base_url, ask.key)
    try:
        scene = Scene(api, ask.world)
        drive = Drive(ground, scene, told=told)
        drive.open(ask.span)
        before = read_books(api, ground.database)
        world = drive.run(ask.span, ask.rhythm)
        world.look_back()
        took = Took(
            seconds=time.monotonic() - began,
            hours=(ask.span.end - ask.span.start) / timedelta(hours=1),
            requests=api.counts.requests,
            asked_again=api.counts.asked_again,
        )
        return compared(scene, before=before, after=read_books(api, ground.database), took=took)
    finally:
        api.close()
