"""The first tables of sourcing."""

from loopline.db.migrations import run_sql

revision = "0110"
down_revision = "0100"


def upgrade() -> None:
    """Make the schema and its tables."""
    run_sql(__file__)
