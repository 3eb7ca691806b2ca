"""A decision keeps what of each site's price is for coming later than promised."""

from loopline.db.migrations import run_sql

revision = "0464"
down_revision = "0463"


def upgrade() -> None:
    """Add a column that is null where nobody would come late."""
    run_sql(__file__)
