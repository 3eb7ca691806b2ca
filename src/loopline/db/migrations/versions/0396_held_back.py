"""How what promises taught held for days it had not seen."""

from loopline.db.migrations import run_sql

revision = "0396"
down_revision = "0395"


def upgrade() -> None:
    """Keep the measure beside each version of what was learnt."""
    run_sql(__file__)
