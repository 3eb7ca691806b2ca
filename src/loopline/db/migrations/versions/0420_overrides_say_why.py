"""What units set for their sites says why, and what they set and took back is kept."""

from loopline.db.migrations import run_sql

revision = "0420"
down_revision = "0399"


def upgrade() -> None:
    """Give overrides a comment, and keep each change of them."""
    run_sql(__file__)
