"""What work paid on top is published, so that what sites made of it can be learnt."""

from loopline.db.migrations import run_sql

revision = "0463"
down_revision = "0462"


def upgrade() -> None:
    """Publish what tasks and calls paid on top."""
    run_sql(__file__)
