"""The room of search."""

from loopline.db.migrations import run_sql

revision = "0190"
down_revision = "0180"


def upgrade() -> None:
    """Make its schema."""
    run_sql(__file__)
