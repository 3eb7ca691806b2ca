"""What counters ask of who collects a dear parcel, and what goods that come back cost."""

from loopline.db.migrations import run_sql

revision = "0502"
down_revision = "0501"


def upgrade() -> None:
    """Let one more thing be limited at counters, and publish what the cost of returns is made of."""
    run_sql(__file__)
