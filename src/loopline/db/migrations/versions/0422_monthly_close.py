"""Months of a legal entity's books that are closed, with expected returns and a cut of the ledger."""

from loopline.db.migrations import run_sql

revision = "0422"
down_revision = "0421"


def upgrade() -> None:
    """Number the cuts of the ledger, and keep what was closed at each."""
    run_sql(__file__)
