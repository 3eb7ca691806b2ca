"""What doctor proves of stored value between rooms: it is owed in the books, and paid what payments say."""

from loopline.db import Check, statements

SQL = statements(__file__)

CHECKS: tuple[Check, ...] = (
    Check(
        name="stored_value_is_owed_as_books_say",
        invariant=4,
        statement=SQL["stored_value_is_owed_as_books_say"],
    ),
    Check(
        name="stored_value_pays_what_payments_say",
        invariant=5,
        statement=SQL["stored_value_pays_what_payments_say"],
    ),
    Check(
        name="tills_moved_what_was_topped_up",
        invariant=5,
        statement=SQL["tills_moved_what_was_topped_up"],
    ),
)
