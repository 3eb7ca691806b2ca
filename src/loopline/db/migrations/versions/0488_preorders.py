"""Goods may be sold ahead: pre-orders of SKUs, and what orders bought of them."""

from loopline.db.migrations import run_sql

revision = "0488"
down_revision = "0487"


def upgrade() -> None:
    """Two tables of orders; and what waits may wait because it was sold ahead."""
    run_sql(__file__)
