"""Dark sites of a live house: looked for every twenty seconds, by the clock on the wall.

A world that is simulated, or replayed, has people who answer when its own clock says so: it is left alone.
"""

from datetime import datetime

from loopline.db import Conn, Database
from loopline.jobs.rounds import BATCH, Errand, until_nothing_is_left
from loopline.processes.go_dark import watch_sites


def watch_dark_sites(database: Database, now: datetime) -> int:
    """Find sites that went dark or show life again, and take the work of the dark ones back; returns how much."""

    def step(conn: Conn, now: datetime) -> int:
        return watch_sites(conn, now=now, limit=BATCH)

    return until_nothing_is_left(database, step, clock=lambda: now)


DARK_ERRAND = Errand(name="watch_dark_sites", cron="* * * * * */20", run=watch_dark_sites, rests=True)
