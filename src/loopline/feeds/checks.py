"""What `loopline doctor` proves of feeds. That books and statements agree is proved between rooms."""

from loopline.db import Check, statements

SQL = statements(__file__)

CHECKS: tuple[Check, ...] = (
    Check(name="stated_at_its_feeds_leaf", invariant=1, statement=SQL["stated_at_its_feeds_leaf"]),
    Check(name="suspicion_newer_than_stated", invariant=1, statement=SQL["suspicion_newer_than_stated"]),
    Check(name="snapshot_counts_add_up", invariant=1, statement=SQL["snapshot_counts_add_up"]),
)
