"""Whoever places orders remembers what marketplaces declare, and what was noted of a movement stays as it was."""

from loopline.db.migrations import run_sql

revision = "0388"
down_revision = "0386"


def upgrade() -> None:
    """Let terms be marked, and take away what changes notes."""
    run_sql(__file__)
