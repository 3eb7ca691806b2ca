"""What customers were told long ago may be forgotten."""

from loopline.db.migrations import run_sql

revision = "0515"
down_revision = "0514"


def upgrade() -> None:
    """Let the application delete notices."""
    run_sql(__file__)
