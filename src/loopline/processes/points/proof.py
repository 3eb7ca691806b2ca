"""What doctor proves of points between rooms: they stand where their orders do, and are deferred in the books."""

from loopline.db import Check, statements

SQL = statements(__file__)

CHECKS: tuple[Check, ...] = (
    Check(
        name="points_stand_where_their_orders_do",
        invariant=6,
        statement=SQL["points_stand_where_their_orders_do"],
    ),
    Check(
        name="points_go_back_with_their_goods",
        invariant=6,
        statement=SQL["points_go_back_with_their_goods"],
    ),
    Check(name="points_are_deferred", invariant=4, statement=SQL["points_are_deferred"]),
)
