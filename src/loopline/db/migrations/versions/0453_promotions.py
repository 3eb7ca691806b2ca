"""Promotions: what is taken off list prices, who agreed to bear it, and what was borne of what was handed over."""

from loopline.db.migrations import run_sql

revision = "0453"
down_revision = "0450"


def upgrade() -> None:
    """Three tables of pricing, an entry kind and two purposes of the ledger, and a base of sharing rules."""
    run_sql(__file__)
