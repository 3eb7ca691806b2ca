"""Beyond limits: what an order waits for that no site may serve within the profile."""

from loopline.db.migrations import run_sql

revision = "0386"
down_revision = "0341"


def upgrade() -> None:
    """Let orders wait for other limits."""
    run_sql(__file__)
