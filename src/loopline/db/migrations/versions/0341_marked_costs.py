"""What parcels cost and what sites take in a day is remembered by those who promise, and marked when it changes."""

from loopline.db.migrations import run_sql

revision = "0341"
down_revision = "0340"


def upgrade() -> None:
    """Let the tables be marked."""
    run_sql(__file__)
