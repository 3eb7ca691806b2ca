"""Statements: days that are sealed with what each party may prove of them, and lines that are disputed."""

from loopline.db.migrations import run_sql

revision = "0394"
down_revision = "0393"


def upgrade() -> None:
    """Keep seals with their leaves, and disputes with every word of them."""
    run_sql(__file__)
