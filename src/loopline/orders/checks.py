"""What `loopline doctor` proves about orders."""

from loopline.db import Check, statements

SQL = statements(__file__)

CHECKS: tuple[Check, ...] = (
    Check(name="line_units_add_up", invariant=3, statement=SQL["line_units_add_up"]),
    Check(
        name="line_returned_within_handed_over",
        invariant=3,
        statement=SQL["line_returned_within_handed_over"],
    ),
    Check(name="order_equals_its_lines", invariant=3, statement=SQL["order_equals_its_lines"]),
    Check(name="unpaid_is_what_waits", invariant=3, statement=SQL["unpaid_is_what_waits"]),
    Check(name="payer_has_an_order", invariant=9, statement=SQL["payer_has_an_order"]),
    Check(name="line_has_its_order", invariant=9, statement=SQL["line_has_its_order"]),
    Check(name="parking_has_its_line", invariant=9, statement=SQL["parking_has_its_line"]),
    Check(
        name="sold_ahead_waits_with_its_line", invariant=3, statement=SQL["sold_ahead_waits_with_its_line"]
    ),
    Check(name="sold_ahead_within_allowance", invariant=2, statement=SQL["sold_ahead_within_allowance"]),
    Check(name="named_site_has_its_order", invariant=9, statement=SQL["named_site_has_its_order"]),
    Check(name="order_is_known_by_its_number", invariant=9, statement=SQL["order_is_known_by_its_number"]),
    Check(name="known_number_is_an_order", invariant=9, statement=SQL["known_number_is_an_order"]),
    Check(name="short_number_is_one_order", invariant=9, statement=SQL["short_number_is_one_order"]),
    Check(name="till_sale_is_its_order", invariant=9, statement=SQL["till_sale_is_its_order"]),
    Check(name="changed_price_is_its_line", invariant=9, statement=SQL["changed_price_is_its_line"]),
    Check(name="price_approval_is_spent_once", invariant=9, statement=SQL["price_approval_is_spent_once"]),
)
