"""Who waits to be paid, by member, address and device, and how many of them a channel lets wait."""

from loopline.db.migrations import run_sql

revision = "0255"
down_revision = "0250"


def upgrade() -> None:
    """Make the tables and the terms, and fill them from the orders there are."""
    run_sql(__file__)
