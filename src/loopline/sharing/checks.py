"""What doctor proves of sharing."""

from loopline.db import Check, statements

_SQL = statements(__file__)

CHECKS: tuple[Check, ...] = tuple(
    Check(name=name, invariant=invariant, statement=_SQL[name])
    for name, invariant in (
        ("shares_add_up_to_their_base", 4),
        ("shares_name_published_rules", 4),
        ("published_rules_are_lawful", 4),
        ("queue_holds_split_parts", 4),
        ("releases_equal_due_shares", 4),
        ("returned_parts_equal_claw_backs", 6),
        ("claw_backs_are_proportional", 6),
    )
)
