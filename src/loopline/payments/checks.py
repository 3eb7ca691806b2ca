"""What `loopline doctor` proves about payments by themselves; that money and orders agree is proved between rooms."""

from loopline.db import Check, statements

SQL = statements(__file__)

CHECKS: tuple[Check, ...] = (
    Check(
        name="payment_refunded_equals_its_parts",
        invariant=5,
        statement=SQL["payment_refunded_equals_its_parts"],
    ),
    Check(name="refund_equals_its_parts", invariant=5, statement=SQL["refund_equals_its_parts"]),
    Check(
        name="refunds_go_back_the_way_they_came",
        invariant=5,
        statement=SQL["refunds_go_back_the_way_they_came"],
    ),
    Check(
        name="gateways_give_back_what_they_took",
        invariant=5,
        statement=SQL["gateways_give_back_what_they_took"],
    ),
    Check(
        name="money_of_done_intents_is_recorded",
        invariant=5,
        statement=SQL["money_of_done_intents_is_recorded"],
    ),
    Check(name="shifts_add_up", invariant=5, statement=SQL["shifts_add_up"]),
    Check(name="shifts_are_numbered", invariant=5, statement=SQL["shifts_are_numbered"]),
    Check(
        name="tills_moved_what_was_paid",
        invariant=5,
        statement=SQL["tills_moved_what_was_paid"],
    ),
)
