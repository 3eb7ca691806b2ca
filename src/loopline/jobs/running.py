"""Run followers and rounds in threads of this process, beside whatever else it does."""

import asyncio
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager

import procrastinate
import structlog
from procrastinate.jobs import Status
from prometheus_client import CollectorRegistry

from loopline.db import Conn, Database
from loopline.db.followers import FollowerLoop
from loopline.db.settings import SERVING_ROLE
from loopline.jobs.bonuses import BONUS_ERRAND
from loopline.jobs.dark import DARK_ERRAND
from loopline.jobs.followers import FOLLOWERS
from loopline.jobs.hold_timer import HoldMeasures, HoldTimer
from loopline.jobs.rounds import Clock, Errand, Rests, Rounds, ensure_coming_months
from loopline.jobs.rule_trials import RULE_TRIAL_ERRAND
from loopline.jobs.sealing import SEALING_ERRANDS
from loopline.jobs.waves import LIVE_WAVE_ERRANDS
from loopline.sourcing.optimiser.loading import load_beside

_AGAIN_AFTER_SECONDS = 1.0
_STALLED_AFTER_SECONDS = 30
_AT_ONCE = 6
"""One errand that takes long, three that wait for its turn, and two that do not."""

_logger = structlog.get_logger(__name__)


def never(conn: Conn) -> bool:
    """Rounds of a live database do not rest."""
    del conn
    return False


@contextmanager
def jobs_running(
    database: Database,
    *,
    clock: Clock,
    rests: Rests = never,
    errands: Sequence[Errand] = (),
    registry: CollectorRegistry | None = None,
) -> Generator[None, None, None]:
    """Follow the log, run the rounds and errands and give back what runs out, until the block ends.

    The batches under way are finished first. Rounds and timer do nothing while `rests` says so; followers and errands
    go on. What is measured goes into `registry`.
    """
    load_beside()  # ready before the first wave; nobody waits for it, at the start or at the end
    ensure_coming_months(database, today=clock().date())
    followers = FollowerLoop(database, FOLLOWERS, clock=clock)
    measures = HoldMeasures(registry) if registry is not None else None
    timer = HoldTimer(database, clock=clock, rests=rests, measures=measures)
    rounds = _RoundsThread(
        database,
        Rounds(
            database,
            clock=clock,
            rests=rests,
            errands=(
                *LIVE_WAVE_ERRANDS,
                *SEALING_ERRANDS,
                RULE_TRIAL_ERRAND,
                BONUS_ERRAND,
                DARK_ERRAND,
                *errands,
            ),
        ),
    )
    followers.start()
    rounds.start()
    timer.start()
    try:
        yield
    finally:
        timer.stop()
        rounds.stop()
        followers.stop()


class _RoundsThread:
    """Procrastinate's worker on an event loop of its own; begun again when the database was away."""

    def __init__(self, database: Database, rounds: Rounds) -> None:
        self._addresses = database.addresses
        self._rounds = rounds
        self._loop = asyncio.new_event_loop()
        self._worker: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="rounds", daemon=True)
        self._started = threading.Event()

    def start(self) -> None:
        self._thread.start()
        self._started.wait()

    def stop(self) -> None:
        """Finish the batches under way and end."""
        self._rounds.stop()
        self._loop.call_soon_threadsafe(self._cancel)
        self._thread.join()
        self._loop.close()

    def _cancel(self) -> None:
        if self._worker is not None:
            self._worker.cancel()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._worker = self._loop.create_task(self._work_on())
        self._started.set()
        try:
            self._loop.run_until_complete(self._worker)
        except asyncio.CancelledError:
            pass
        finally:
            self._loop.run_until_complete(self._loop.shutdown_default_executor())

    async def _work_on(self) -> None:
        while True:
            try:
                await self._work()
            except Exception:
                _logger.exception("rounds_interrupted")
            await asyncio.sleep(_AGAIN_AFTER_SECONDS)

    async def _work(self) -> None:
        options = "-c search_path=jobs"
        if self._addresses.serving_sets_role:
            options += f" -c role={SERVING_ROLE}"
        app = self._rounds.app(
            procrastinate.PsycopgConnector(
                conninfo=self._addresses.serving, min_size=1, max_size=3, kwargs={"options": options}
            )
        )
        async with app.open_async():
            await _forget_stalled(app)
            await app.run_worker_async(
                concurrency=_AT_ONCE,
                install_signal_handlers=False,
                delete_jobs="always",
                fetch_job_polling_interval=2.0,
            )


async def _forget_stalled(app: procrastinate.App) -> None:
    """Clear away the rounds of processes that were killed: the next ones do their work."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=_STALLED_AFTER_SECONDS):
        await app.job_manager.finish_job(job, status=Status.FAILED, delete_job=True)
