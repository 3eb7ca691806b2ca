"""Whom a guide called, or means to call later."""

from loopline.db.migrations import run_sql

revision = "0458"
down_revision = "0457"


def upgrade() -> None:
    """Keep until when members rest from being called."""
    run_sql(__file__)
