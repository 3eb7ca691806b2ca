"""Orders may name the sites that they must ship from, and promises hear of a profile that is put in force."""

from loopline.db.migrations import run_sql

revision = "0469"
down_revision = "0467"


def upgrade() -> None:
    """Add a table for the few orders that name sites, and marks for versions of the profile."""
    run_sql(__file__)
