"""What `loopline doctor` proves of notices. That they followed the members' word, it proves between the rooms."""

from loopline.db import Check, statements

SQL = statements(__file__)

CHECKS: tuple[Check, ...] = (
    Check(name="stale_notices_were_not_told", invariant=8, statement=SQL["stale_notices_were_not_told"]),
)
