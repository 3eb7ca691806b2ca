"""Closes and postings meet at one moment: a month is closed once, and every entry counts in exactly one month."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from loopline.closing import queries as closing
from loopline.closing.model import Closed
from loopline.db import Conn, Database, run_check
from loopline.kernel.refusals import Refusal
from loopline.processes.close.recount import digests_that_differ
from loopline.processes.doctor import ALL_CHECKS
from tests.make.closing import (
    APRIL,
    END_OF_APRIL,
    END_OF_MARCH,
    END_OF_MAY,
    LATE_IN_MARCH,
    MARCH,
    MAY,
    close,
    closed,
    post,
    sold_on,
)
from tests.make.rivals import together
from tests.make.shop import NOON, Shop, open_shop

RIVALS, POSTERS, EACH = 5, 5, 12
(EQUAL_POSTINGS,) = [one for one in ALL_CHECKS if one.name == "closed_months_equal_postings"]


def open_books(database: Database) -> Shop:
    with database.transaction() as conn:
        shop = open_shop(conn)
        sold_on(conn, shop, NOON, "T-1", "T-2")
    return shop


def test_of_many_who_close_a_month_at_once_one_does(database: Database) -> None:
    open_books(database)

    def closer(number: int) -> Callable[[Conn], Closed | Refusal]:
        return lambda conn: close(conn, now=END_OF_MARCH, comment=f"by {number}")

    outcomes = together(database, [closer(number) for number in range(RIVALS)])
    made = [one for one in outcomes if isinstance(one, Closed)]
    assert sorted(one.is_repeat for one in made) == [False, *[True] * (RIVALS - 1)]
    assert len({one.close.digest for one in made}) == 1
    with database.reading() as conn:
        assert len(closing.all_closes(conn)) == 1


def test_what_is_posted_while_months_are_closed_counts_in_exactly_one_of_them(database: Database) -> None:
    shop = open_books(database)
    barrier = threading.Barrier(POSTERS + 1)

    def post_often(number: int) -> None:
        barrier.wait()
        for step in range(EACH):
            with database.transaction(quiet=True) as conn:
                at = LATE_IN_MARCH + timedelta(minutes=EACH * number + step)
                post(conn, shop, at=at, amount=1)

    def close_both() -> None:
        barrier.wait()
        for month, now in ((MARCH, END_OF_MARCH), (APRIL, END_OF_APRIL)):
            with database.transaction() as conn:
                closed(conn, month, now=now)

    with ThreadPoolExecutor(POSTERS + 1) as pool:
        work = [pool.submit(post_often, number) for number in range(POSTERS)]
        pool.submit(close_both).result()
        for one in work:
            one.result()
    with database.transaction() as conn:
        closed(conn, MAY, now=END_OF_MAY)
    with database.reading() as conn:
        closes = closing.all_closes(conn)
        counted = [
            balance.credit_minor
            for one in closes
            for balance in one.sheet.balances
            if balance.purpose == "charges"
        ]
        assert sum(counted) == POSTERS * EACH
        assert run_check(conn, EQUAL_POSTINGS) == []
        assert digests_that_differ(conn) == []


def test_who_comes_to_a_month_that_is_being_closed_is_of_the_next(database: Database) -> None:
    shop = open_books(database)
    with database.transaction() as closer:
        march = closed(closer, now=END_OF_MARCH)
        # The close has drawn its cut and is not committed: nobody waits for it any more.
        with database.transaction(quiet=True) as poster:
            post(poster, shop, at=LATE_IN_MARCH)
    with database.transaction() as conn:
        april = closed(conn, APRIL, now=END_OF_APRIL)
    assert march.sheet.entries_of_before == 0
    assert april.sheet.entries_of_before == 1
    with database.reading() as conn:
        assert run_check(conn, EQUAL_POSTINGS) == []


def test_what_is_posted_between_the_cut_and_the_reading_is_of_the_next_month(database: Database) -> None:
    shop = open_books(database)

    def close_march() -> int:
        with database.transaction() as conn:
            return closed(conn, now=END_OF_MARCH).sheet.entries

    with ThreadPoolExecutor(1) as pool:
        with database.owner_transaction() as holder:
            # What is expected to come back is read first, after the cut, and asks for the categories of goods.
            holder.execute("lock table catalogue.product in access exclusive mode")
            closing_march = pool.submit(close_march)
            while not holder.execute(
                "select 1 from pg_locks where not granted and relation = 'catalogue.product'::regclass"
            ).fetchone():
                assert not closing_march.done()
            with database.transaction(quiet=True) as poster:
                post(poster, shop, at=LATE_IN_MARCH, amount=3)
        # A sale's payment, its settlement: twice.
        assert closing_march.result() == 4
    with database.transaction() as conn:
        april = closed(conn, APRIL, now=END_OF_APRIL)
    assert april.sheet.entries_of_before == 1
    with database.reading() as conn:
        assert run_check(conn, EQUAL_POSTINGS) == []
