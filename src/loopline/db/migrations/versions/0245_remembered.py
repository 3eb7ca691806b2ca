"""How processes learn that what they remember is out of date."""

from loopline.db.migrations import run_sql

revision = "0245"
down_revision = "0240"


def upgrade() -> None:
    """Make the marks, and what leaves them."""
    run_sql(__file__)
