"""Lots of goods: batches, serial numbers, expiry, recall."""

from loopline.db.migrations import run_sql

revision = "0271"
down_revision = "0265"


def upgrade() -> None:
    """Make the tables of lots."""
    run_sql(__file__)
