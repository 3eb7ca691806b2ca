"""Notices: what customers are told of their orders by message, and what became of telling them."""

from loopline.db.migrations import run_sql

revision = "0494"
down_revision = "0492"


def upgrade() -> None:
    """Keep notices, and which gateway tells them."""
    run_sql(__file__)
