"""Quotas: units of stock set aside in the name of an event."""

from loopline.db.migrations import run_sql

revision = "0250"
down_revision = "0270"


def upgrade() -> None:
    """Make the tables of quotas, and let levels count them."""
    run_sql(__file__)
