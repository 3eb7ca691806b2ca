"""Rivals for the last places of an hour: as many have one as there are, whoever takes, moves or gives back beside."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from loopline import slots
from loopline.db import Conn, Database
from loopline.db.followers import catch_up
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.failures import FAILURES_MAX, LOCK_LENGTH
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.processes.cancel import Cancellation, cancel
from loopline.processes.doctor import examine
from loopline.processes.slots import SlotMove, move_slots
from loopline.processes.source import source_wave
from loopline.processes.take_in import Incoming, OrderMessage, OrderTaken, SlotTaken, place_messages
from loopline.processes.visits import VisitDone, VisitStep, finish_visits, set_out, take_visits
from loopline.slots import Way
from loopline.slots.visits import Proof, Visit, VisitCodeLocked, VisitCodeWrong, visits_of_orders
from tests.make.customers import member, phone, registered
from tests.make.hours import FOUR, SIX, by_courier, courier_promise, offer_hours, with_a_fitter
from tests.make.loop import pack_up, subject_types
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


def test_two_cannot_have_the_last_fitter(database: Database):
    with database.transaction() as conn:
        shop = open_shop(conn, units=100)
        offer_hours(conn, way=Way.AT_HOME, places=1)
    work: list[Callable[[Conn], OrderTaken | Refusal]] = [
        partial(put, with_a_fitter(shop, f"W-{number}")) for number in range(RIVALS)
    ]
    outcomes = together(database, work)
    assert [type(one) for one in outcomes].count(OrderTaken) == 1
    assert outcomes.count(SlotTaken()) == RIVALS - 1
    assert taken_places(database) == {"08": 1}
    assert_sound(database)


def test_of_colleagues_one_goes_there_and_who_calls_off_meanwhile_stops_them_or_is_told(database: Database):
    with database.transaction() as conn:
        shop = open_shop(conn, units=100)
        offer_hours(conn, way=Way.AT_HOME)
        taken = put(with_a_fitter(shop, "W-1", hold_minutes=0), conn)
        assert isinstance(taken, OrderTaken)
        pack_up(conn, source_wave(conn, now=NOON).tasks, now=NOON)
        (customer,) = registered(conn, [member(phone(1))])
        conn.execute("update orders.order set member_id = %s", (customer,))
    order_id = taken.order_id

    def take(by: int, conn: Conn) -> Visit | Refusal:
        return take_visits(
            conn, [VisitStep(order_id=order_id, by=f"person:{by}")], scope=WHOLE_BRAND, now=NOON
        )[0]

    outcomes = together(database, [partial(take, by) for by in range(RIVALS)])
    # Nobody has set out: each of them takes it over from the one before, and the last has it.
    assert [type(one) for one in outcomes].count(Visit) == RIVALS
    with database.reading() as conn:
        (visit,) = visits_of_orders(conn, [order_id])[order_id]

    def go(conn: Conn) -> object:
        step = VisitStep(order_id=order_id, by=visit.by)
        return set_out(conn, [step], scope=WHOLE_BRAND, now=NOON)[0]

    def stop(conn: Conn) -> object:
        wanted = Cancellation(order_id=order_id, by_member=customer)
        return cancel(conn, [wanted], scope=Scope(), now=NOON)[0]

    gone, stopped = together(database, [go, stop])
    assert isinstance(gone, Refusal) is not isinstance(stopped, Refusal)
    assert_sound(database)


def test_devices_that_guess_at_one_code_at_once_have_no_more_tries_than_one(database: Database):
    with database.transaction() as conn:
        shop = open_shop(conn, units=100)
        offer_hours(conn, way=Way.AT_HOME)
        taken = put(with_a_fitter(shop, "W-1", hold_minutes=0), conn)
        assert isinstance(taken, OrderTaken)
        pack_up(conn, source_wave(conn, now=NOON).tasks, now=NOON)
        step = VisitStep(order_id=taken.order_id, by="person:1")
        assert isinstance(take_visits(conn, [step], scope=WHOLE_BRAND, now=NOON)[0], Visit)
        assert isinstance(set_out(conn, [step], scope=WHOLE_BRAND, now=NOON)[0], Visit)
    order_id = taken.order_id

    def guess(conn: Conn, *, is_right: bool = False) -> Visit | Refusal:
        said = VisitDone(order_id=order_id, by="person:1", proof=Proof.CODE, is_code_right=is_right)
        return finish_visits(conn, [said], scope=WHOLE_BRAND, now=NOON)[0]

    outcomes = together(database, [guess] * RIVALS)
    locked = VisitCodeLocked(order_id=order_id, until=NOON + LOCK_LENGTH)
    assert outcomes.count(VisitCodeWrong(order_id=order_id)) == FAILURES_MAX - 1
    assert outcomes.count(locked) == RIVALS - FAILURES_MAX + 1
    with database.transaction() as conn:
        assert guess(conn, is_right=True) == locked
        assert subject_types(conn, order_id).count("visit_code_closed") == 1
    assert_sound(database)
