"""Pictures of what buyers review."""

from loopline.db.migrations import run_sql

revision = "0504"
down_revision = "0503"


def upgrade() -> None:
    """Keep them beside their reviews, until their buyers are forgotten."""
    run_sql(__file__)
