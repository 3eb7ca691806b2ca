"""The room of touchpoints."""

from loopline.db.migrations import run_sql

revision = "0170"
down_revision = "0160"


def upgrade() -> None:
    """Make its schema."""
    run_sql(__file__)
