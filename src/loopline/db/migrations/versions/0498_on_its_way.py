"""On its way: what closes put off of sales whose goods a carrier still has."""

from loopline.db.migrations import run_sql

revision = "0498"
down_revision = "0497"


def upgrade() -> None:
    """Two purposes and a kind of entries of the ledger, and what closes say of goods on their way."""
    run_sql(__file__)
