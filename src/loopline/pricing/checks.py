"""What doctor proves of prices."""

from loopline.db import Check, statements

SQL = statements(__file__)

CHECKS = (
    Check(
        name="equal_lists_price_no_sku_twice", invariant=9, statement=SQL["equal_lists_price_no_sku_twice"]
    ),
    Check(name="every_sku_has_a_tax_rate", invariant=9, statement=SQL["every_sku_has_a_tax_rate"]),
    Check(name="every_price_is_of_a_sku", invariant=9, statement=SQL["every_price_is_of_a_sku"]),
    Check(name="every_price_stands_in_a_list", invariant=9, statement=SQL["every_price_stands_in_a_list"]),
    Check(name="what_is_borne_is_of_something", invariant=9, statement=SQL["what_is_borne_is_of_something"]),
    Check(
        name="coupons_stand_as_their_entries_say",
        invariant=6,
        statement=SQL["coupons_stand_as_their_entries_say"],
    ),
    Check(name="coupons_given_are_counted", invariant=6, statement=SQL["coupons_given_are_counted"]),
    Check(
        name="points_accounts_equal_their_entries",
        invariant=6,
        statement=SQL["points_accounts_equal_their_entries"],
    ),
    Check(
        name="points_lots_equal_their_entries",
        invariant=6,
        statement=SQL["points_lots_equal_their_entries"],
    ),
)
