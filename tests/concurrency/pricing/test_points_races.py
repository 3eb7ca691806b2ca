"""Rivals for points: more orders of one member at once than the points are enough for."""

from collections import Counter
from collections.abc import Callable

from loopline.db import Conn, Database
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Draft
from loopline.pricing.points.refusals import PointsBusy, PointsNotEnough
from loopline.processes.doctor import FOLLOWS_THE_LOG, examine
from loopline.processes.place import Placed, place
from loopline.processes.points.standing import FOLLOWERS
from tests.make.customers import member, phone, registered
from tests.make.loop import follow
from tests.make.points import points_given, points_in_force, points_of
from tests.make.rivals import together
from tests.make.shop import NOON, OPENED, ask, open_shop

RIVALS = 12
(POINTS,) = FOLLOWERS


def placing(draft: Draft) -> Callable[[Conn], object]:
    return lambda conn: place(conn, [draft], scope=WHOLE_BRAND, now=NOON)[0]


def following(conn: Conn) -> object:
    return follow(conn, POINTS)


def test_no_points_are_used_twice(database: Database):
    with database.transaction() as conn:
        shop = open_shop(conn, units=100)
        (anna,) = registered(conn, [member(phone(1))])
        points_in_force(conn)
    for trial in range(5):
        with database.transaction() as conn:
            points_given(conn, anna, 250, now=OPENED)
        drafts = [
            ask(shop, f"W-{trial}-{number}", member_id=anna, points=100, hold_minutes=30)
            for number in range(RIVALS)
        ]
        outcomes = together(database, [*map(placing, drafts), following])[:RIVALS]
        again = [draft for draft, one in zip(drafts, outcomes, strict=True) if isinstance(one, PointsBusy)]
        for draft in again:  # nobody waited: who met a rival asks again
            with database.transaction() as conn:
                outcomes += place(conn, [draft], scope=WHOLE_BRAND, now=NOON)
        found = Counter(type(one) for one in outcomes)
        assert found[Placed] == 2, found
        assert found[PointsNotEnough] == RIVALS - 2, found
        with database.transaction() as conn:
            assert points_of(conn, anna) == (0, 50, 200 * (trial + 1))
            points_given(conn, anna, -50, now=OPENED)
    with database.transaction() as conn:
        checks = examine(conn).checks
    assert [one for one in checks if not one.ok and one.invariant != FOLLOWS_THE_LOG] == []
