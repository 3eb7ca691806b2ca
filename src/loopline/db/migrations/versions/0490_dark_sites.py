"""Sites that went dark, since when and why; and when somebody was last seen at work at a site."""

from loopline.db.migrations import run_sql

revision = "0490"
down_revision = "0489"


def upgrade() -> None:
    """Two small tables of fulfilment."""
    run_sql(__file__)
