"""Prices that are changed at counters: what was asked for, who decided on it, and what was sold so."""

from loopline.db.migrations import run_sql

revision = "0465"
down_revision = "0464"


def upgrade() -> None:
    """Add what is asked for and what was changed, and a limit of counters for it."""
    run_sql(__file__)
