"""Parcels: the number each goes by, the carrier's for it, when its label was printed, and what it was packed in."""

from loopline.db.migrations import run_sql

revision = "0434"
down_revision = "0433"


def upgrade() -> None:
    """Keep numbers of parcels, prints of labels, the boxes there are, and what was used."""
    run_sql(__file__)
