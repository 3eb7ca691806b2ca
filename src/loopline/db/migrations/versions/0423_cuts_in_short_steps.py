"""Cuts that hold nobody up for long, one rule of what a month is, and indexes by companies."""

from loopline.db.migrations import run_sql

revision = "0423"
down_revision = "0422"


def upgrade() -> None:
    """Let a cut wait in short steps, name the rule of a month once, and find takings and noted goods by company."""
    run_sql(__file__)
