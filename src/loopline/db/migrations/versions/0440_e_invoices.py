"""E-invoices: what is wished for, asked of a platform, and issued by the tax authority."""

from loopline.db.migrations import run_sql

revision = "0440"
down_revision = "0437"


def upgrade() -> None:
    """Keep wishes for invoices, documents with their lines, and the codes of goods."""
    run_sql(__file__)
