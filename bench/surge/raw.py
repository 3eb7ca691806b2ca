"""The limit that placing is held against: the same rows into the same tables, by COPY, and nothing else.

What a run of placing wrote is read back batch by batch, the tables are emptied, and each batch goes in again as one
transaction: a COPY per table and one update of the stock rows. The best of one to four connections counts.
"""

import threading
from collections.abc import Sequence
from time import perf_counter

import msgspec
import psycopg

from loopline.db import Database

TABLES = {
    "orders.known": "order_id",
    "orders.order": "id",
    "orders.line": "order_id",
    "orders.quote": "order_id",
    "orders.unpaid": "order_id",
    "stock.hold": "order_id",
    "log.event": "subject",
}
"""Where placing writes, and by which column the rows are an order's."""
_CONNECTIONS_MOST = 4
# Rows of stock are locked by all batches: one after the other, as their locks would have it anyway.
_STOCK_TURN = 77_001


class _Batch(msgspec.Struct, frozen=True):
    """The rows of a batch in COPY's binary format, by table, and what its orders hold by node and SKU."""

    rows: dict[str, bytes]
    node_ids: list[str]
    sku_ids: list[str]
    units: list[int]


def raw_orders_per_second(database: Database, batches: Sequence[Sequence[str]]) -> tuple[float, int]:
    """Return the best rate, and by how many connections; `batches` are the ids of the orders of each."""
    with psycopg.connect(database.addresses.owner, autocommit=True) as conn:
        columns = {table: ", ".join(columns_of(conn, table)) for table in TABLES}
        read = [_read(conn, ids, columns) for ids in batches]
    orders = sum(len(ids) for ids in batches)
    best = (0.0, 0)
    for connections in range(1, _CONNECTIONS_MOST + 1):
        with psycopg.connect(database.addresses.owner, autocommit=True) as conn:
            conn.execute(f"truncate {', '.join(TABLES)}")  # pyright: ignore[reportCallIssue, reportArgumentType]
        seconds = _write(database, read, columns, connections=connections)
        best = max(best, (orders / seconds, connections))
    return best


def columns_of(conn: psycopg.Connection, table: str) -> list[str]:
    """Return the names of the columns that a writer of the table gives, quoted."""
    rows = conn.execute(
        "select quote_ident(attname) from pg_attribute"
        " where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = ''"
        " and not (attrelid = 'log.event'::regclass and attname = 'position') order by attnum",
        (table,),
    ).fetchall()
    return [str(row[0]) for row in rows]


def _read(conn: psycopg.Connection, ids: Sequence[str], columns: dict[str, str]) -> _Batch:
    rows: dict[str, bytes] = {}
    for table, key in TABLES.items():
        query = f"copy (select {columns[table]} from {table} where {key} = any(%s::uuid[])) to stdout (format binary)"  # noqa: S608
        with conn.cursor() as cursor, cursor.copy(query, (list(ids),)) as copy:  # pyright: ignore[reportArgumentType]
            rows[table] = b"".join(bytes(part) for part in copy)
    held = conn.execute(
        "select step::text, hold.sku_id::text, sum(hold.units)::bigint from stock.hold"
        " join stock.node on node.id = hold.node_id cross join unnest(node.path) as step"
        " where hold.order_id = any(%s::uuid[]) group by 1, 2 order by 1, 2",
        (list(ids),),
    ).fetchall()
    return _Batch(
        rows, [str(row[0]) for row in held], [str(row[1]) for row in held], [int(row[2]) for row in held]
    )


def _write(
    database: Database, batches: Sequence[_Batch], columns: dict[str, str], *, connections: int
) -> float:
    barrier = threading.Barrier(connections + 1)

    def work(place: int) -> None:
        with psycopg.connect(database.addresses.owner, autocommit=True) as conn:
            barrier.wait()
            for batch in batches[place::connections]:
                _write_one(conn, batch, columns)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(connections)]
    for thread in threads:
        thread.start()
    barrier.wait()
    started = perf_counter()
    for thread in threads:
        thread.join()
    return perf_counter() - started


def _write_one(conn: psycopg.Connection, batch: _Batch, columns: dict[str, str]) -> None:
    with conn.transaction(), conn.cursor() as cursor:
        for table, rows in batch.rows.items():
            query = f"copy {table} ({columns[table]}) from stdin (format binary)"
            with cursor.copy(query) as copy:  # pyright: ignore[reportArgumentType]
                copy.write(rows)
        cursor.execute("select pg_advisory_xact_lock(%s)", (_STOCK_TURN,))
        cursor.execute(
            "update stock.node_stock as level set held = level.held + change.units"
            " from unnest(%s::uuid[], %s::uuid[], %s::bigint[]) as change (node_id, sku_id, units)"
            " where level.node_id = change.node_id and level.sku_id = change.sku_id",
            (batch.node_ids, batch.sku_ids, batch.units),
        )
