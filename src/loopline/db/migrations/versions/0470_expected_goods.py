"""Goods may be said to come on a day, and what waits for goods has its reason and its day."""

from loopline.db.migrations import run_sql

revision = "0470"
down_revision = "0469"


def upgrade() -> None:
    """Add the words of people on what comes when, and what follows from them for lines that wait."""
    run_sql(__file__)
