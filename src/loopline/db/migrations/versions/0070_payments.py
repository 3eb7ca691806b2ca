"""The first tables of payments."""

from loopline.db.migrations import run_sql

revision = "0070"
down_revision = "0060"


def upgrade() -> None:
    """Make the schema and its tables."""
    run_sql(__file__)
