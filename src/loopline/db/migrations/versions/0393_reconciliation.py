"""Bills of outside parties: sources, bills with their lines, runs, pairs and differences; fees in the ledger."""

from loopline.db.migrations import run_sql

revision = "0393"
down_revision = "0392"


def upgrade() -> None:
    """Make the tables of bills, and let the ledger post fees."""
    run_sql(__file__)
