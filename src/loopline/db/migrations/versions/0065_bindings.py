"""The bindings of members."""

from loopline.db.migrations import run_sql

revision = "0065"
down_revision = "0060"


def upgrade() -> None:
    """Make the table."""
    run_sql(__file__)
