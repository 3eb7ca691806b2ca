"""What `loopline doctor` proves about buyers."""

from loopline.db import Check, statements

SQL = statements(__file__)

CHECKS: tuple[Check, ...] = (
    Check(name="openings_follow_a_sealing", invariant=9, statement=SQL["openings_follow_a_sealing"]),
)
