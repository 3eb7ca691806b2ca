"""A member who opens their code on two devices at once has one number; tills that look up at once all count."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from loopline.customers import ShownCode, TooManyLookUps, count_look_up
from loopline.db import Database
from tests.make.customers import NOON, member, phone, registered, ring, shown_code

RIVALS = 6
RING = ring()


def test_two_first_looks_at_a_code_are_one_number(database: Database):
    with database.transaction() as conn:
        (member_id,) = registered(conn, [member(phone(1))], keys=RING)
    barrier = threading.Barrier(RIVALS)

    def look(_: int) -> ShownCode:
        barrier.wait()
        with database.transaction() as conn:
            return shown_code(conn, member_id)

    with ThreadPoolExecutor(RIVALS) as pool:
        shown = set(pool.map(look, range(RIVALS)))
    assert len(shown) == 1
    with database.reading() as conn:
        assert conn.execute("select count(*) from customers.shown_number").fetchone() == (1,)


def test_look_ups_at_once_are_counted_each(database: Database):
    with database.transaction() as conn:
        for second in range(118):
            assert count_look_up(conn, "a", ring=RING, now=NOON + timedelta(seconds=second)) is None
    barrier = threading.Barrier(RIVALS)

    def look(_: int) -> TooManyLookUps | None:
        barrier.wait()
        with database.transaction() as conn:
            return count_look_up(conn, "a", ring=RING, now=NOON + timedelta(minutes=5))

    with ThreadPoolExecutor(RIVALS) as pool:
        outcomes = list(pool.map(look, range(RIVALS)))
    assert sorted(one is None for one in outcomes) == [False] * 4 + [True] * 2
