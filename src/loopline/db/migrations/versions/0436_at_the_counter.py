"""The counter: who took a return in, what one person may do alone, and what one company paid for another."""

from loopline.db.migrations import run_sql

revision = "0436"
down_revision = "0435"


def upgrade() -> None:
    """Add who took returns in, limits of counters by unit, and a kind of entry between companies."""
    run_sql(__file__)
