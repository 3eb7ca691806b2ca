"""What doctor proves of boards. Run it when the boards' followers stand at the end of the log: what lags, differs."""

from loopline.db import Check, statements

SQL = statements(__file__)
_PROJECTIONS_EQUAL_THEIR_REBUILD = 7

CHECKS: tuple[Check, ...] = tuple(
    Check(name=name, invariant=_PROJECTIONS_EQUAL_THEIR_REBUILD, statement=statement)
    for name, statement in SQL.items()
)
