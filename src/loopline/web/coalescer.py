"""What arrives together goes into one transaction: an asynchronous front before a command that takes many.

Whoever submits an item waits for that item's own outcome. While a batch is worked on, the next one gathers: the busier
it is, the larger the batches, and nobody waits for a timer that somebody else keeps pushing back. There is one worker
thread, so one batch at a time; several processes meet in the database alone.

One bad item refuses itself alone: a batch that fails for a reason nobody foresaw is rolled back and tried again in
halves, down to the item that fails by itself, which gets the error. Rivals (a deadlock, a serialization failure, a
number taken a moment ago) and a broken connection are tried again as they are: the work must be idempotent.
"""

import asyncio
import random
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, Protocol, TypeVar

import msgspec
import psycopg
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from psycopg_pool import PoolTimeout

from loopline.kernel.refusals import Refusal, Refused

_logger = structlog.get_logger(__name__)

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

MOST = 500
GATHER_SECONDS = 0.003
WAITING_MOST = 20_000
RETRY_AFTER_SECONDS = 1
_TRIES = 4
_TRYING_SECONDS_MAX = 5.0
_PAUSE_SECONDS = 0.01
_FRAMES = 5  # of what failed: a renderer that shows every frame with its values takes seconds, and all wait


class TooMuchWaits(Refusal, frozen=True, kw_only=True):
    """Too much waits to be done at this moment, and this was not accepted: send it again in a moment."""

    retry_after_seconds: int = RETRY_AFTER_SECONDS


class Onlooker(Protocol):
    """Whoever is told of each batch as it ends, in the event loop, and of each item that is sent away: to be quick."""

    def batch_done(self, since: Sequence[float], outcomes: Sequence[object], *, waiting: int) -> None: ...
    def sent_away(self, *, waiting: int) -> None: ...


class Measures:
    """What /metrics tells of one coalescer: how large its batches are, how long items wait, how many waiting.

    `onlooker` is told of each batch besides.
    """

    def __init__(self, registry: CollectorRegistry, name: str, *, onlooker: Onlooker | None = None) -> None:
        self.onlooker = onlooker
        self.batch_items = Histogram(
            f"loopline_{name}_batch_items",
            "Items that went into one transaction.",
            buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500),
            registry=registry,
        )
        self.wait_seconds = Histogram(
            f"loopline_{name}_wait_seconds",
            "From an item's arrival to the start of its transaction.",
            buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10),
            registry=registry,
        )
        self.work_seconds = Histogram(
            f"loopline_{name}_batch_seconds", "One batch, with whatever was tried again.", registry=registry
        )
        self.waiting = Gauge(
            f"loopline_{name}_waiting", "Items that wait for their batch.", registry=registry
        )
        self.not_accepted = Counter(
            f"loopline_{name}_not_accepted", "Items sent away because too much waited.", registry=registry
        )
        self.split = Counter(
            f"loopline_{name}_batches_split", "Batches tried again in halves.", registry=registry
        )
        self.failed = Counter(
            f"loopline_{name}_failed_items", "Items that failed by themselves.", registry=registry
        )


class Failed(msgspec.Struct, frozen=True):
    """What an item gets instead of an outcome."""

    error: Exception


class _Waiting(Generic[Item, Outcome]):
    """An item, who waits for it, and since when."""

    __slots__ = ("future", "item", "since")

    def __init__(self, item: Item, future: asyncio.Future[Outcome]) -> None:
        self.item = item
        self.future = future
        self.since = time.perf_counter()


class Coalescer(Generic[Item, Outcome]):
    """Gathers items, `most` at a time, and gives them to `work` in a thread.

    `work` takes items in the order of arrival, does all of them in one transaction of its own and returns one outcome
    each; it is called again with the same items, or fewer, when it raises. It must not mind an item it did before.
    A coalescer belongs to the event loop it is first used in.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Sequence[Outcome]],
        *,
        most: int = MOST,
        gather_seconds: float = GATHER_SECONDS,
        waiting_most: int = WAITING_MOST,
        measures: Measures | None = None,
    ) -> None:
        self._work = work
        self._most = most
        self._gather_seconds = gather_seconds
        self._waiting_most = waiting_most
        self._measures = measures or Measures(CollectorRegistry(), "unnamed")
        self._onlooker = self._measures.onlooker
        self._waiting: deque[_Waiting[Item, Outcome]] = deque()
        self._measures.waiting.set_function(lambda: len(self._waiting))
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="coalescer")
        self._runner: asyncio.Task[None] | None = None
        self._more = asyncio.Event()
        self._is_closing = False

    async def submit(self, item: Item) -> Outcome:
        """Put an item into the next batch and wait for its outcome.

        Raises Refused (TooMuchWaits) at once where the queue is full or closed: then nothing happens to the item. A
        caller that is cancelled (its client went away) does not take it back: it may be in a transaction already.
        """
        if self._is_closing or len(self._waiting) >= self._waiting_most:
            self._measures.not_accepted.inc()
            if self._onlooker is not None:
                self._onlooker.sent_away(waiting=len(self._waiting))
            raise Refused(TooMuchWaits())
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        future.add_done_callback(_look_at_error)
        self._waiting.append(_Waiting(item, future))
        self._more.set()
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run(), name="coalescer")
        return await future

    def do(self, items: Sequence[Item]) -> list[Outcome | Exception]:
        """Do a batch that is together already, in the thread that calls, at most `most` at a time.

        One outcome each, or the error of an item that fails by itself, as for single ones. Several batches at once
        meet in the database.
        """
        outcomes: list[Outcome | Exception] = []
        for start in range(0, len(items), self._most):
            done = self._do(items[start : start + self._most])
            outcomes += [one.error if isinstance(one, Failed) else one for one in done]
        return outcomes

    async def close(self) -> None:
        """Accept nothing more, finish what was accepted, end the thread. Closing twice is closing once."""
        self._is_closing = True
        self._more.set()
        if self._runner is not None:
            await asyncio.shield(self._runner)
        self._thread.shutdown(wait=False)

    async def _run(self) -> None:
        """Work off what waits, batch by batch; ends when nothing waits any more."""
        await self._gather()
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
            started = time.perf_counter()
            self._measures.batch_items.observe(len(batch))
            for one in batch:
                self._measures.wait_seconds.observe(started - one.since)
            items = [one.item for one in batch]
            outcomes = await asyncio.get_running_loop().run_in_executor(self._thread, self._do, items)
            self._measures.work_seconds.observe(time.perf_counter() - started)
            for one, outcome in zip(batch, outcomes, strict=True):
                if one.future.done():
                    continue  # the loop is ending and took it from us
                if isinstance(outcome, Failed):
                    one.future.set_exception(outcome.error)
                else:
                    one.future.set_result(outcome)
            if self._onlooker is not None:
                since = [one.since for one in batch]
                self._onlooker.batch_done(since, outcomes, waiting=len(self._waiting))

    async def _gather(self) -> None:
        """Wait a moment for company, unless the batch is full or there is no time: the first batch after a silence."""
        until = asyncio.get_running_loop().time() + self._gather_seconds
        while len(self._waiting) < self._most and not self._is_closing:
            self._more.clear()
            try:
                async with asyncio.timeout_at(until):
                    await self._more.wait()
            except TimeoutError:
                return

    def _do(self, items: Sequence[Item]) -> list[Outcome | Failed]:
        """Do a batch; where it fails unforeseen, do its halves. Runs in the worker thread, never raises."""
        try:
            return list(self._tried(items))
        except (psycopg.OperationalError, PoolTimeout) as error:
            # Nothing is wrong with the items: the database is away, or busier than it can bear.
            return [Failed(error) for _ in items]
        except Exception as error:  # noqa: BLE001 - whatever it is, it is found out whose it is
            if len(items) == 1:
                self._measures.failed.inc()
                where = traceback.format_list(traceback.extract_tb(error.__traceback__)[-_FRAMES:])
                _logger.error("item_failed", error=repr(error), where="".join(where))  # noqa: TRY400 - see _FRAMES
                return [Failed(error)]
            self._measures.split.inc()
            _logger.warning("batch_split", items=len(items), error=repr(error))
        middle = len(items) // 2
        return [*self._do(items[:middle]), *self._do(items[middle:])]

    def _tried(self, items: Sequence[Item]) -> Sequence[Outcome]:
        """Do items, and again where a rival or the connection was in the way."""
        until = time.perf_counter() + _TRYING_SECONDS_MAX
        for left in range(_TRIES - 1, -1, -1):
            try:
                outcomes = self._work(items)
            except PoolTimeout:
                raise
            except (psycopg.OperationalError, psycopg.errors.UniqueViolation):
                if not left or time.perf_counter() > until:
                    raise
                time.sleep(random.uniform(0, _PAUSE_SECONDS))  # noqa: S311 - keeps rivals apart, protects nothing
                continue
            if len(outcomes) != len(items):
                raise ValueError(f"{len(items)} items had {len(outcomes)} outcomes")
            return outcomes
        raise AssertionError("the last try returns or raises")


def _look_at_error(future: asyncio.Future[Outcome]) -> None:
    """An error that nobody waits for any more has been looked at: the log has it."""
    if not future.cancelled():
        future.exception()
