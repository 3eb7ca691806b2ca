"""The first tables of catalogue."""

from loopline.db.migrations import run_sql

revision = "0020"
down_revision = "0010"


def upgrade() -> None:
    """Make the schema and its tables."""
    run_sql(__file__)
