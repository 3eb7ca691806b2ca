"""Tax of places: rates of one seller, or of one region, beside those of a country."""

from loopline.db.migrations import run_sql

revision = "0499"
down_revision = "0498"


def upgrade() -> None:
    """Two columns of tax rates; those that are there hold for every seller and region, as before."""
    run_sql(__file__)
