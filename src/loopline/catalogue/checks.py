"""What doctor proves of the catalogue."""

from loopline.db import Check, statements

SQL = statements(__file__)

CHECKS = (
    Check(name="gtins_have_their_check_digit", invariant=9, statement=SQL["gtins_have_their_check_digit"]),
    Check(name="stock_codes_have_one_spelling", invariant=9, statement=SQL["stock_codes_have_one_spelling"]),
    Check(name="every_sku_is_of_a_product", invariant=9, statement=SQL["every_sku_is_of_a_product"]),
    Check(name="every_tax_class_is_set_up", invariant=9, statement=SQL["every_tax_class_is_set_up"]),
)
