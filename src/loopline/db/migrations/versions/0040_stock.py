"""The first tables of stock."""

from loopline.db.migrations import run_sql

revision = "0040"
down_revision = "0030"


def upgrade() -> None:
    """Make the schema and its tables."""
    run_sql(__file__)
