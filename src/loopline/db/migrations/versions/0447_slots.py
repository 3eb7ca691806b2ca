"""Slots: couriers and appointments at set hours, and whose each place is."""

from loopline.db.migrations import run_sql

revision = "0447"
down_revision = "0444"


def upgrade() -> None:
    """Make the room of slots."""
    run_sql(__file__)
