"""What `loopline doctor` proves of bills. One pair per line, and per line of ours, the database itself holds."""

from loopline.db import Check, statements

SQL = statements(__file__)

CHECKS: tuple[Check, ...] = (
    Check(name="bills_have_their_lines", invariant=5, statement=SQL["bills_have_their_lines"]),
    Check(name="bill_lines_stand_in_one_place", invariant=5, statement=SQL["bill_lines_stand_in_one_place"]),
    Check(name="runs_add_up", invariant=5, statement=SQL["runs_add_up"]),
)
