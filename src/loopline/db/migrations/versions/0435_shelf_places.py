"""Shelf places: where in a site goods lie."""

from loopline.db.migrations import run_sql

revision = "0435"
down_revision = "0434"


def upgrade() -> None:
    """Keep for each site and SKU the shelf it lies on."""
    run_sql(__file__)
