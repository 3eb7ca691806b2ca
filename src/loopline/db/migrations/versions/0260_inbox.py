"""The inbox: what channels say of orders, kept as it came until it is applied or given up."""

from loopline.db.migrations import run_sql

revision = "0260"
down_revision = "0255"


def upgrade() -> None:
    """Make the schema of the inbox."""
    run_sql(__file__)
