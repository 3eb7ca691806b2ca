"""Wrong codes that were said of visits are counted by order."""

from loopline.db.migrations import run_sql

revision = "0487"
down_revision = "0483"


def upgrade() -> None:
    """One table of slots."""
    run_sql(__file__)
