"""How soon marketplaces answer is read by their answers' moments, not by all that they were ever told."""

from loopline.db.migrations import run_sql

revision = "0392"
down_revision = "0391"


def upgrade() -> None:
    """Make the index."""
    run_sql(__file__)
