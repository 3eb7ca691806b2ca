"""What delivery by parcel costs: templates that units set."""

from loopline.db.migrations import run_sql

revision = "0507"
down_revision = "0506"


def upgrade() -> None:
    """Keep templates of freight, and mark their changes."""
    run_sql(__file__)
