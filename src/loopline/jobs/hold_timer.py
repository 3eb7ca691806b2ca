"""The timer of holds: what ran out unpaid goes back on sale at its moment, and not at the next round; so does, within
a second, what is left of a quota whose time is over.

It sleeps until the next hold runs out, a second at the longest: another process may have made one meanwhile.
A batch is a transaction; whatever happens to one, the next second tries again. Every process may have a timer: they
strike together, and one does the work of all.
"""

import threading
from datetime import datetime, timedelta

import structlog
from prometheus_client import CollectorRegistry, Histogram

from loopline import stock
from loopline.db import Database
from loopline.jobs.rounds import BATCH, QUOTAS_PER_BATCH, Clock, Rests
from loopline.processes.promise import RanOut, run_out
from loopline.processes.quotas import end_due_quotas

LOOKS_EVERY = timedelta(seconds=1)
_QUOTA_BATCHES_MAX = 20
_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 60, 300, 1_000)
_logger = structlog.get_logger(__name__)


class HoldMeasures:
    """What /metrics tells of holds that ran out; those whose gateway was still to answer are late on purpose."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.late_seconds = Histogram(
            "loopline_hold_expiry_late_seconds",
            "From the moment a hold ran out to the moment its units were given back.",
            buckets=_BUCKETS,
            registry=registry,
        )


class HoldTimer:
    """Gives back what ran out, in a thread of its own. Rests, as rounds do, while `rests` says so."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        rests: Rests,
        measures: HoldMeasures | None = None,
        batch: int = BATCH,
    ) -> None:
        self._database = database
        self._clock = clock
        self._rests = rests
        self._measures = measures
        self._batch = batch
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hold-timer", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch under way and end."""
        self._stopping.set()
        self._thread.join()

    def strike(self) -> timedelta:
        """Give back everything that ran out, batch by batch; returns how long there is nothing to do, at the most."""
        while not self._stopping.is_set():
            now = self._clock()
            with self._database.transaction() as conn:
                if self._rests(conn):
                    return LOOKS_EVERY
                done = run_out(conn, now=now, limit=self._batch)
                later = stock.next_expiry(conn, after=now)
            self._tell(done)
            if max(done.holds, done.orders) < self._batch:
                self._end_quotas(now)
                return self._pause(later)
        return timedelta()

    def _pause(self, later: datetime | None) -> timedelta:
        if later is None:
            return LOOKS_EVERY
        return max(timedelta(), min(LOOKS_EVERY, later - self._clock()))

    def _end_quotas(self, now: datetime) -> None:
        """Give back what is left of quotas whose time is over, in transactions of their own."""
        for _ in range(_QUOTA_BATCHES_MAX):
            with self._database.transaction() as conn:
                if end_due_quotas(conn, now=now, limit=QUOTAS_PER_BATCH) < QUOTAS_PER_BATCH:
                    return

    def _tell(self, done: RanOut) -> None:
        if self._measures is not None:
            for late in done.late:
                self._measures.late_seconds.observe(late.total_seconds())

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                pause = self.strike()
            except Exception:
                _logger.exception("holds_not_given_back")
                pause = LOOKS_EVERY
            self._stopping.wait(pause.total_seconds())
