"""Reading reviews: mood and themes of what they say, the models that read them, and what stores are told of."""

from loopline.db.migrations import run_sql

revision = "0390"
down_revision = "0389"


def upgrade() -> None:
    """Let reviews be read."""
    run_sql(__file__)
