"""Payouts: what parties are due, planned, approved, sent, and paid once."""

from loopline.db.migrations import run_sql

revision = "0389"
down_revision = "0388"


def upgrade() -> None:
    """Keep payouts with their accounts, payers, requests and lines; the ledger learns what they post."""
    run_sql(__file__)
