"""The room of webhooks."""

from loopline.db.migrations import run_sql

revision = "0200"
down_revision = "0190"


def upgrade() -> None:
    """Make its schema."""
    run_sql(__file__)
