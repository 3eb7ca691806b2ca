"""Run followers and rounds in threads of this process, beside whatever else it does."""

import asyncio
import threading
from collections.abc import Generator
from contextlib import contextmanager

import procrastinate

from loopline.db import Database
from loopline.db.followers import FollowerLoop
from loopline.jobs.followers import FOLLOWERS
from loopline.jobs.rounds import Clock, ensure_coming_months, round_app


@contextmanager
def jobs_running(database: Database, *, clock: Clock) -> Generator[None, None, None]:
    """Follow the log and run the rounds until the block ends; what is under way is finished first."""
    ensure_coming_months(database, today=clock().date())
    followers = FollowerLoop(database, FOLLOWERS, clock=clock)
    rounds = _Rounds(database, clock=clock)
    followers.start()
    rounds.start()
    try:
        yield
    finally:
        rounds.stop()
        followers.stop()


class _Rounds:
    """Procrastinate's worker on an event loop of its own."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        connector = procrastinate.PsycopgConnector(
            conninfo=database.addresses.serving,
            min_size=1,
            max_size=3,
            kwargs={"options": "-c search_path=jobs"},
        )
        self._app = round_app(database, connector, clock=clock)
        self._loop = asyncio.new_event_loop()
        self._worker: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="rounds", daemon=True)
        self._started = threading.Event()

    def start(self) -> None:
        self._thread.start()
        self._started.wait()

    def stop(self) -> None:
        """Finish the rounds under way and end."""
        self._loop.call_soon_threadsafe(self._cancel)
        self._thread.join()
        self._loop.close()

    def _cancel(self) -> None:
        if self._worker is not None:
            self._worker.cancel()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._worker = self._loop.create_task(self._work())
        self._started.set()
        try:
            self._loop.run_until_complete(self._worker)
        except asyncio.CancelledError:
            pass
        finally:
            self._loop.run_until_complete(self._loop.shutdown_default_executor())

    async def _work(self) -> None:
        async with self._app.open_async():
            await self._app.run_worker_async(
                concurrency=2,
                install_signal_handlers=False,
                delete_jobs="always",
                fetch_job_polling_interval=2.0,
            )
