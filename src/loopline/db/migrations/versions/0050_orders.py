"""The first tables of orders."""

from loopline.db.migrations import run_sql

revision = "0050"
down_revision = "0040"


def upgrade() -> None:
    """Make the schema and its tables."""
    run_sql(__file__)
