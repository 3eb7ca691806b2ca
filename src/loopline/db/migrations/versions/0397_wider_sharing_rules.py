"""Wider rules of sharing: more conditions, bases, bounds and parties; what the rules looked at is kept."""

from loopline.db.migrations import run_sql

revision = "0397"
down_revision = "0396"


def upgrade() -> None:
    """Widen rows of rules, keep the kind and the amounts of what was split, and make trials of drafts."""
    run_sql(__file__)
