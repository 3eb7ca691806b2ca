"""What doctor proves of coupons between rooms: they stand where their orders do, and took off what quotes say."""

from loopline.db import Check, statements

SQL = statements(__file__)

CHECKS: tuple[Check, ...] = tuple(
    Check(name=name, invariant=6, statement=SQL[name])
    for name in ("coupons_stand_where_their_orders_do", "coupons_took_off_what_quotes_say")
)
