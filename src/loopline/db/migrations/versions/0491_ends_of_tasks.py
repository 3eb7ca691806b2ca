"""When tasks ended, by site: which offers lapsed of late, and when a site last did anything."""

from loopline.db.migrations import run_beside_writers

revision = "0491"
down_revision = "0490"


def upgrade() -> None:
    """Two indexes of a table that is written to all day; nobody who writes waits."""
    run_beside_writers(__file__)
