"""Coupons: batches, the coupons of each, who has how many, what they took off which line, and what happened to them."""

from loopline.db.migrations import run_sql

revision = "0478"
down_revision = "0476"


def upgrade() -> None:
    """Five tables of pricing; and what is borne may be of a batch of coupons."""
    run_sql(__file__)
