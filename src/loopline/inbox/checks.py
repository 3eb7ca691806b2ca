"""What `loopline doctor` proves about the inbox."""

from loopline.db import Check, statements

SQL = statements(__file__)

CHECKS: tuple[Check, ...] = (
    Check(name="messages_equal_their_history", invariant=3, statement=SQL["messages_equal_their_history"]),
    Check(name="conflicts_name_their_first", invariant=3, statement=SQL["conflicts_name_their_first"]),
)
