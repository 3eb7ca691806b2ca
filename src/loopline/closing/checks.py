"""What doctor proves of closes by themselves; that they are what the ledger says is proven between rooms."""

from loopline.db import Check, statements

SQL = statements(__file__)

CHECKS: tuple[Check, ...] = (
    Check(name="closed_months_sum_to_zero", invariant=4, statement=SQL["closed_months_sum_to_zero"]),
    Check(
        name="closed_months_follow_one_another",
        invariant=4,
        statement=SQL["closed_months_follow_one_another"],
    ),
)
