"""Parcels by the numbers they go by, batches and units by what is written on them; orders that codes brought."""

from loopline.db.migrations import run_beside_writers

revision = "0460"
down_revision = "0458"


def upgrade() -> None:
    """Index what people type, or scan, to find a parcel or a unit; nobody who writes waits."""
    run_beside_writers(__file__)
