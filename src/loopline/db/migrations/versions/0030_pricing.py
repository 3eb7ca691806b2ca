"""The first tables of pricing."""

from loopline.db.migrations import run_sql

revision = "0030"
down_revision = "0020"


def upgrade() -> None:
    """Make the schema and its tables."""
    run_sql(__file__)
