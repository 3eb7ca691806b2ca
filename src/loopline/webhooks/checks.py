"""What `loopline doctor` proves of webhooks."""

from loopline.db import Check, statements

SQL = statements(__file__)

CHECKS: tuple[Check, ...] = (
    Check(name="tries_are_used_up_before_giving_up", invariant=7, statement=SQL["given_up_early"]),
)
