"""Rules of sharing are published as they were tried, by a numbered method."""

from loopline.db.migrations import run_sql

revision = "0496"
down_revision = "0494"


def upgrade() -> None:
    """Say of each rule set by which method it splits, and of what is published from now on, on which trial."""
    run_sql(__file__)
