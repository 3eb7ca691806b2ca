"""Photos of what comes back, and the ways that announced goods take."""

from loopline.db.migrations import run_sql

revision = "0503"
down_revision = "0502"


def upgrade() -> None:
    """Five tables of returns, and what insight may read of ways."""
    run_sql(__file__)
