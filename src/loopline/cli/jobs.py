"""`loopline jobs`: followers and rounds in a process of their own, beside servers that run none."""

import os
import signal
import threading
from datetime import UTC, datetime

from loopline.cli.console import people, problems_told
from loopline.cli.errands import errands_of
from loopline.db.opening import open_database
from loopline.db.settings import settings_from
from loopline.jobs.running import jobs_running
from loopline.simulator.replay.progress import is_replayed


def jobs() -> None:
    """Follow the log and run what the clock begins, until Ctrl-C. Several may run at once: they take turns."""
    settings = settings_from(os.environ)
    ended = threading.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda _number, _frame: ended.set())
    with problems_told(), open_database(settings) as database:
        people.print("followers and rounds run; Ctrl-C ends them")
        errands = errands_of(settings, clock=_clock)
        with jobs_running(database, clock=_clock, rests=is_replayed, errands=errands):
            ended.wait()
        people.print("stopped; the batches under way were finished")


def _clock() -> datetime:
    return datetime.now(UTC)
