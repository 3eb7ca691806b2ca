"""What `loopline doctor` proves about touchpoints."""

from loopline.db import Check, statements

SQL = statements(__file__)

CHECKS: tuple[Check, ...] = (
    Check(name="scan_counts_equal_scans", invariant=7, statement=SQL["scan_counts_equal_scans"]),
    Check(name="touches_are_of_something", invariant=9, statement=SQL["touches_are_of_something"]),
    Check(name="live_rooms_have_their_codes", invariant=9, statement=SQL["live_rooms_have_their_codes"]),
)
