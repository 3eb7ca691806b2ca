"""Shares of a payment are asked back where the party owes them: what is asked, and what the books call it."""

from loopline.db.migrations import run_sql

revision = "0450"
down_revision = "0448"


def upgrade() -> None:
    """Keep what is asked back, and let the ledger know its purpose and kinds."""
    run_sql(__file__)
