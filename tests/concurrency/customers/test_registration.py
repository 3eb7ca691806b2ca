"""The same person at two tills at once; an erasure in the middle of it."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from loopline.customers import (
    CHECKS,
    IdentitiesOfSeveralMembers,
    Identity,
    NewMember,
    Personal,
    Registered,
    consented,
    erase_members,
    member_count,
    members_by_identities,
    open_personal,
    record_consents,
    register_members,
)
from loopline.db import Conn, Database, run_check
from loopline.kernel.ids import MemberId
from tests.make.customers import DESK, NOON, card, consent_key, member, phone, registered, ring, says

TILLS = 8
RING = ring()
LATER = NOON + timedelta(hours=1)
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


def sound(conn: Conn) -> None:
    assert [run_check(conn, check) for check in CHECKS] == [[] for _ in CHECKS]


def register_while(
    database: Database, first: list[NewMember], second: list[NewMember]
) -> tuple[list[object], list[object]]:
    seen: list[object] = []

    def rival() -> None:
        with database.transaction() as conn:
            seen.extend(register_members(conn, second, ring=RING, now=LATER))

    thread = threading.Thread(target=rival)
    with database.transaction() as conn:
        outcomes = list[object](register_members(conn, first, ring=RING, now=NOON))
        thread.start()
        wait_until_waiting(database)
    thread.join()
    return outcomes, seen


def test_the_same_phone_at_two_tills_is_one_member(database: Database):
    (first,), (second,) = register_while(database, [member(phone(1))], [member(phone(1), card(1), name="A")])
    assert isinstance(first, Registered)
    assert second == Registered(member_id=first.member_id, was_known=True)
    with database.transaction() as conn:
        assert member_count(conn) == 1
        assert open_personal(conn, [first.member_id], ring=RING, opening=DESK, now=LATER) == [
            Personal(member_id=first.member_id, name="A", identities=(phone(1), card(1)))
        ]
        sound(conn)


def test_the_loser_of_a_race_leaves_nothing_half_written(database: Database):
    """The second batch's card belongs to one member, its phone to another who was just added: refused, and clean."""
    with database.transaction() as conn:
        (holder,) = registered(conn, [member(card(1))])
    (first,), (second, third) = register_while(
        database, [member(phone(1))], [member(phone(2), name="C"), member(card(1), phone(1), card(5))]
    )
    assert isinstance(first, Registered)
    assert isinstance(second, Registered)
    assert isinstance(third, IdentitiesOfSeveralMembers)
    assert set(third.member_ids) == {holder, first.member_id}
    with database.transaction() as conn:
        assert members_by_identities(conn, [card(5), phone(2)], ring=RING) == [None, second.member_id]
        assert member_count(conn) == 3
        sound(conn)


def test_tills_that_register_the_same_people_in_other_orders_add_each_once(database: Database):
    people = [member(phone(number), card(number)) for number in range(40)]
    barrier = threading.Barrier(TILLS)

    def till(turn: int) -> list[object]:
        mine = people[turn * 5 :] + people[: turn * 5]
        if turn % 2:
            mine.reverse()
        outcomes: list[object] = []
        barrier.wait()
        for start in range(0, 40, 10):
            with database.transaction() as conn:
                outcomes += register_members(conn, mine[start : start + 10], ring=RING, now=NOON)
        return outcomes

    with ThreadPoolExecutor(TILLS) as pool:
        outcomes = [outcome for result in pool.map(till, range(TILLS)) for outcome in result]
    known = [outcome for outcome in outcomes if isinstance(outcome, Registered)]
    assert len(known) == 40 * TILLS
    assert sum(not outcome.was_known for outcome in known) == 40
    with database.transaction() as conn:
        assert member_count(conn) == 40
        sound(conn)


def test_batches_with_the_same_people_in_opposite_order_do_not_deadlock(database: Database):
    """Both must pass the card in the middle, which a third holds. Were they to claim in the order given, each would by
    then hold what the other asks for next."""
    low, middle, high = sorted(
        (card(number) for number in (1, 2, 3)), key=lambda one: RING.blind(one.kind.value, one.value)
    )
    seen: list[list[object]] = []

    def rival(cards: tuple[Identity, ...]) -> None:
        with database.transaction() as conn:
            seen.append(
                list[object](register_members(conn, [member(one) for one in cards], ring=RING, now=LATER))
            )

    threads = [
        threading.Thread(target=rival, args=(cards,)) for cards in ((low, middle, high), (high, middle, low))
    ]
    with database.transaction() as conn:
        (held,) = registered(conn, [member(middle)])
        for rivals, thread in enumerate(threads, 1):
            thread.start()
            wait_until_waiting(database, rivals=rivals)
    for thread in threads:
        thread.join()
    assert [outcomes[1] for outcomes in seen] == [Registered(member_id=held, was_known=True)] * 2
    outcomes = [one for found in seen for one in found if isinstance(one, Registered)]
    assert sorted(one.was_known for one in outcomes) == [False] * 2 + [True] * 4
    with database.transaction() as conn:
        assert member_count(conn) == 3
        sound(conn)


def while_erasing(database: Database, member_id: MemberId, act: threading.Thread) -> None:
    with database.transaction() as conn:
        erase_members(conn, [member_id], now=LATER)
        act.start()
        wait_until_waiting(database)
    act.join()


def test_who_comes_in_while_being_erased_is_somebody_new(database: Database):
    with database.transaction() as conn:
        (erased,) = registered(conn, [member(phone(1))])
    seen: list[object] = []

    def come_in() -> None:
        with database.transaction() as conn:
            seen.extend(register_members(conn, [member(phone(1), card(1))], ring=RING, now=LATER))

    while_erasing(database, erased, threading.Thread(target=come_in))
    (outcome,) = seen
    assert isinstance(outcome, Registered)
    assert not outcome.was_known
    assert outcome.member_id != erased
    with database.transaction() as conn:
        assert members_by_identities(conn, [phone(1), card(1)], ring=RING) == [outcome.member_id] * 2
        sound(conn)


def test_a_consent_given_while_being_erased_does_not_stand(database: Database):
    with database.transaction() as conn:
        (erased,) = registered(conn, [member(phone(1))])

    def agree() -> None:
        with database.transaction() as conn:
            record_consents(conn, [says(consent_key(erased), granted=True)], now=LATER)

    while_erasing(database, erased, threading.Thread(target=agree))
    with database.transaction() as conn:
        assert consented(conn, [consent_key(erased)]) == [False]
        sound(conn)
