"""Who may call the API, and what it answered."""

from loopline.db.migrations import run_sql

revision = "0160"
down_revision = "0150"


def upgrade() -> None:
    """Make the tables of API keys and of answers kept for a repeat."""
    run_sql(__file__)
