"""Temperature classes: what sites can send, and of which class tasks, calls and parcels are."""

from loopline.db.migrations import run_sql

revision = "0424"
down_revision = "0423"


def upgrade() -> None:
    """Keep what sites are equipped for, and say of each task, call and parcel how cold it is kept."""
    run_sql(__file__)
