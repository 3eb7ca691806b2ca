"""What this process places, tallied second by second for the surge board, and written down about once a second.

Tallying costs an order two additions, in memory alone; writing has a transaction of its own, beside those of orders. A
write that fails is tried again with the next: each second is written as it stands, so nothing counts twice. A process
that is killed takes its last second with it: the board is for eyes, the books are elsewhere.
"""

import asyncio
import time
import uuid
from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from loopline.db import Database
from loopline.insight.surge import LATENCY_STEPS_MS, PlacedSecond, note_placed
from loopline.kernel.refusals import Refusal
from loopline.processes.take_in import OrderTaken
from loopline.web.coalescer import Failed, TooMuchWaits
from loopline.web.placing import OrderReplayed, refusal_of_failure

_logger = structlog.get_logger(__name__)

WRITE_SECONDS = 1.0
_KEPT_SECONDS_MAX = 60  # while the database is away: then the oldest go
_STEPS_SECONDS = tuple(step / 1_000 for step in LATENCY_STEPS_MS)


class _Second:
    """One second of this process, as far as it has come."""

    __slots__ = ("accepted", "is_written", "latencies", "refused", "repeated", "waiting")

    def __init__(self) -> None:
        self.accepted = 0
        self.repeated = 0
        self.refused: dict[str, int] = {}
        self.latencies = [0] * (len(_STEPS_SECONDS) + 1)
        self.waiting = 0
        self.is_written = False


class Tally:
    """Counts one process's orders. Belongs to its event loop, but for the writing."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._clock = clock
        self._process_id = uuid.uuid4()
        self._seconds: dict[int, _Second] = {}
        self._codes: dict[type[Refusal], str] = {}

    def batch_done(self, since: Sequence[float], outcomes: Sequence[object], *, waiting: int) -> None:
        """Count a batch: when each of its items came (`time.perf_counter`), what became of it, how many wait still."""
        second = self._now()
        second.waiting = max(second.waiting, waiting)
        ended = time.perf_counter()
        latencies = second.latencies
        for came in since:
            latencies[bisect_left(_STEPS_SECONDS, ended - came)] += 1
        for outcome in outcomes:
            if isinstance(outcome, OrderTaken):
                if outcome.is_repeat or isinstance(outcome, OrderReplayed):
                    second.repeated += 1
                else:
                    second.accepted += 1
            else:
                self._refuse(second, outcome)

    def sent_away(self, *, waiting: int) -> None:
        """Count an order that was not accepted because too much waited."""
        second = self._now()
        second.waiting = max(second.waiting, waiting)
        self._refuse(second, TooMuchWaits())

    async def run(self) -> None:
        """Write down until cancelled."""
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            await self.write()

    async def write(self) -> None:
        """Write down what was counted since the last time; where the database is away, the next time does it."""
        current = self._current()
        told = {key: one for key, one in self._seconds.items() if not one.is_written}
        if told:
            for one in told.values():
                one.is_written = True
            seconds = [_told(key, one) for key, one in told.items()]
            try:
                await asyncio.to_thread(self._write, seconds)
            except (psycopg.Error, PoolTimeout) as error:
                _logger.warning("placing_not_written", error=str(error))
                for one in told.values():
                    one.is_written = False
        self._forget(current)

    def _write(self, seconds: Sequence[PlacedSecond]) -> None:
        with self._database.transaction() as conn:
            note_placed(conn, self._process_id, seconds)

    def _forget(self, current: int) -> None:
        """Drop what is over and written, and the oldest where too much is kept."""
        kept = [key for key, one in sorted(self._seconds.items()) if key >= current or not one.is_written]
        self._seconds = {key: self._seconds[key] for key in kept[-_KEPT_SECONDS_MAX:]}

    def _current(self) -> int:
        return int(self._clock().timestamp())

    def _now(self) -> _Second:
        second = self._seconds.setdefault(self._current(), _Second())
        second.is_written = False
        return second

    def _refuse(self, second: _Second, outcome: object) -> None:
        refusal = refusal_of_failure(outcome.error) if isinstance(outcome, Failed) else outcome
        assert isinstance(refusal, Refusal)
        code = self._codes.get(type(refusal))
        if code is None:
            code = self._codes[type(refusal)] = refusal.code
        second.refused[code] = second.refused.get(code, 0) + 1


def _told(key: int, one: _Second) -> PlacedSecond:
    return PlacedSecond(
        second=datetime.fromtimestamp(key, UTC),
        accepted=one.accepted,
        repeated=one.repeated,
        refused=dict(one.refused),
        latencies=tuple(one.latencies),
        waiting=one.waiting,
    )
