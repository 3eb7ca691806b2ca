"""The errand that seals days: one that reads and holds the turn, and short transactions that write part by part.

Killed in the middle it leaves drafts that nobody reads; whoever seals next takes them away and begins the day anew.
"""

import secrets
from datetime import date, datetime

import psycopg

from loopline.db import Database
from loopline.jobs.rounds import Errand
from loopline.processes.statement.seal import LOOKED_BACK_DAYS, DayToSeal, next_day_to_seal
from loopline.statements import service
from loopline.statements.model import Seal

_SECRET_BYTES = 32


def seal_next_day(
    database: Database,
    now: datetime,
    *,
    looked_back_days: int = LOOKED_BACK_DAYS,
    through: date | None = None,
) -> Seal | None:
    """Seal the next day that is over, up to `through`; None where there is none, or somebody else seals."""
    with database.reading() as source:
        if not service.take_turn(source):
            return None
        day = next_day_to_seal(source, now=now)
        if day is None or (through is not None and day > through):
            return None
        with database.transaction(quiet=True) as conn:
            service.forget_draft(conn, day)
        to_seal = DayToSeal(source, day, looked_back_days=looked_back_days)
        for part in to_seal.parts():
            with database.transaction(quiet=True) as conn:
                service.keep_draft(conn, leaves=part.leaves, pages=part.pages)
        with database.transaction() as conn:
            return to_seal.seal(conn, secret=secrets.token_bytes(_SECRET_BYTES), now=now)


def _seal(database: Database, now: datetime) -> int:
    try:
        return 1 if seal_next_day(database, now) is not None else 0
    except psycopg.errors.UniqueViolation:
        return 0  # a rival sealed it in between


SEALING_ERRANDS: tuple[Errand, ...] = (
    Errand(name="seal_days", cron="7 * * * *", run=_seal, rests=True, is_long=True, is_patient=True),
)
