"""The right to goods that are expected back: an asset at what they cost, less what recovering them costs."""

from loopline.db.migrations import run_sql

revision = "0441"
down_revision = "0440"


def upgrade() -> None:
    """Two purposes of accounts, what an expectation and a close say of the right, and what recovering costs."""
    run_sql(__file__)
