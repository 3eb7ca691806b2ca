"""Units handed over, summed by SKU and by packer: what shares of returns are held against."""

from loopline.db.migrations import run_sql

revision = "0461"
down_revision = "0460"


def upgrade() -> None:
    """Keep the sums, from the lines that were judged so far. The follower that judges waits meanwhile; nobody else."""
    run_sql(__file__)
