"""What parties earn of a month's turnover, by steps."""

from loopline.db.migrations import run_sql

revision = "0421"
down_revision = "0420"


def upgrade() -> None:
    """Keep ladders and what they came to; let the ledger know the bonus of a month."""
    run_sql(__file__)
