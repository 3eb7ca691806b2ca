"""Where replays stand."""

from loopline.db.migrations import run_sql

revision = "0150"
down_revision = "0140"


def upgrade() -> None:
    """Make the schema and its table."""
    run_sql(__file__)
