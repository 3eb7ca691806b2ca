"""Points that came back after they had ended say which lot they were of."""

from loopline.db.migrations import run_sql

revision = "0500"
down_revision = "0499"


def upgrade() -> None:
    """One column that may be empty: no row is written anew."""
    run_sql(__file__)
