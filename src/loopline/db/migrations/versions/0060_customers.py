"""The first tables of customers."""

from loopline.db.migrations import run_sql

revision = "0060"
down_revision = "0055"


def upgrade() -> None:
    """Make the schema and its tables."""
    run_sql(__file__)
