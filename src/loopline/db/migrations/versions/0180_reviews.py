"""The room of reviews."""

from loopline.db.migrations import run_sql

revision = "0180"
down_revision = "0170"


def upgrade() -> None:
    """Make its schema."""
    run_sql(__file__)
