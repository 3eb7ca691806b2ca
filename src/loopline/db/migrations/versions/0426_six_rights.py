"""The six rights of every order line that ended, summed by day and site, and what is read for them."""

from loopline.db.migrations import run_sql

revision = "0426"
down_revision = "0425"


def upgrade() -> None:
    """Make the lines that were judged and their sums, and publish the facts they are judged by."""
    run_sql(__file__)
