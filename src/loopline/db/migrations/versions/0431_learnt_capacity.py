"""What sites hand over in truth: what was learnt of it, and what of that holds beside what they say."""

from loopline.db.migrations import run_sql

revision = "0431"
down_revision = "0430"


def upgrade() -> None:
    """Keep what was learnt of sites' days, and let a lower limit hold where HQ says so."""
    run_sql(__file__)
