"""What became due to one party is found by its party."""

from loopline.db.migrations import run_sql

revision = "0395"
down_revision = "0394"


def upgrade() -> None:
    """Index released amounts by party and day."""
    run_sql(__file__)
