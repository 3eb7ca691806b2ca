"""Shifts of tills: who answers for a drawer from one count to the next, and what moved in it meanwhile."""

from loopline.db.migrations import run_sql

revision = "0444"
down_revision = "0443"


def upgrade() -> None:
    """Add shifts, what tills moved, and the accounts and the kind of entry that counts are booked by."""
    run_sql(__file__)
