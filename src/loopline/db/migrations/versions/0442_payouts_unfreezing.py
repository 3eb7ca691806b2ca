"""What of a customer's payment is not shared, let go: asked of the gateway once, after the last share of it."""

from loopline.db.migrations import run_sql

revision = "0442"
down_revision = "0441"


def upgrade() -> None:
    """Keep what is asked of gateways to let go of payments."""
    run_sql(__file__)
