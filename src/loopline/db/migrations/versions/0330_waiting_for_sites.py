"""Orders that wait for a site's time, with their goods."""

from loopline.db.migrations import run_sql

revision = "0330"
down_revision = "0300"


def upgrade() -> None:
    """Let orders wait for sites, and find those whose time has come by the index of waves."""
    run_sql(__file__)
