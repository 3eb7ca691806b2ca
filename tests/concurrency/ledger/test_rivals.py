"""Rivals in the ledger: one key, one part, the same accounts in other orders."""

import threading
from collections import Counter
from collections.abc import Callable

import pytest

from loopline.db import Conn, Database, run_check
from loopline.kernel.ids import AccountId, EntityId, uuid7
from loopline.kernel.refusals import Refusal
from loopline.ledger import queries, service, store
from loopline.ledger.checks import CHECKS
from loopline.ledger.model import (
    AccountAsk,
    NewEntry,
    PartReversal,
    Posted,
    Purpose,
    Repeat,
    Reversed,
    ReversesTooMuch,
)
from tests.make.ledger import NOW, entry, open_by_purpose, open_for_parties, reversal
from tests.make.rivals import together

WRITERS = 8


def findings(database: Database) -> list[str]:
    with database.reading() as conn:
        return [finding.found for check in CHECKS for finding in run_check(conn, check)]


def posting(entries: list[NewEntry]) -> Callable[[Conn], list[Posted | Repeat | Refusal]]:
    return lambda conn: service.post_entries(conn, entries)


def reversing(ask: PartReversal) -> Callable[[Conn], Reversed | Repeat | Refusal]:
    return lambda conn: service.reverse_parts(conn, [ask])[0]


def setup(database: Database) -> dict[Purpose, AccountId]:
    with database.transaction() as conn:
        return open_by_purpose(conn, [Purpose.CASH, Purpose.REVENUE], entity_id=EntityId(uuid7(NOW)))


def test_one_key_is_posted_once(database: Database) -> None:
    accounts = setup(database)
    part = uuid7(NOW)
    amounts = {accounts[Purpose.CASH]: 10, accounts[Purpose.REVENUE]: -10}
    entries = [entry(amounts, part_id=part, key="sale:1") for _ in range(WRITERS)]
    outcomes = together(database, [posting([one]) for one in entries])
    assert Counter(type(outcome) for (outcome,) in outcomes) == {Posted: 1, Repeat: WRITERS - 1}
    with database.reading() as conn:
        assert [known.balance_minor for known in queries.balances(conn, list(amounts))] == [10, -10]
    assert findings(database) == []


def test_many_keys_are_posted_once_each_by_rivals_who_meet_in_some(database: Database) -> None:
    accounts = setup(database)
    amounts = {accounts[Purpose.CASH]: 10, accounts[Purpose.REVENUE]: -10}
    parts = [uuid7(NOW) for _ in range(400)]
    keys = list(enumerate(parts))
    batches = [
        [entry(amounts, part_id=part, key=f"sale:{number}") for number, part in keys[start : start + 250]]
        for start in (0, 50, 100, 150)
    ]
    outcomes = together(database, [posting(batch) for batch in batches])
    counted = Counter(type(outcome) for batch in outcomes for outcome in batch)
    assert counted == {Posted: 400, Repeat: 600}
    with database.reading() as conn:
        assert [known.balance_minor for known in queries.balances(conn, list(amounts))] == [4_000, -4_000]
    assert findings(database) == []


def test_one_part_is_taken_back_once(database: Database) -> None:
    """Eight rivals take two units each of a part of five: two of them get theirs, six are refused."""
    accounts = setup(database)
    sale = entry({accounts[Purpose.CASH]: 1000, accounts[Purpose.REVENUE]: -1000})
    with database.transaction() as conn:
        service.post_entries(conn, [sale])
    asks = [reversal(sale, units=2, units_of=5) for _ in range(WRITERS)]
    outcomes = together(database, [reversing(ask) for ask in asks])
    assert Counter(type(outcome) for outcome in outcomes) == {Reversed: 2, ReversesTooMuch: WRITERS - 2}
    with database.reading() as conn:
        assert [known.balance_minor for known in queries.balances(conn, list(accounts.values()))] == [
            200,
            -200,
        ]
    assert findings(database) == []


def test_one_reversal_is_posted_once(database: Database) -> None:
    accounts = setup(database)
    sale = entry({accounts[Purpose.CASH]: 1000, accounts[Purpose.REVENUE]: -1000})
    with database.transaction() as conn:
        service.post_entries(conn, [sale])
    asks = [reversal(sale, units=1, units_of=5, key="return:1") for _ in range(WRITERS)]
    outcomes = together(database, [reversing(ask) for ask in asks])
    assert Counter(type(outcome) for outcome in outcomes) == {Reversed: 1, Repeat: WRITERS - 1}
    assert findings(database) == []


def test_accounts_in_any_order_neither_lock_each_other_out_nor_lose_a_cent(database: Database) -> None:
    with database.transaction() as conn:
        accounts = open_for_parties(conn, 12)
    batches: list[list[NewEntry]] = []
    for writer in range(WRITERS):
        ordered = accounts if writer % 2 else accounts[::-1]
        pairs = list(zip(ordered, [*ordered[1:], ordered[0]], strict=True))
        batches.append([entry([(one, 7), (other, -5), (one, -2)]) for one, other in pairs])
    outcomes = together(database, [posting(batch) for batch in batches])
    posted = [outcome for of_writer in outcomes for outcome in of_writer]
    assert {type(outcome) for outcome in posted} == {Posted}
    assert len(posted) == WRITERS * 12
    with database.reading() as conn:
        found = queries.balances(conn, accounts)
        assert [known.balance_minor for known in found] == [0] * 12
        assert queries.posting_count(conn) == WRITERS * 12 * 3
    assert findings(database) == []


def test_transactions_that_post_twice_in_opposite_order_do_not_wait_for_each_other(
    database: Database,
) -> None:
    """With a locked row for each balance, this deadlocks: each holds the account that the other posts to next."""
    with database.transaction() as conn:
        one, other, third, fourth = open_for_parties(conn, 4)
    pairs = [(one, other), (third, fourth)]
    both_posted = threading.Barrier(2)

    def posting_twice(turn: int) -> Callable[[Conn], list[Posted | Repeat | Refusal]]:
        first, second = ([(debit, 3), (credit, -3)] for debit, credit in pairs[:: -1 if turn else 1])

        def work(conn: Conn) -> list[Posted | Repeat | Refusal]:
            outcomes = service.post_entries(conn, [entry(first)])
            both_posted.wait(timeout=5)
            return outcomes + service.post_entries(conn, [entry(second)])

        return work

    outcomes = together(database, [posting_twice(turn) for turn in range(2)])
    assert [type(outcome) for of_writer in outcomes for outcome in of_writer] == [Posted] * 4
    with database.reading() as conn:
        found = queries.balances(conn, [one, other, third, fourth])
        assert [known.balance_minor for known in found] == [6, -6, 6, -6]
    assert findings(database) == []


def test_folding_beside_posting_loses_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "FOLD_ABOVE_BYTES", 0)
    with database.transaction() as conn:
        accounts = open_for_parties(conn, 3)

    def posting_often(conn: Conn) -> int:
        entries = [entry([(accounts[0], 2), (accounts[1], -1), (accounts[2], -1)]) for _ in range(20)]
        return sum(len(service.post_entries(conn, [one])) for one in entries)

    assert together(database, [posting_often] * WRITERS) == [20] * WRITERS
    with database.transaction() as conn:
        posting_often(conn)
        found = queries.balances(conn, accounts)
        assert [known.balance_minor for known in found] == [360, -180, -180]
        assert conn.execute("select count(*) from ledger.balance_change").fetchone() == (0,)
    assert findings(database) == []


def test_an_account_is_opened_once(database: Database) -> None:
    entity = EntityId(uuid7(NOW))
    asks = [
        AccountAsk(entity_id=entity, purpose=purpose, currency="CNY")
        for purpose in (Purpose.CASH, Purpose.TAX)
    ]

    def opening(wanted: list[AccountAsk]) -> Callable[[Conn], set[AccountId]]:
        return lambda conn: {account.id for account in service.open_accounts(conn, wanted, now=NOW)}

    opened = together(database, [opening(asks[:: -1 if turn % 2 else 1]) for turn in range(WRITERS)])
    assert all(found == opened[0] for found in opened)
    with database.reading() as conn:
        assert conn.execute("select count(*) from ledger.account").fetchone() == (2,)
