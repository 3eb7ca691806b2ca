"""What the page on why goods come back reads: returns by their moment, and from which lots orders were served."""

from loopline.db.migrations import run_sql

revision = "0427"
down_revision = "0426"


def upgrade() -> None:
    """Index returns by their moment, and publish the lots that goods left from."""
    run_sql(__file__)
