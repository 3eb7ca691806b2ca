"""Feeds of dealers' own systems, what they stated, and what is kept back while it is in doubt."""

from loopline.db.migrations import run_sql

revision = "0280"
down_revision = "0271"


def upgrade() -> None:
    """Make the tables of feeds, and that of doubts about stock."""
    run_sql(__file__)
