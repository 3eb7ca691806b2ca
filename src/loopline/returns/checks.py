"""What doctor proves of returns."""

from loopline.db import Check, statements

_SQL = statements(__file__)

CHECKS: tuple[Check, ...] = tuple(
    Check(name=name, invariant=6, statement=_SQL[name])
    for name in (
        "matches_fit_return_lines",
        "received_units_equal_receipts",
        "graded_units_equal_gradings",
        "returns_have_lines",
        "received_announcements_are_returns",
        "ways_are_awaited_as_announced",
    )
)
