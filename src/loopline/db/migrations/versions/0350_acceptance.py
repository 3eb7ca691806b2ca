"""How likely sites accept, learnt each day, each time as a version of its own."""

from loopline.db.migrations import run_sql

revision = "0350"
down_revision = "0331"


def upgrade() -> None:
    """Make the versions, what each knows of its sites, and a view that tells roughly where orders go."""
    run_sql(__file__)
