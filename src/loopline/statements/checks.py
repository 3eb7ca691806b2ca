"""What doctor proves of statements."""

from loopline.db import Check, statements

_SQL = statements(__file__)

CHECKS: tuple[Check, ...] = tuple(
    Check(name=name, invariant=4, statement=_SQL[name])
    for name in (
        "sealed_days_follow_one_another",
        "leaves_hold_their_pages",
        "leaves_open_with_what_stood",
        "disputes_keep_their_words",
    )
)
