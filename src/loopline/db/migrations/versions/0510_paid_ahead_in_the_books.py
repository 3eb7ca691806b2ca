"""Money that was paid ahead in the books, and what a drawer takes of it."""

from loopline.db.migrations import run_sql

revision = "0510"
down_revision = "0509"


def upgrade() -> None:
    """Let the books and the drawers name it."""
    run_sql(__file__)
