"""The first tables of sharing."""

from loopline.db.migrations import run_sql

revision = "0090"
down_revision = "0080"


def upgrade() -> None:
    """Make the schema and its tables."""
    run_sql(__file__)
