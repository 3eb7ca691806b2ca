"""Goods that a fitter brings and fits at home: which need it, the way, and the visits."""

from loopline.db.migrations import run_sql

revision = "0472"
down_revision = "0470"


def upgrade() -> None:
    """Know fitting at home."""
    run_sql(__file__)
