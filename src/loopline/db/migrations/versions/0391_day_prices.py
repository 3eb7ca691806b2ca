"""Prices of the day: what goods and time were worth on a day, kept for the waves of the next."""

from loopline.db.migrations import run_sql

revision = "0391"
down_revision = "0390"


def upgrade() -> None:
    """Make the tables, and let waves say by which prices they were decided."""
    run_sql(__file__)
