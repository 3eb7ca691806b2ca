"""A cut divides what was committed before it from what comes after, whoever posts meanwhile."""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from uuid import UUID

import pytest

from loopline.db import Conn, Database
from loopline.kernel.ids import AccountId, EntityId, uuid7
from loopline.ledger import queries, service
from loopline.ledger.model import CutNumber, LedgerBusy, Purpose
from loopline.ledger.queries import MonthOfBooks
from tests.make.ledger import NOW, entry, open_by_purpose

ENTITY = EntityId(UUID(int=11))
POSTERS, ENTRIES, CUTS = 6, 25, 8


def accounts_in(database: Database) -> dict[Purpose, AccountId]:
    with database.transaction() as conn:
        return open_by_purpose(conn, [Purpose.CASH, Purpose.REVENUE], entity_id=ENTITY)


def cut_in(conn: Conn) -> CutNumber:
    cut = service.take_cut(conn)
    assert not isinstance(cut, LedgerBusy)
    return cut


def debits(conn: Conn, *, after: CutNumber, before: CutNumber | None) -> int:
    month = MonthOfBooks(
        entity_id=ENTITY, currency="CNY", start=NOW.replace(day=3), end=NOW.replace(day=4), after_cut=after,
        before_cut=before,
    )  # fmt: skip
    return sum(one.debit_minor for one in queries.turnover(conn, month))


def test_every_entry_lies_between_two_cuts_and_what_was_read_at_one_stays(database: Database) -> None:
    accounts = accounts_in(database)
    barrier = threading.Barrier(POSTERS + 1)

    def post(_: int) -> None:
        barrier.wait()
        for _ in range(ENTRIES):
            with database.transaction(quiet=True) as conn:
                service.post_entries(
                    conn, [entry({accounts[Purpose.CASH]: 1, accounts[Purpose.REVENUE]: -1})]
                )

    def cut_often() -> list[tuple[CutNumber, int]]:
        barrier.wait()
        read: list[tuple[CutNumber, int]] = []
        for _ in range(CUTS):
            with database.transaction(quiet=True) as conn:
                cut = cut_in(conn)
                read.append((cut, debits(conn, after=CutNumber(0), before=cut)))
        return read

    with ThreadPoolExecutor(POSTERS + 1) as pool:
        posting = [pool.submit(post, number) for number in range(POSTERS)]
        read = pool.submit(cut_often).result()
        for one in posting:
            one.result()
    with database.transaction(quiet=True) as conn:
        # What was seen at the moment of a cut is what lies before it for ever.
        assert read == [(cut, debits(conn, after=CutNumber(0), before=cut)) for cut, _ in read]
        cuts = [CutNumber(0), *(cut for cut, _ in read), None]
        between = [
            debits(conn, after=after or CutNumber(0), before=before) for after, before in pairwise(cuts)
        ]
        assert sum(between) == POSTERS * ENTRIES


def test_a_cut_waits_for_who_is_posting_and_only_for_them(database: Database) -> None:
    accounts = accounts_in(database)
    posted, let_go = threading.Event(), threading.Event()

    def post_slowly() -> None:
        with database.transaction(quiet=True) as conn:
            service.post_entries(conn, [entry({accounts[Purpose.CASH]: 1, accounts[Purpose.REVENUE]: -1})])
            posted.set()
            assert let_go.wait(30)

    def take() -> tuple[CutNumber, int]:
        with database.transaction(quiet=True) as conn:
            cut = cut_in(conn)
            return cut, debits(conn, after=CutNumber(0), before=cut)

    with ThreadPoolExecutor(2) as pool:
        posting = pool.submit(post_slowly)
        assert posted.wait(30)
        cutting = pool.submit(take)
        with database.transaction(quiet=True) as conn:
            while not conn.execute(
                "select 1 from pg_locks where locktype = 'advisory' and mode = 'ExclusiveLock' and not granted"
            ).fetchone():
                assert not cutting.done()
        let_go.set()
        posting.result()
        assert cutting.result()[1] == 1


def test_a_cut_that_waits_lets_others_post_and_gives_up_where_somebody_posts_for_ever(
    database: Database,
) -> None:
    accounts = accounts_in(database)
    sale = {accounts[Purpose.CASH]: 1, accounts[Purpose.REVENUE]: -1}

    def take() -> CutNumber | LedgerBusy:
        with database.transaction(quiet=True) as conn:
            return service.take_cut(conn)

    def post() -> None:
        with database.transaction(quiet=True) as conn:
            service.post_entries(conn, [entry(sale)])

    with ThreadPoolExecutor(2) as pool, database.transaction(quiet=True) as slow:
        service.post_entries(slow, [entry(sale)])
        cutting = pool.submit(take)
        while not slow.execute(
            "select 1 from pg_locks where locktype = 'advisory' and mode = 'ExclusiveLock' and not granted"
        ).fetchone():
            assert not cutting.done()
        pool.submit(post).result()
        assert not cutting.done()
        assert cutting.result() == LedgerBusy()
    assert not isinstance(take(), LedgerBusy)


def test_who_took_a_cut_holds_nobody_up_afterwards(database: Database) -> None:
    accounts = accounts_in(database)
    sale = entry({accounts[Purpose.CASH]: 1, accounts[Purpose.REVENUE]: -1}, key=f"sale:{uuid7(NOW)}")
    with database.transaction(quiet=True) as taking, database.transaction(quiet=True) as other:
        first = cut_in(taking)
        assert debits(taking, after=CutNumber(0), before=first) == 0
        service.post_entries(other, [sale])
    with database.transaction(quiet=True) as conn:
        assert debits(conn, after=CutNumber(0), before=first) == 0
        assert debits(conn, after=first, before=None) == 1


@pytest.mark.parametrize("is_undone", [False, True])
def test_a_cut_stands_whatever_becomes_of_who_took_it(database: Database, is_undone: bool) -> None:
    accounts = accounts_in(database)
    conn = database.connect()
    conn.execute("begin")
    first = cut_in(conn)
    conn.execute("rollback" if is_undone else "commit")
    conn.close()
    with database.transaction(quiet=True) as posting:
        service.post_entries(posting, [entry({accounts[Purpose.CASH]: 1, accounts[Purpose.REVENUE]: -1})])
    with database.transaction(quiet=True) as reading:
        assert debits(reading, after=first, before=None) == 1
        assert cut_in(reading) > first
