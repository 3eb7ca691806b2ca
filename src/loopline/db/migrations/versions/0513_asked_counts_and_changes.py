"""Goods that somebody at headquarters asked sites to count; changes of settings, found in the log."""

from loopline.db.migrations import run_beside_writers

revision = "0513"
down_revision = "0510"


def upgrade() -> None:
    """Keep what is asked to be counted, and index the few events of the log that tell of settings."""
    run_beside_writers(__file__)
