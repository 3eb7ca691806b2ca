"""Which announced goods are still awaited, so that a site finds those on their way among all that ever came."""

from loopline.db.migrations import run_beside_writers

revision = "0506"
down_revision = "0505"


def upgrade() -> None:
    """Mark the ways of announcements that have not ended, and index them by site; nobody who writes waits."""
    run_beside_writers(__file__)
