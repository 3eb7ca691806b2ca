"""Sites' days that are full before their limit, because the site said that it has no time."""

from loopline.db.migrations import run_sql

revision = "0492"
down_revision = "0491"


def upgrade() -> None:
    """Keep what a site had when it said so, and since when."""
    run_sql(__file__)
