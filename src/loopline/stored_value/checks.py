"""What `loopline doctor` proves of stored value."""

from loopline.db import Check, statements

SQL = statements(__file__)

CHECKS: tuple[Check, ...] = (
    Check(
        name="stored_value_equals_its_movements",
        invariant=4,
        statement=SQL["stored_value_equals_its_movements"],
    ),
    Check(
        name="uses_of_stored_value_equal_their_movements",
        invariant=6,
        statement=SQL["uses_of_stored_value_equal_their_movements"],
    ),
    Check(
        name="stored_value_is_paid_out_as_asked",
        invariant=4,
        statement=SQL["stored_value_is_paid_out_as_asked"],
    ),
)
