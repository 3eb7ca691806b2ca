"""Buyers of marketplaces: their data as the platform sealed it, and who opened it for what."""

from loopline.db.migrations import run_sql

revision = "0300"
down_revision = "0310"


def upgrade() -> None:
    """Make the schema of buyers."""
    run_sql(__file__)
