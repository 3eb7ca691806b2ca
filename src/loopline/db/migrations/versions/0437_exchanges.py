"""Exchanges: goods come back and others go out under one number; what was paid for the first pays for the second."""

from loopline.db.migrations import run_sql

revision = "0437"
down_revision = "0436"


def upgrade() -> None:
    """Add exchanges, and what of a payment was carried over from another order's."""
    run_sql(__file__)
