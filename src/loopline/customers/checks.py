"""What `loopline doctor` proves about customers. Whether the key file has every key is told by `lost_keys`."""

from loopline.db import Check, statements

SQL = statements(__file__)

CHECKS: tuple[Check, ...] = (
    Check(name="consents_equal_their_history", invariant=8, statement=SQL["consents_equal_their_history"]),
    Check(
        name="erased_members_agree_to_nothing", invariant=8, statement=SQL["erased_members_agree_to_nothing"]
    ),
    Check(name="erased_members_left_nothing", invariant=8, statement=SQL["erased_members_left_nothing"]),
    Check(name="members_have_their_keys", invariant=9, statement=SQL["members_have_their_keys"]),
    Check(
        name="members_are_known_by_something", invariant=9, statement=SQL["members_are_known_by_something"]
    ),
    Check(
        name="members_with_addresses_have_a_default",
        invariant=9,
        statement=SQL["members_with_addresses_have_a_default"],
    ),
)
