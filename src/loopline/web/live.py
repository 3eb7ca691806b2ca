"""The heart of live boards: one reader per process and kind of board, however many people watch.

Everybody who watches the same part of the brand in the same language gets the same message, read once and written once.
What boards of one round share is read once in it, whatever else they differ in.
A watcher that is slow misses messages, never delays anybody: each has room for the newest message alone.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Hashable
from contextlib import asynccontextmanager
from typing import Generic, TypeAlias, TypeVar

import msgspec
import psycopg
import structlog
from psycopg_pool import PoolTimeout

from loopline.insight import Board
from loopline.kernel.ids import SiteId
from loopline.kernel.scope import Scope
from loopline.promises import LateNow
from loopline.web.languages import Language
from loopline.web.metrics import Metrics

_logger = structlog.get_logger(__name__)

# Reading boards takes at most this part of one core's time, as long as boards are no more than a second behind; when
# reading is slower than that, half of it.
_SHARE_OF_TIME = 0.1
_PAUSE_SECONDS_MAX = 1.0
_PAUSE_AFTER_FAILURE_SECONDS = 2.0


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """Which board somebody watches: the sites in scope (None: the whole brand) and the currency asked for.

    `promised`: whose promises they may read, within those sites. `closed`: what the board could lead to and they may
    not open: orders, shows.
    """

    sites: frozenset[SiteId] | None = None
    currency: str | None = None
    promised: Scope = Scope()
    closed: frozenset[str] = frozenset()


class OnAir(msgspec.Struct, frozen=True, kw_only=True):
    """A show on air and how it goes."""

    code: str
    name: str
    scans: int
    orders: int


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What the live board shows: sales, promises late of those one may read, the shows on air; `closed`: as watched."""

    board: Board
    late: LateNow
    shows: tuple[OnAir, ...]
    closed: frozenset[str] = frozenset()


Watched = TypeVar("Watched", bound=Hashable)
Shown = TypeVar("Shown")
Round: TypeAlias = Callable[[Watched], Shown]
"""Reads boards at one moment; what several of them show is read once."""


class _Closed:
    """Put in a watcher's room when the server goes down."""


class Watcher(Generic[Watched]):
    """One open stream: what it watches and room for one message that it has not taken yet."""

    def __init__(self, watch: Watched, language: Language) -> None:
        self.watch = watch
        self.language = language
        self._room: asyncio.Queue[bytes | _Closed] = asyncio.Queue(maxsize=1)

    def offer(self, message: bytes | _Closed) -> None:
        """Leave a message; one that was not taken yet is out of date and makes room."""
        if self._room.full():
            self._room.get_nowait()
        self._room.put_nowait(message)

    async def messages(self, *, heartbeat_seconds: float) -> AsyncGenerator[bytes | None, None]:
        """Yield messages as they come, and None when none came for a while; ends when the server goes down."""
        while True:
            try:
                message = await asyncio.wait_for(self._room.get(), timeout=heartbeat_seconds)
            except TimeoutError:
                yield None
                continue
            if isinstance(message, _Closed):
                return
            yield message


class LiveHub(Generic[Watched, Shown]):
    """Reads boards of one kind while anybody watches, and hands every change to all who watch it."""

    def __init__(
        self,
        begin_round: Callable[[], Round[Watched, Shown]],
        write: Callable[[Shown, Language], bytes],
        *,
        metrics: Metrics,
        poll_seconds: float,
    ) -> None:
        self._begin_round = begin_round
        self._write = write
        self._metrics = metrics
        self._poll_seconds = poll_seconds
        self._watchers: set[Watcher[Watched]] = set()
        self._last: dict[tuple[Watched, str], bytes] = {}
        self._watched = asyncio.Event()
        self._closed = False

    @asynccontextmanager
    async def watching(self, watch: Watched, language: Language) -> AsyncGenerator[Watcher[Watched], None]:
        """Watch a board until the block ends; the last known message comes at once."""
        watcher = Watcher(watch, language)
        self._watchers.add(watcher)
        self._metrics.board_watchers.inc()
        known = self._last.get((watch, language.code))
        if self._closed:
            watcher.offer(_Closed())
        elif known is not None:
            watcher.offer(known)
        self._watched.set()
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)
            self._metrics.board_watchers.dec()

    async def run(self) -> None:
        """Read and hand out until cancelled; rests while nobody watches."""
        while not self._closed:
            if not self._watchers:
                self._last.clear()
                self._watched.clear()
                await self._watched.wait()
            started = time.monotonic()
            try:
                await self._round()
                pause = self._poll_seconds
            except (psycopg.Error, PoolTimeout) as error:
                self._metrics.board_failures.inc()
                _logger.warning("board_not_read", error=str(error))
                pause = _PAUSE_AFTER_FAILURE_SECONDS
            spent = time.monotonic() - started
            await asyncio.sleep(max(pause, min(spent / _SHARE_OF_TIME, max(spent, _PAUSE_SECONDS_MAX))))

    def close(self) -> None:
        """End every stream: people's browsers ask again, and find another process or wait for this one."""
        self._closed = True
        for watcher in self._watchers:
            watcher.offer(_Closed())
        self._watched.set()

    async def _round(self) -> None:
        wanted: dict[Watched, dict[str, Language]] = {}
        for watcher in self._watchers:
            wanted.setdefault(watcher.watch, {})[watcher.language.code] = watcher.language
        for gone in self._last.keys() - {(watch, code) for watch, said in wanted.items() for code in said}:
            del self._last[gone]
        read = self._begin_round()
        for watch, spoken in wanted.items():
            messages = await asyncio.to_thread(self._messages, read, watch, list(spoken.values()))
            for code, message in messages.items():
                self._hand_out(watch, code, message)

    def _messages(
        self, read: Round[Watched, Shown], watch: Watched, spoken: list[Language]
    ) -> dict[str, bytes]:
        with self._metrics.board_read_seconds.time():
            board = read(watch)
        return {language.code: self._write(board, language) for language in spoken}

    def _hand_out(self, watch: Watched, code: str, message: bytes) -> None:
        if self._last.get((watch, code)) == message:
            return
        self._last[watch, code] = message
        for watcher in self._watchers:
            if watcher.watch == watch and watcher.language.code == code:
                watcher.offer(message)


BoardHub: TypeAlias = LiveHub[Watch, Seen]
