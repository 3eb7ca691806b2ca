"""Rounds: what the clock begins, run by Procrastinate so that of many processes one does it.

Each round takes what is ready in batches of bounded size, each batch one transaction, until nothing is ready. A round
that dies is begun again by the next; nothing depends on it having finished.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import procrastinate
import structlog

from loopline.db import Conn, Database
from loopline.db.partitions import ensure_months
from loopline.processes.dispatch import lapse
from loopline.processes.promise import expire_holds, fill_parked, mend_promises
from loopline.processes.settle import release_due
from loopline.processes.source import source_wave
from loopline.simulator.replay.progress import is_replayed

BATCH = 500
BATCHES_PER_ROUND_MAX = 200
MONTHS_AHEAD = 3

_logger = structlog.get_logger(__name__)
Clock = Callable[[], datetime]


def round_app(
    database: Database, connector: procrastinate.BaseConnector, *, clock: Clock
) -> procrastinate.App:
    """Make the application that knows every round of this database. Rounds run in threads, one of a kind at a time."""
    app = procrastinate.App(connector=connector)

    def every(cron: str, name: str, step: Callable[[Conn, datetime], int]) -> None:
        def run(timestamp: int) -> None:  # noqa: ARG001 - Procrastinate says for which moment it is
            # The clock of a replayed history is the replay's own: ours would make all of it late at once.
            with database.reading() as conn:
                history = is_replayed(conn)
            if not history:
                until_nothing_is_left(database, step, clock=clock)

        task = app.task(name=name, queueing_lock=name, lock=name)(run)
        app.periodic(cron=cron)(task)

    every("* * * * * */2", "source_waves", lambda conn, now: source_wave(conn, now=now).orders)
    every("* * * * * */2", "expire_holds", lambda conn, now: expire_holds(conn, now=now, limit=BATCH))
    every("* * * * * */5", "mend_promises", _mend)
    every("* * * * * */15", "lapse_offers", lambda conn, now: len(lapse(conn, now=now, limit=BATCH)))
    every("* * * * *", "fill_parked", lambda conn, now: fill_parked(conn, sku_ids=None, now=now, limit=BATCH))
    every("* * * * *", "release_due", lambda conn, now: release_due(conn, now=now, limit=BATCH))

    @app.periodic(cron="17 3 * * *")
    @app.task(name="ensure_months", queueing_lock="ensure_months")
    def months(timestamp: int) -> None:
        del timestamp
        ensure_coming_months(database, today=clock().date())

    return app


def until_nothing_is_left(database: Database, step: Callable[[Conn, datetime], int], *, clock: Clock) -> int:
    """Run a step in transactions of its own until it finds nothing to do, boundedly; returns what was done in all."""
    done = 0
    for _ in range(BATCHES_PER_ROUND_MAX):
        with database.transaction() as conn:
            found = step(conn, clock())
        if not found:
            break
        done += found
    else:
        _logger.info("round_cut_short", batches=BATCHES_PER_ROUND_MAX)
    return done


def ensure_coming_months(database: Database, *, today: date) -> None:
    """Make the partitions of this month and the next ones, long before an order falls into them."""
    with database.owner_transaction() as owner:
        ensure_months(owner, first=today, last=today + timedelta(days=31 * MONTHS_AHEAD))


def _mend(conn: Conn, now: datetime) -> int:
    mended = mend_promises(conn, now=now, limit=BATCH)
    return mended.to_source_units + mended.parked_units
