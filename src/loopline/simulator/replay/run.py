"""Runs a replay from where it stands to its report."""

import resource
import sys
from collections.abc import Callable
from time import perf_counter

from loopline.customers import open_key_ring
from loopline.db import Database
from loopline.db.followers import catch_up
from loopline.db.settings import Settings
from loopline.jobs.followers import FOLLOWERS
from loopline.simulator.replay.books import read_books
from loopline.simulator.replay.driver import ReplayAsk, Standing, replay
from loopline.simulator.replay.report import Report, Run, check_replay

_KIBIBYTES_PER_MEBIBYTE = 1_024
_BYTES_PER_MEBIBYTE = 1 << 20


def run_replay(
    database: Database, ask: ReplayAsk, *, settings: Settings, told: Callable[[Standing], None]
) -> Report:
    """Replay a file, bring every follower to the end of the log, and compare what there is with what should be."""
    started = perf_counter()
    replayed = replay(database, ask, ring=open_key_ring(settings.keys_directory), told=told)
    catch_up(database, FOLLOWERS, now=replayed.until)
    with database.reading() as conn:
        books = read_books(conn, counts=replayed.progress.counts)
    return Report(
        census=replayed.census,
        books=books,
        run=Run(seconds=perf_counter() - started, peak_mib=_peak_mib()),
        checks=check_replay(replayed.census, books),
    )


def _peak_mib() -> float:
    """The most memory this process ever had; the system counts it in KiB, but for macOS, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (_BYTES_PER_MEBIBYTE if sys.platform == "darwin" else _KIBIBYTES_PER_MEBIBYTE)
