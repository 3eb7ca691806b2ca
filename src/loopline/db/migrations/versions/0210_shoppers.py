"""How members sign in, and where their parcels go."""

from loopline.db.migrations import run_sql

revision = "0210"
down_revision = "0200"


def upgrade() -> None:
    """Make the tables in the room of customers."""
    run_sql(__file__)
