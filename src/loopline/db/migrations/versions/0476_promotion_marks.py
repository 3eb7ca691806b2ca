"""Drafts of promotions make nobody read prices anew."""

from loopline.db.migrations import run_sql

revision = "0476"
down_revision = "0475"


def upgrade() -> None:
    """Leave a mark of prices only for promotions that are, or were, published."""
    run_sql(__file__)
