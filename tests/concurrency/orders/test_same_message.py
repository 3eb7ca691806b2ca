"""The same message twice at once, from two connections; batches that name the same numbers in other orders."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest

from loopline.db import Conn, Database, run_check
from loopline.orders import (
    CHECKS,
    Changed,
    Draft,
    LineChange,
    New,
    NumberTakenByOtherContent,
    Repeat,
    TooFewUnits,
    change_lines,
    forget_new,
    orders_by_ids,
    recognise,
    write_orders,
)
from tests.make.orders import NOON, draft, new_order, placed

WRITERS = 8


def place(conn: Conn, drafts: list[Draft]) -> list[object]:
    outcomes = recognise(conn, drafts, now=NOON)
    write_orders(
        conn,
        [
            new_order(outcome.order_id, one)
            for one, outcome in zip(drafts, outcomes, strict=True)
            if isinstance(outcome, New)
        ],
        now=NOON,
    )
    return list(outcomes)


WAITING = (
    "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
)


def wait_until_waiting(database: Database, *, rivals: int = 1) -> None:
    for _ in range(500):
        with database.transaction() as conn:
            if conn.execute(WAITING).fetchone() == (rivals,):
                return
        time.sleep(0.01)
    pytest.fail(f"fewer than {rivals} wait: a rival did not see who came before")


def second_while_first(
    database: Database, first: Draft, second: Draft, *, first_ends: str
) -> tuple[object, list[object]]:
    """Recognise `second` in a transaction that starts while the one of `first` is under way."""
    seen: list[list[object]] = []

    def rival() -> None:
        with database.transaction() as conn:
            seen.append(place(conn, [second]))

    thread = threading.Thread(target=rival)
    with database.transaction() as conn:
        (outcome,) = recognise(conn, [first], now=NOON)
        assert isinstance(outcome, New)
        thread.start()
        wait_until_waiting(database)
        if first_ends == "written":
            write_orders(conn, [new_order(outcome.order_id, first)], now=NOON)
        elif first_ends == "forgotten":
            forget_new(conn, [outcome])
        else:
            raise_rollback = psycopg.Rollback()
            raise raise_rollback
    thread.join()
    return outcome, seen[0]


def test_the_same_message_from_two_connections_is_one_order(database: Database):
    first, (second,) = second_while_first(database, draft(), draft(), first_ends="written")
    assert isinstance(first, New)
    assert second == Repeat(order_id=first.order_id)
    with database.transaction() as conn:
        assert [run_check(conn, check) for check in CHECKS] == [[] for _ in CHECKS]
        assert len(orders_by_ids(conn, [first.order_id])) == 1


def test_other_content_from_a_second_connection_is_a_conflict(database: Database):
    first, (second,) = second_while_first(database, draft("W-1", 1), draft("W-1", 2), first_ends="written")
    assert isinstance(first, New)
    assert second == NumberTakenByOtherContent(channel="web", external_number="W-1", order_id=first.order_id)


@pytest.mark.parametrize("first_ends", ["forgotten", "rolled back"])
def test_a_number_its_first_claimant_lets_go_is_the_seconds(database: Database, first_ends: str):
    first, (second,) = second_while_first(database, draft("W-1", 1), draft("W-1", 2), first_ends=first_ends)
    assert isinstance(first, New)
    assert isinstance(second, New)
    assert second.order_id != first.order_id


def test_writers_with_the_same_numbers_in_other_orders_neither_double_nor_deadlock(database: Database):
    numbers = [f"W-{number}" for number in range(60)]
    barrier = threading.Barrier(WRITERS)

    def writer(turn: int) -> list[object]:
        mine = numbers[turn * 7 :] + numbers[: turn * 7]
        if turn % 2:
            mine.reverse()
        outcomes: list[object] = []
        barrier.wait()
        for start in range(0, len(mine), 20):
            with database.transaction() as conn:
                outcomes += place(conn, [draft(number) for number in mine[start : start + 20]])
        return outcomes

    with ThreadPoolExecutor(WRITERS) as pool:
        results = list(pool.map(writer, range(WRITERS)))
    outcomes = [outcome for result in results for outcome in result]
    new = {outcome.order_id for outcome in outcomes if isinstance(outcome, New)}
    repeated = {outcome.order_id for outcome in outcomes if isinstance(outcome, Repeat)}
    assert sum(isinstance(outcome, New) for outcome in outcomes) == 60
    assert sum(isinstance(outcome, Repeat) for outcome in outcomes) == 60 * (WRITERS - 1)
    assert repeated == new
    with database.transaction() as conn:
        assert len(orders_by_ids(conn, list(new))) == 60
        assert [run_check(conn, check) for check in CHECKS] == [[] for _ in CHECKS]


def test_two_batches_that_name_numbers_in_opposite_order_do_not_deadlock(database: Database):
    """Both must pass the number M that a third holds. Were they to claim in the order given, each would by then hold
    what the other asks for next."""
    outcomes: dict[str, list[object]] = {}

    def rival(numbers: str) -> None:
        with database.transaction() as conn:
            outcomes[numbers] = place(conn, [draft(number) for number in numbers])

    threads = [threading.Thread(target=rival, args=(numbers,)) for numbers in ("AMZ", "ZMA")]
    with database.transaction() as conn:
        (held,) = place(conn, [draft("M")])
        for rivals, thread in enumerate(threads, 1):
            thread.start()
            wait_until_waiting(database, rivals=rivals)
    for thread in threads:
        thread.join()
    assert isinstance(held, New)
    assert outcomes["AMZ"][1] == outcomes["ZMA"][1] == Repeat(order_id=held.order_id)
    assert sorted(type(outcome).__name__ for found in outcomes.values() for outcome in found) == (
        ["New"] * 2 + ["Repeat"] * 4
    )


def test_a_rival_for_the_same_units_waits_and_then_sees_what_is_left(database: Database):
    with database.transaction() as conn:
        (order,) = placed(conn, [draft("A", 10)])
    take_six = LineChange(order_id=order.order_id, line_id=order.lines[0].line_id, held=-6, allocated=6)
    seen: list[object] = []

    def rival() -> None:
        with database.transaction() as conn:
            seen.extend(change_lines(conn, [take_six], now=NOON))

    thread = threading.Thread(target=rival)
    with database.transaction() as conn:
        (first,) = change_lines(conn, [take_six], now=NOON)
        thread.start()
        wait_until_waiting(database)
    thread.join()
    assert isinstance(first, Changed)
    assert seen == [
        TooFewUnits(order_id=order.order_id, line_id=order.lines[0].line_id, counter="held", available=4)
    ]


def test_no_unit_moves_twice_under_rivals(database: Database):
    """Eight rivals take three of ten held units each, from two orders they name in other orders: three get them."""
    with database.transaction() as conn:
        orders = placed(conn, [draft("A", 10), draft("B", 10)])
    barrier = threading.Barrier(WRITERS)

    def rival(turn: int) -> list[object]:
        changes = [
            LineChange(order_id=order.order_id, line_id=order.lines[0].line_id, held=-3, allocated=3)
            for order in (orders if turn % 2 else orders[::-1])
        ]
        barrier.wait()
        with database.transaction() as conn:
            return list(change_lines(conn, changes, now=NOON + timedelta(hours=1)))

    with ThreadPoolExecutor(WRITERS) as pool:
        outcomes = [outcome for result in pool.map(rival, range(WRITERS)) for outcome in result]
    assert sum(isinstance(outcome, Changed) for outcome in outcomes) == 6
    assert sum(isinstance(outcome, TooFewUnits) for outcome in outcomes) == 2 * WRITERS - 6
    with database.transaction() as conn:
        heads = orders_by_ids(conn, [order.order_id for order in orders])
        assert [(head.held, head.allocated) for head in heads] == [(1, 9), (1, 9)]
        assert [run_check(conn, check) for check in CHECKS] == [[] for _ in CHECKS]
