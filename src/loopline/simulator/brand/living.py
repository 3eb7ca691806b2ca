"""Lives in real time: a process of its own that is a client of the served address, and tells its parent how it goes.

The parent keeps what it is told for the pages and ends the process when it ends itself. A parent that dies closes the
pipe, and the world stops too.
"""

import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Protocol

import httpx
import msgspec

from loopline.simulator.brand.api import Api, Fault, Stopped
from loopline.simulator.brand.demand import Pace
from loopline.simulator.brand.driver import told_of
from loopline.simulator.brand.morning import ring_up_morning
from loopline.simulator.brand.opening import Opening
from loopline.simulator.brand.progress import Told
from loopline.simulator.brand.scene import Scene, WorldAsk
from loopline.simulator.brand.world import Rhythm, World

# A sale at some till and an order from some phone every few seconds, at any hour: somebody may look from anywhere.
LIVE_PACE = Pace(till_per_hour=600.0, online_per_hour=480.0, floor=1.4, pays_within_minutes=1.5)
LIVE_RHYTHM = Rhythm(
    looks_at_tasks_every=timedelta(seconds=6),
    looks_for_live_every=timedelta(seconds=2),
    lorry_every=timedelta(minutes=15),
    haste=4.0,
)
_LIVE_AT_ONCE = 4
_TELLS_EVERY_SECONDS = 1.0
_RESTS_AFTER_FAULT_SECONDS = 5.0
_ASLEEP_AFTER = timedelta(minutes=2)
_NICE = 5
_ENDS_WITHIN_SECONDS = 10.0


class _Pipe(Protocol):
    """Our end of a pipe, whatever the platform makes it of."""

    def send_bytes(self, buf: bytes) -> None: ...
    def recv_bytes(self) -> bytes: ...


class LifeAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Where the world is served, with which key it calls, and from which seed it draws."""

    base_url: str
    key: str
    seed: int

    def __repr__(self) -> str:
        return f"LifeAsk(base_url={self.base_url!r}, seed={self.seed})"


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """What the world tells its parent: where it stands, or what went wrong."""

    at: datetime
    told: Told
    problem: str = ""


@contextmanager
def world_living(ask: LifeAsk, *, heard: Callable[[Word], None]) -> Generator[None]:
    """Let the world live beside the block; `heard` is called, in a thread, with everything it tells."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(
        target=_live_apart, args=(theirs, msgspec.json.encode(ask)), name="world", daemon=True
    )
    process.start()
    theirs.close()
    listener = threading.Thread(target=_listen, args=(ours, heard), name="world-listener", daemon=True)
    listener.start()
    try:
        yield
    finally:
        _tell_to_stop(ours)
        process.join(timeout=_ENDS_WITHIN_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
        listener.join(timeout=_ENDS_WITHIN_SECONDS)
        ours.close()


def _tell_to_stop(pipe: _Pipe) -> None:
    try:
        pipe.send_bytes(b"stop")
    except OSError:
        return  # it has ended by itself


def _listen(pipe: _Pipe, heard: Callable[[Word], None]) -> None:
    while True:
        try:
            word = msgspec.json.decode(pipe.recv_bytes(), type=Word)
        except (EOFError, OSError):
            return
        heard(word)


def _live_apart(pipe: _Pipe, spelt: bytes) -> None:
    """The process's own main: Ctrl-C in the terminal is its parent's to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICE)
    stopping = threading.Event()
    threading.Thread(target=_stop_with_parent, args=(pipe, stopping), daemon=True).start()
    life = Life(
        msgspec.json.decode(spelt, type=LifeAsk),
        tell=lambda word: _send(pipe, word, stopping),
        stopping=stopping,
    )
    life.live()


def _stop_with_parent(pipe: _Pipe, stopping: threading.Event) -> None:
    with suppress(EOFError, OSError):
        pipe.recv_bytes()
    stopping.set()


def _send(pipe: _Pipe, word: Word, stopping: threading.Event) -> None:
    try:
        pipe.send_bytes(msgspec.json.encode(word))
    except OSError:
        stopping.set()


class Life:
    """One life of the world, from the first morning on, until it is told to stop."""

    def __init__(self, ask: LifeAsk, *, tell: Callable[[Word], None], stopping: threading.Event) -> None:
        self._ask = ask
        self._tell = tell
        self._stopping = stopping
        self._told_at: datetime | None = None

    def live(self) -> None:
        """Open the brand, ring up what the morning brought, and let the day go on."""
        api = Api(self._ask.base_url, self._ask.key, stopping=self._stopping)
        try:
            self._await_server()
            began = _now()
            scene = Scene(
                api,
                WorldAsk(
                    seed=self._ask.seed,
                    run=f"d{int(began.timestamp()):x}",
                    pace=LIVE_PACE,
                    at_once=_LIVE_AT_ONCE,
                    spares_human_store=True,
                ),
            )
            world = World(scene, LIVE_RHYTHM)
            self._begin(world, began)
            self._go_on(world)
        except Stopped:
            pass
        except Exception:  # noqa: BLE001 - whatever it was, the parent says it, and the pages go on without a world
            self._tell(Word(at=_now(), told=Told(stage="stopped"), problem=traceback.format_exc()))
        finally:
            api.close()

    def _await_server(self) -> None:
        while not self._stopping.wait(0.2):
            try:
                if httpx.get(f"{self._ask.base_url}/healthz", timeout=2.0).is_success:
                    return
            except httpx.TransportError:
                continue
        raise Stopped

    def _begin(self, world: World, now: datetime) -> None:
        def told(stage: str, done: int, total: int) -> None:
            self._tell(Word(at=_now(), told=told_of(world.scene, stage, done=done, total=total)))

        Opening(world.scene, told=told).open(now)
        ring_up_morning(world, now, told=told)

    def _go_on(self, world: World) -> None:
        last = _now()
        world.begin(last)
        while not self._stopping.is_set():
            now = _now()
            if now - last > _ASLEEP_AFTER:  # the machine slept: nobody came meanwhile
                world.wake(now)
            last = now
            try:
                world.act_until(now)
            except Fault as fault:
                self._tell(Word(at=now, told=told_of(world.scene, "day"), problem=str(fault)))
                self._stopping.wait(_RESTS_AFTER_FAULT_SECONDS)
            self._say(world, now)
            self._stopping.wait(world.rests_for(now).total_seconds())

    def _say(self, world: World, now: datetime) -> None:
        if self._told_at is None or (now - self._told_at).total_seconds() >= _TELLS_EVERY_SECONDS:
            self._told_at = now
            self._tell(Word(at=now, told=told_of(world.scene, "day")))


def _now() -> datetime:
    return datetime.now(UTC)
