"""The first tables of ground."""

from loopline.db.migrations import run_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the schema and its tables."""
    run_sql(__file__)
