"""The first tables of insight."""

from loopline.db.migrations import run_sql

revision = "0130"
down_revision = "0120"


def upgrade() -> None:
    """Make the schema and its tables."""
    run_sql(__file__)
