"""What marketplaces are lent of the stock, by when they want orders shipped, and which of their orders are tests."""

from loopline.db.migrations import run_sql

revision = "0310"
down_revision = "0320"


def upgrade() -> None:
    """Make the schema of marketplaces."""
    run_sql(__file__)
