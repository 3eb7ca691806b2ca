"""Bills as Douyin, JD and the accounts of Alipay write them, and payouts of several days in one sum."""

from loopline.db.migrations import run_beside_writers

revision = "0501"
down_revision = "0500"


def upgrade() -> None:
    """A check of a table of few rows, an index in place of a constraint beside those who write, and a table."""
    run_beside_writers(__file__)
