"""A dispute of a line of what customers were let off keeps what the party owed by it."""

from loopline.db.migrations import run_sql

revision = "0475"
down_revision = "0472"


def upgrade() -> None:
    """Add a column that is 0 for every line of shares."""
    run_sql(__file__)
