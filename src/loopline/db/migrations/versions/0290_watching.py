"""What a surge board and the page of a SKU's stock are read from."""

from loopline.db.migrations import run_sql

revision = "0290"
down_revision = "0280"


def upgrade() -> None:
    """Make the tallies of placing, and let movements be found by SKU."""
    run_sql(__file__)
