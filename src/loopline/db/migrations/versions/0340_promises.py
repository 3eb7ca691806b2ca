"""What customers are promised: terms, what was learnt, promises with their milestones, and what became of them."""

from loopline.db.migrations import run_sql

revision = "0340"
down_revision = "0360"


def upgrade() -> None:
    """Make the tables of promises."""
    run_sql(__file__)
