"""The first tables of fulfilment."""

from loopline.db.migrations import run_sql

revision = "0120"
down_revision = "0110"


def upgrade() -> None:
    """Make the schema and its tables."""
    run_sql(__file__)
