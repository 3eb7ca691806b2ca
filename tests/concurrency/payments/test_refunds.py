"""Refunds of one order from many desks at once, and the same notification twice at once."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from loopline.db import Conn, Database, run_check
from loopline.payments import (
    CHECKS,
    Confirmation,
    IntentKind,
    IntentState,
    IntentWritten,
    PaymentRepeat,
    RefundAboveTaken,
    Refunded,
    RefundRepeat,
    Taken,
    apply_reports,
    claim_intents,
    confirmed,
    intents_of_orders,
    money_of_orders,
    record_payments,
    record_refunds,
    write_intents,
)
from tests.make.payments import NOON, intent, order_id, payment, refund, taken

DESKS = 8
WAITING = (
    "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
)


def from_all_desks(database: Database, act: Callable[[Conn, int], Sequence[object]]) -> list[object]:
    """Run `act(conn, desk)` from every desk at once, each in its own transaction."""
    barrier = threading.Barrier(DESKS)

    def desk(number: int) -> list[object]:
        with database.transaction() as conn:
            conn.execute("select 1")
            barrier.wait()
            return list(act(conn, number))

    with ThreadPoolExecutor(DESKS) as pool:
        return [outcome for result in pool.map(desk, range(DESKS)) for outcome in result]


def wait_until_waiting(database: Database, *, rivals: int) -> None:
    for _ in range(500):
        with database.transaction() as conn:
            if conn.execute(WAITING).fetchone() == (rivals,):
                return
        time.sleep(0.01)
    pytest.fail(f"fewer than {rivals} wait: a rival did not see who came before")


def sound(conn: Conn) -> None:
    assert [run_check(conn, check) for check in CHECKS] == [[] for _ in CHECKS]


def test_desks_together_give_back_no_more_than_was_taken(database: Database):
    with database.transaction() as conn:
        taken(conn, [payment(1000), payment(1000, order=2)])

    def give(conn: Conn, desk: int) -> list[object]:
        orders = (1, 2) if desk % 2 else (2, 1)
        return list(record_refunds(conn, [refund(300, order=order) for order in orders], now=NOON))

    outcomes = from_all_desks(database, give)
    assert sum(isinstance(outcome, Refunded) for outcome in outcomes) == 6
    assert sum(isinstance(outcome, RefundAboveTaken) for outcome in outcomes) == 2 * DESKS - 6
    with database.transaction() as conn:
        money = money_of_orders(conn, [order_id(1), order_id(2)])
        assert [(one.taken_minor, one.refunded_minor) for one in money] == [(1000, 900), (1000, 900)]
        sound(conn)


def test_the_same_notification_at_every_desk_is_one_payment_and_one_refund(database: Database):
    outcomes = from_all_desks(
        database, lambda conn, _: record_payments(conn, [payment(key="wx:1")], now=NOON)
    )
    assert sum(isinstance(outcome, Taken) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, PaymentRepeat) for outcome in outcomes) == DESKS - 1
    outcomes = from_all_desks(
        database, lambda conn, _: record_refunds(conn, [refund(1000, key="r:1")], now=NOON)
    )
    assert sum(isinstance(outcome, Refunded) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, RefundRepeat) for outcome in outcomes) == DESKS - 1
    with database.transaction() as conn:
        money = money_of_orders(conn, [order_id(1)])
        assert [(one.taken_minor, one.refunded_minor) for one in money] == [(1000, 1000)]
        sound(conn)


def test_batches_with_the_same_payments_in_opposite_order_do_not_deadlock(database: Database):
    """Both must pass the key M that a third holds. Were they to claim in the order given, each would by then hold what
    the other asks for next."""
    seen: list[list[object]] = []

    def rival(keys: str) -> None:
        with database.transaction() as conn:
            seen.append(list[object](record_payments(conn, [payment(key=key) for key in keys], now=NOON)))

    threads = [threading.Thread(target=rival, args=(keys,)) for keys in ("AMZ", "ZMA")]
    with database.transaction() as conn:
        (held,) = taken(conn, [payment(key="M")])
        for rivals, thread in enumerate(threads, 1):
            thread.start()
            wait_until_waiting(database, rivals=rivals)
    for thread in threads:
        thread.join()
    assert [outcomes[1] for outcomes in seen] == [PaymentRepeat(payment_id=held)] * 2
    assert sum(isinstance(one, Taken) for outcomes in seen for one in outcomes) == 2


def test_one_report_from_two_sides_is_money_once(database: Database):
    asked = intent()
    with database.transaction() as conn:
        write_intents(conn, [asked], now=NOON)
    seen = Confirmation(person="person:7", amount_minor=1000, at=NOON, reference="Z-1")
    outcomes = from_all_desks(
        database, lambda conn, _: apply_reports(conn, [confirmed(asked, seen)], now=NOON)
    )
    assert sum(getattr(outcome, "payment_id", None) is not None for outcome in outcomes) == 1
    with database.transaction() as conn:
        assert [one.taken_minor for one in money_of_orders(conn, [order_id(1)])] == [1000]
        assert [one.state for one in intents_of_orders(conn, [order_id(1)])] == [IntentState.DONE]
        sound(conn)


def test_an_intent_is_claimed_by_one_job(database: Database):
    with database.transaction() as conn:
        write_intents(conn, [intent() for _ in range(20)], now=NOON)
    claimed = from_all_desks(
        database, lambda conn, _: [one.id for one in claim_intents(conn, ["cash"], limit=5, now=NOON)]
    )
    assert len(claimed) == len(set(claimed))


def test_refund_intents_together_come_to_no_more_than_was_taken(database: Database):
    with database.transaction() as conn:
        taken(conn, [payment(1000)])
    outcomes = from_all_desks(
        database,
        lambda conn, _: write_intents(conn, [intent(300, kind=IntentKind.REFUND)], now=NOON),
    )
    assert sum(isinstance(outcome, IntentWritten) for outcome in outcomes) == 3
    assert sum(isinstance(outcome, RefundAboveTaken) for outcome in outcomes) == DESKS - 3
