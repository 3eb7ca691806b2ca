"""The terms of channels."""

from loopline.db.migrations import run_sql

revision = "0055"
down_revision = "0050"


def upgrade() -> None:
    """Make the table."""
    run_sql(__file__)
