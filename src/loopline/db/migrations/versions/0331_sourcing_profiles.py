"""Profiles of sourcing, their trials, and what a wave came to."""

from loopline.db.migrations import run_sql

revision = "0331"
down_revision = "0330"


def upgrade() -> None:
    """Make the versions of settings, and let waves say what they cost and what more would have saved."""
    run_sql(__file__)
