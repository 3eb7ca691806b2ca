"""Photos of goods before they are packed: what asks for one, what was asked of a task, and the photos."""

from loopline.db.migrations import run_sql

revision = "0457"
down_revision = "0454"


def upgrade() -> None:
    """Keep the rules, what they asked of tasks, and the photos until their time is over."""
    run_sql(__file__)
