"""Transfers between sites, and counts that take a while."""

from loopline.db.migrations import run_sql

revision = "0270"
down_revision = "0245"


def upgrade() -> None:
    """Make the tables of transfers and counts."""
    run_sql(__file__)
