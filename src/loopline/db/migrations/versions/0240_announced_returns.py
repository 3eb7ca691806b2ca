"""Returns that customers announced before the goods are here."""

from loopline.db.migrations import run_sql

revision = "0240"
down_revision = "0230"


def upgrade() -> None:
    """Make the tables of announced returns."""
    run_sql(__file__)
