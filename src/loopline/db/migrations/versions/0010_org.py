"""The first tables of org."""

from loopline.db.migrations import run_sql

revision = "0010"
down_revision = "0001"


def upgrade() -> None:
    """Make the schema and its tables."""
    run_sql(__file__)
