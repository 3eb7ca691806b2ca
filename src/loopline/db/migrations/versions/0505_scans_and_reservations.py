"""Codes of single units, by how many phones each was scanned and who guesses at them; goods reserved for members."""

from loopline.db.migrations import run_sql

revision = "0505"
down_revision = "0504"


def upgrade() -> None:
    """Keep scans of units by phone, wrong guesses by the hour, and who reserved what where."""
    run_sql(__file__)
