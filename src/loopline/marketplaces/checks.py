"""What `loopline doctor` proves of marketplaces. What concerns stock and orders too is proved between rooms."""

from loopline.db import Check, statements

SQL = statements(__file__)

CHECKS: tuple[Check, ...] = (
    Check(
        name="loan_is_the_sum_of_its_entries", invariant=1, statement=SQL["loan_is_the_sum_of_its_entries"]
    ),
    Check(name="steps_moved_their_loans", invariant=1, statement=SQL["steps_moved_their_loans"]),
    Check(name="asked_back_in_open_steps", invariant=1, statement=SQL["asked_back_in_open_steps"]),
)
