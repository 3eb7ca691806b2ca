"""Points: versions of the programme, each member's account, what was earned, used and became of both."""

from loopline.db.migrations import run_sql

revision = "0483"
down_revision = "0478"


def upgrade() -> None:
    """Five tables of pricing, and two purposes and a kind of entries of the ledger."""
    run_sql(__file__)
