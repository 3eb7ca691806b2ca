"""`settle`: sales posted to the ledger through its service, against the raw limit of writing the same rows.

A sale has seven postings: what the customer owes, tax, and five parties' shares; keys, content hashes, the rule that
every part sums to zero, by us and by the database, and the upkeep of balances are on. Raw is a COPY of the same rows
into the same emptied tables, a transaction a batch, the best of one to four connections.
"""

import multiprocessing
import threading
from collections.abc import Sequence
from time import perf_counter
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from bench.ledger import AMOUNTS, ledger_accounts, sales_of
from bench.workplace import batches, new_database
from loopline.db import Database
from loopline.db.database import Addresses
from loopline.kernel import garbage
from loopline.kernel.ids import AccountId
from loopline.ledger import service
from loopline.ledger.model import Posted

SALES = 40_000
BATCH = 2_000
WRITERS = 2
CONNECTIONS_MOST = 4
_TABLES = ("ledger.entry", "ledger.entry_part", "ledger.balance_change")


def report() -> dict[str, Any]:
    """Post by one process and by two, then write the same rows raw; rates are of postings."""
    with new_database() as database:
        accounts = ledger_accounts(database)
        postings = SALES * len(AMOUNTS)
        by_writers = {count: postings / _post(database, accounts, writers=count) for count in (1, WRITERS)}
        rows = _read(database)
        raw = {
            count: postings / _copy(database, rows, connections=count)
            for count in range(1, CONNECTIONS_MOST + 1)
        }
        best, most = max(by_writers.values()), max(raw.values())
        return {
            "postings": postings,
            "postings_per_s": round(best),
            "postings_per_s_by_one": round(by_writers[1]),
            "raw_postings_per_s": round(most),
            "raw_connections": max(raw, key=lambda count: raw[count]),
            "ratio_to_raw": round(best / most, 3),
        }


def _post(database: Database, accounts: Sequence[AccountId], *, writers: int) -> float:
    """Post all sales anew by so many processes at once; return the seconds."""
    _empty(database)
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(writers)
    with spawn.Pool(writers, initializer=_begin, initargs=(barrier,)) as pool:
        tasks = [
            pool.apply_async(_write, (database.addresses, list(accounts), SALES // writers))
            for _ in range(writers)
        ]
        done = [task.get() for task in tasks]
    return max(ended for _, ended in done) - min(started for started, _ in done)


_barrier: Any = None


def _begin(barrier: Any) -> None:
    """Start as every process of Loopline that works in batches does."""
    global _barrier  # noqa: PLW0603 - a process of the pool has one
    garbage.search_seldom()
    _barrier = barrier


def _write(addresses: Addresses, accounts: list[AccountId], count: int) -> tuple[float, float]:
    database = Database(addresses)
    sales = sales_of(accounts, count)
    _barrier.wait()
    started = perf_counter()
    for batch in batches(count, BATCH):
        with database.transaction(is_routine=True) as conn:
            outcomes = service.post_entries(conn, sales[batch.start : batch.stop])
        assert all(isinstance(outcome, Posted) for outcome in outcomes), outcomes[0]
    ended = perf_counter()
    database.close()
    return started, ended


def _empty(database: Database) -> None:
    with psycopg.connect(database.addresses.owner, autocommit=True) as conn:
        conn.execute(f"truncate {', '.join(_TABLES)} cascade")
        conn.execute("truncate ledger.folded_balance")


def _read(database: Database) -> list[dict[str, bytes]]:
    """Return what was written, batch by batch, in COPY's binary format; of balances what one batch changes."""
    with psycopg.connect(database.addresses.owner, autocommit=True) as conn:
        ids = [row[0] for row in conn.execute("select id::text from ledger.entry order by id")]
        return [
            {
                "ledger.entry": _copied(conn, "select * from ledger.entry where id = any(%s::uuid[])", some),
                "ledger.entry_part": _copied(
                    conn, "select * from ledger.entry_part where entry_id = any(%s::uuid[])", some
                ),
                "ledger.balance_change": _copied(
                    conn,
                    "select number, sum(amount)::bigint, count(*)::bigint from ledger.entry_part as part"
                    " cross join lateral unnest(part.account_numbers, part.amounts_minor) as posting (number, amount)"
                    " where part.entry_id = any(%s::uuid[]) group by number order by number",
                    some,
                ),
            }
            for some in (ids[batch.start : batch.stop] for batch in batches(len(ids), BATCH))
        ]


def _copied(conn: psycopg.Connection, query: LiteralString, ids: list[str]) -> bytes:
    copy_out = sql.SQL("copy ({}) to stdout (format binary)").format(sql.SQL(query))
    with conn.cursor() as cursor, cursor.copy(copy_out, (ids,)) as copy:
        return b"".join(bytes(part) for part in copy)


def _copy(database: Database, rows: Sequence[dict[str, bytes]], *, connections: int) -> float:
    """Write the rows raw into the emptied tables; return the seconds."""
    _empty(database)
    barrier = threading.Barrier(connections + 1)

    def work(place: int) -> None:
        with psycopg.connect(database.addresses.owner, autocommit=True) as conn:
            barrier.wait()
            for batch in rows[place::connections]:
                with conn.transaction(), conn.cursor() as cursor:
                    for table in _TABLES:
                        into = sql.SQL("copy {} from stdin (format binary)").format(
                            sql.Identifier(*table.split("."))
                        )
                        with cursor.copy(into) as copy:
                            copy.write(batch[table])

    threads = [threading.Thread(target=work, args=(place,)) for place in range(connections)]
    for thread in threads:
        thread.start()
    barrier.wait()
    started = perf_counter()
    for thread in threads:
        thread.join()
    return perf_counter() - started
