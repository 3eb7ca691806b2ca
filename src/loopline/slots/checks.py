"""What `loopline doctor` proves of slots."""

from loopline.db import Check, statements

SQL = statements(__file__)

CHECKS: tuple[Check, ...] = (
    Check(
        name="slots_have_as_many_taken_as_booked",
        invariant=3,
        statement=SQL["slots_have_as_many_taken_as_booked"],
    ),
)
