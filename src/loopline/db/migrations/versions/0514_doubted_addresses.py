"""What there is to doubt in where orders go, and who said that it is right all the same; archives of codes."""

from loopline.db.migrations import run_sql

revision = "0514"
down_revision = "0513"


def upgrade() -> None:
    """Keep doubts of addresses by their kinds, and archives of codes while they are drawn."""
    run_sql(__file__)
