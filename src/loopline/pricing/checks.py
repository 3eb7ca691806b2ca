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
)
