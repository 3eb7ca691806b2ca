"""The first tables of ledger."""

from loopline.db.migrations import run_sql

revision = "0080"
down_revision = "0070"


def upgrade() -> None:
    """Make the schema and its tables."""
    run_sql(__file__)
