"""Rounds: tasks that one person picks together, a box for each, and what lies in the boxes."""

from loopline.db.migrations import run_sql

revision = "0433"
down_revision = "0431"


def upgrade() -> None:
    """Keep rounds, their tasks with their boxes, what was put into these, and what was said to be missing."""
    run_sql(__file__)
