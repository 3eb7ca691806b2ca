"""Calls: work that several sites may claim."""

from loopline.db.migrations import run_sql

revision = "0360"
down_revision = "0350"


def upgrade() -> None:
    """Keep calls with the sites they are put to, and let orders wait for a claim."""
    run_sql(__file__)
