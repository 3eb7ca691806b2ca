"""Work that nobody took pays more: what was fixed with each offer, and the share it became."""

from loopline.db.migrations import run_sql

revision = "0430"
down_revision = "0427"


def upgrade() -> None:
    """Keep what offers pay for waiting, and let splits say of such a share why there is one."""
    run_sql(__file__)
