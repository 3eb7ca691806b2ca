"""Which lines cost less than their list price because promotions took something off."""

from loopline.db.migrations import run_sql

revision = "0454"
down_revision = "0453"


def upgrade() -> None:
    """A view that other rooms may read."""
    run_sql(__file__)
