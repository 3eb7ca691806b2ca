"""Parties that take a fee of the payment, and that marketing is paid from."""

from loopline.db.migrations import run_sql

revision = "0398"
down_revision = "0397"


def upgrade() -> None:
    """Know two more kinds of parties."""
    run_sql(__file__)
