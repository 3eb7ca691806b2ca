"""Late promises and goods that came in, found without reading those in time and all that was sold."""

from loopline.db.migrations import run_beside_writers

revision = "0489"
down_revision = "0488"


def upgrade() -> None:
    """Three indexes of few rows each; nobody who writes waits."""
    run_beside_writers(__file__)
