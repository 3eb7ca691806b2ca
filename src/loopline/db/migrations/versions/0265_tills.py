"""Sales that tills rang up, with or without a network, and those that people have to put right."""

from loopline.db.migrations import run_sql

revision = "0265"
down_revision = "0260"


def upgrade() -> None:
    """Make the tables of tills."""
    run_sql(__file__)
