"""The first tables of returns."""

from loopline.db.migrations import run_sql

revision = "0100"
down_revision = "0090"


def upgrade() -> None:
    """Make the schema and its tables."""
    run_sql(__file__)
