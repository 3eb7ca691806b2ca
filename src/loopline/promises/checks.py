"""What `loopline doctor` proves of promises. Milestones in order, and kept ones in time, the database itself holds."""

from loopline.db import Check, statements

SQL = statements(__file__)

CHECKS: tuple[Check, ...] = (
    Check(
        name="replaced_promise_has_its_successor",
        invariant=3,
        statement=SQL["replaced_promise_has_its_successor"],
    ),
    Check(name="broken_promise_was_late", invariant=3, statement=SQL["broken_promise_was_late"]),
)
