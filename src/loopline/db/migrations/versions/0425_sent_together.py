"""Goods that leave in one parcel."""

from loopline.db.migrations import run_sql

revision = "0425"
down_revision = "0424"


def upgrade() -> None:
    """Let SKUs name what they are sent with, and orders wait for a site that has all of it."""
    run_sql(__file__)
