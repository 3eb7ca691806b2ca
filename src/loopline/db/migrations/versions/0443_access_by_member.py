"""The log of access, by the member it is about."""

from loopline.db.migrations import run_sql

revision = "0443"
down_revision = "0442"


def upgrade() -> None:
    """Find who looked at a member without reading the whole log."""
    run_sql(__file__)
