"""What counting by hand needs: looks that are taken back, and why a movement was, where somebody said so."""

from loopline.db.migrations import run_sql

revision = "0320"
down_revision = "0290"


def upgrade() -> None:
    """Make the notes of movements, and let looks be taken back."""
    run_sql(__file__)
