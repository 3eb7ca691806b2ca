"""Rivals for the last places of an hour: as many have one as there are, whoever takes, moves or gives back beside."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from loopline import slots
from loopline.db import Conn, Database
from loopline.db.followers import catch_up
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.cancel import Cancellation, cancel
from loopline.processes.doctor import examine
from loopline.processes.slots import SlotMove, move_slots
from loopline.processes.take_in import Incoming, OrderMessage, OrderTaken, SlotTaken, place_messages
from tests.make.hours import FOUR, SIX, by_courier, courier_promise, offer_hours
from tests.make.rivals import together
from tests.make.shop import NOON, Shop, open_shop

RIVALS = 8


def opened(database: Database, *, places: int) -> Shop:
    with database.transaction() as conn:
        shop = open_shop(conn, units=100)
        offer_hours(conn, places=places)
    return shop


def put(message: OrderMessage, conn: Conn) -> OrderTaken | Refusal:
    (taken,) = place_messages(conn, [Incoming(message=message, scope=WHOLE_BRAND)], now=NOON)
    return taken


def taken_places(database: Database) -> dict[str, int]:
    with database.reading() as conn:
        found = slots.places_taken(conn, NOON)
    return {f"{starts_at:%H}": count for (_, _, starts_at), count in found.items()}


def assert_sound(database: Database) -> None:
    catch_up(database, FOLLOWERS, now=NOON)
    with database.reading() as conn:
        assert [one for one in examine(conn).checks if not one.ok] == []


def test_two_cannot_take_the_last_place(database: Database):
    shop = opened(database, places=3)
    work: list[Callable[[Conn], OrderTaken | Refusal]] = [
        partial(put, by_courier(shop, f"W-{number}")) for number in range(RIVALS)
    ]
    outcomes = together(database, work)
    assert [type(one) for one in outcomes].count(OrderTaken) == 3
    assert outcomes.count(SlotTaken()) == RIVALS - 3
    assert taken_places(database) == {"08": 3}
    assert_sound(database)


def test_who_sends_the_same_many_times_at_once_has_one_place(database: Database):
    shop = opened(database, places=1)
    outcomes = together(database, [partial(put, by_courier(shop, "W-1")) for _ in range(RIVALS)])
    placed = [one for one in outcomes if isinstance(one, OrderTaken)]
    assert len(placed) == RIVALS
    assert (len({one.order_id for one in placed}), sum(not one.is_repeat for one in placed)) == (1, 1)
    assert taken_places(database) == {"08": 1}
    assert_sound(database)


def test_those_who_move_come_and_go_beside_one_another(database: Database):
    shop = opened(database, places=4)
    with database.transaction() as conn:
        here = [put(by_courier(shop, f"H-{number}"), conn) for number in range(4)]
        there = [
            put(by_courier(shop, f"T-{number}", promise=courier_promise(shop, starts_at=SIX)), conn)
            for number in range(3)
        ]
    assert all(isinstance(one, OrderTaken) for one in (*here, *there))
    ids = [one.order_id for one in (*here, *there) if isinstance(one, OrderTaken)]
    with database.transaction() as conn:
        called_off = [Cancellation(order_id=ids[position]) for position in (2, 6)]
        cancel(conn, called_off, scope=WHOLE_BRAND, now=NOON)

    def moved(position: int, conn: Conn) -> object:
        wanted = SlotMove(order_id=ids[position], starts_at=SIX if position < 4 else FOUR)
        return move_slots(conn, [wanted], scope=WHOLE_BRAND, now=NOON + timedelta(minutes=1))[0]

    def gone(position: int, conn: Conn) -> object:
        # As the follower does, a moment after the order was called off.
        return slots.give_back(conn, [ids[position]])

    def come(number: int, conn: Conn) -> object:
        return put(by_courier(shop, f"N-{number}"), conn)

    work: list[Callable[[Conn], object]] = [
        *(partial(moved, position) for position in (0, 1, 4, 5)),
        *(partial(gone, position) for position in (2, 6)),
        *(partial(come, number) for number in range(2)),
    ]
    together(database, work)
    assert all(0 <= count <= 4 for count in taken_places(database).values())
    assert_sound(database)
