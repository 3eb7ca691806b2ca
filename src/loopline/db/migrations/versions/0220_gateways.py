"""What gateways need to be remembered."""

from loopline.db.migrations import run_sql

revision = "0220"
down_revision = "0210"


def upgrade() -> None:
    """Make it in the room of payments."""
    run_sql(__file__)
