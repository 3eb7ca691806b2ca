"""Members have a number that the code they show at a till begins with."""

from loopline.db.migrations import run_sql

revision = "0467"
down_revision = "0465"


def upgrade() -> None:
    """Add a table that is empty until members show their codes."""
    run_sql(__file__)
