"""Labels: the number each parcel goes by, the carrier's number for it, and when it was printed."""

from loopline.db.migrations import run_sql

revision = "0434"
down_revision = "0433"


def upgrade() -> None:
    """Keep the numbers of parcels, and each time that a label was printed."""
    run_sql(__file__)
