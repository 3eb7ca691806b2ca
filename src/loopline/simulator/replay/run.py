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
from loopline.simulator.replay.driver import ReplayAsk, Standing, read_file, replay
from loopline.simulator.replay.following import log_followed
from loopline.simulator.replay.report import Report, Run, check_replay

_KIBIBYTES_PER_MEBIBYTE = 1_024
_BYTES_PER_MEBIBYTE = 1 << 20


def run_replay(
    database: Database, ask: ReplayAsk, *, settings: Settings, told: Callable[[Standing], None]
) -> Report:
    """Replay a file, bring every follower to the end of the log, and compare what there is with what should be."""
    started = perf_counter()
    reading = read_file(ask)
    ring = open_key_ring(settings.keys_directory)
    with log_followed(database):
        progress = replay(database, ask, reading, ring=ring, told=told)
    catch_up(database, FOLLOWERS, now=reading.until)
    with database.reading() as conn:
        books = read_books(conn, counts=progress.counts)
    return Report(
        census=reading.census,
        books=books,
        run=Run(seconds=perf_counter() - started, peak_mib=_peak_mib()),
        checks=check_replay(reading.census, books),
    )


def _peak_mib() -> float:
    """The most memory this process and its helper ever had; the system counts in KiB, but for macOS, in bytes."""
    peak = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return peak / (_BYTES_PER_MEBIBYTE if sys.platform == "darwin" else _KIBIBYTES_PER_MEBIBYTE)
