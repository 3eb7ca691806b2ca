"""Where made-up worlds stand."""

from loopline.db.migrations import run_sql

revision = "0230"
down_revision = "0220"


def upgrade() -> None:
    """Make the tables of worlds."""
    run_sql(__file__)
