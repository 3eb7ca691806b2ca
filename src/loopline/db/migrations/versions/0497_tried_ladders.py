"""Ladders are drafted, tried on past months and published as they were tried."""

from loopline.db.migrations import run_sql

revision = "0497"
down_revision = "0496"


def upgrade() -> None:
    """Keep drafts of ladders with their trials; say of every ladder on which trial it was published, or why on none."""
    run_sql(__file__)
