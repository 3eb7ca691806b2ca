"""At what price the goods of one company are another's to sell, and what goods cost."""

from loopline.db.migrations import run_sql

revision = "0399"
down_revision = "0398"


def upgrade() -> None:
    """Keep terms of supply, and what was handed over without; let the ledger know what passes between companies."""
    run_sql(__file__)
