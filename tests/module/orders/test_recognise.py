from datetime import timedelta

from loopline.db import Conn, fetch_values
from loopline.db.statements import Statement
from loopline.kernel.ids import OrderId, time_of, uuid7
from loopline.orders import (
    New,
    NoLines,
    NumberTakenByOtherContent,
    OrderIdTaken,
    Repeat,
    forget_new,
    last_conflicts,
    recognise,
    write_orders,
)
from tests.make.orders import NOON, draft, new_order, placed

COUNT_KNOWN = Statement(name="count", text="select count(*) from orders.known", comment="", source="test")


def known_count(conn: Conn) -> int:
    return fetch_values(conn, COUNT_KNOWN)[0]


def test_a_new_draft_gets_an_id_of_the_moment_it_was_placed(conn: Conn):
    placed_at = NOON - timedelta(days=900)
    (new,) = recognise(conn, [draft(placed_at=placed_at)], now=NOON)
    assert isinstance(new, New)
    assert (new.channel, new.external_number) == ("web", "W-1")
    assert time_of(new.order_id) == placed_at


def test_the_same_message_again_is_the_same_order(conn: Conn):
    (order,) = placed(conn, [draft()])
    later = recognise(conn, [draft()], now=NOON + timedelta(days=400))
    assert later == [Repeat(order_id=order.order_id)]
    assert known_count(conn) == 1


def test_the_same_number_of_another_channel_is_another_order(conn: Conn):
    first, second = recognise(conn, [draft(), draft(channel="phone")], now=NOON)
    assert isinstance(first, New)
    assert isinstance(second, New)
    assert first.order_id != second.order_id


def test_other_content_under_a_known_number_is_refused_and_kept_once(conn: Conn):
    (order,) = placed(conn, [draft("W-1", 2)])
    other = draft("W-1", 3)
    refusal = NumberTakenByOtherContent(channel="web", external_number="W-1", order_id=order.order_id)
    assert recognise(conn, [other], now=NOON) == [refusal]
    assert recognise(conn, [other, other], now=NOON + timedelta(hours=1)) == [refusal, refusal]
    assert recognise(conn, [draft("W-1", 4)], now=NOON + timedelta(hours=2)) == [refusal]
    latest, earlier = last_conflicts(conn, limit=10)
    assert (latest.content, latest.times, latest.order_id) == (draft("W-1", 4), 1, order.order_id)
    assert (earlier.content, earlier.times) == (other, 3)
    assert (earlier.first_seen_at, earlier.last_seen_at) == (NOON, NOON + timedelta(hours=1))
    assert known_count(conn) == 1


def test_repeats_and_conflicts_inside_one_batch_are_one_order(conn: Conn):
    outcomes = recognise(conn, [draft("A"), draft("B"), draft("A"), draft("A", 7)], now=NOON)
    first, other, repeat, conflict = outcomes
    assert isinstance(first, New)
    assert isinstance(other, New)
    assert repeat == Repeat(order_id=first.order_id)
    assert conflict == NumberTakenByOtherContent(channel="web", external_number="A", order_id=first.order_id)
    assert known_count(conn) == 2


def test_a_faulty_draft_stops_no_other_and_claims_nothing(conn: Conn):
    faulty, good = recognise(conn, [draft("A", lines=()), draft("A")], now=NOON)
    assert faulty == NoLines()
    assert isinstance(good, New)
    assert recognise(conn, [draft("B", lines=())], now=NOON) == [NoLines()]
    assert known_count(conn) == 1


def test_a_number_given_back_may_come_again(conn: Conn):
    (new,) = recognise(conn, [draft()], now=NOON)
    assert isinstance(new, New)
    assert forget_new(conn, [new]) == 1
    assert known_count(conn) == 0
    (again,) = recognise(conn, [draft("W-1", 9)], now=NOON)
    assert isinstance(again, New)


def test_an_order_that_was_written_is_not_forgotten(conn: Conn):
    (new,) = recognise(conn, [draft()], now=NOON)
    assert isinstance(new, New)
    write_orders(conn, [new_order(new.order_id, draft())], now=NOON)
    assert forget_new(conn, [new]) == 0
    assert recognise(conn, [draft()], now=NOON) == [Repeat(order_id=new.order_id)]


def test_a_clients_own_id_is_the_orders(conn: Conn):
    own = OrderId(uuid7(NOON))
    (order,) = placed(conn, [draft(order_id=own)])
    assert order.order_id == own
    assert recognise(conn, [draft(order_id=own)], now=NOON) == [Repeat(order_id=own)]
    assert recognise(conn, [draft(order_id=OrderId(uuid7(NOON)))], now=NOON) == [Repeat(order_id=own)]


def test_a_clients_id_of_another_order_is_refused_and_its_number_stays_free(conn: Conn):
    own = OrderId(uuid7(NOON))
    placed(conn, [draft("A", order_id=own)])
    assert recognise(conn, [draft("B", order_id=own)], now=NOON) == [OrderIdTaken(order_id=own)]
    assert known_count(conn) == 1
    (free,) = recognise(conn, [draft("B")], now=NOON)
    assert isinstance(free, New)


def test_one_clients_id_on_two_numbers_of_one_batch_is_the_firsts(conn: Conn):
    own = OrderId(uuid7(NOON))
    drafts = [draft("A", order_id=own), draft("B", order_id=own), draft("B", order_id=own)]
    first, second, repeat = recognise(conn, drafts, now=NOON)
    assert first == New(order_id=own, channel="web", external_number="A")
    assert (second, repeat) == (OrderIdTaken(order_id=own), OrderIdTaken(order_id=own))
    assert known_count(conn) == 1


def test_a_clients_id_does_not_take_over_a_number_that_is_known(conn: Conn):
    """The number A is an order already; that the batch claims the same id for B must not make A look new."""
    (order,) = placed(conn, [draft("A")])
    own = OrderId(uuid7(NOON))
    outcomes = recognise(conn, [draft("A", order_id=own), draft("B", order_id=own)], now=NOON)
    assert outcomes == [
        Repeat(order_id=order.order_id),
        New(order_id=own, channel="web", external_number="B"),
    ]


def test_nothing_comes_of_nothing(conn: Conn):
    assert recognise(conn, [], now=NOON) == []
    assert write_orders(conn, [], now=NOON) == []
    assert forget_new(conn, []) == 0
