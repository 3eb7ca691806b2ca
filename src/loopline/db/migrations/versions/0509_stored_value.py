"""Stored value: what members paid ahead to companies, what came of it, and on which terms it is taken."""

from loopline.db.migrations import run_sql

revision = "0509"
down_revision = "0507"


def upgrade() -> None:
    """Make the room's tables."""
    run_sql(__file__)
