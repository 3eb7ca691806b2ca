"""The brand's logo, for what is printed."""

from loopline.db.migrations import run_sql

revision = "0462"
down_revision = "0461"


def upgrade() -> None:
    """Keep one picture."""
    run_sql(__file__)
