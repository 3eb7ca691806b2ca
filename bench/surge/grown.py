"""`grown`: the rates of placing on empty tables, and again with five million orders in them."""

import threading
from collections.abc import Sequence
from time import perf_counter
from typing import Any
from uuid import UUID

import psycopg

from bench.surge.asks import messages
from bench.surge.brand import Brand, found_brand
from bench.surge.place import BATCH, best_in_process, place, single_orders
from bench.surge.raw import TABLES, columns_of
from bench.workplace import new_database
from loopline.db import Addresses, Database, uuids
from tests.make.api import make_key
from tests.make.customers import ring

ORDERS = 5_000_000
PATTERNS = 10 * BATCH
"""Nine in ten are sales that were carried out; the last ones are asks that hold goods and wait to be paid."""
COPIES_AT_ONCE = 20
FILLERS = 2
MEMBERS = 60_000
"""So many that each has some eight orders unpaid at the end, more than a brand lets anybody have."""
_OWN = ("id", "order_id", "line_id", "subject")


def report() -> dict[str, Any]:
    """Measure, fill, measure again. What fills was placed, and is copied with numbers of its own, older than all."""
    with new_database() as database:
        brand = found_brand(database, ring=ring(), members=MEMBERS)
        token = make_key(database, branch="HX")
        empty = _rates(database, brand, token, tag="empty")
        started = perf_counter()
        _fill(database, brand)
        filling = perf_counter() - started
        with database.owner_transaction() as owner:
            row = owner.execute(
                'select count(*), pg_database_size(current_database()) from orders."order"'
            ).fetchone()
        assert row is not None
        full = _rates(database, brand, token, tag="full")
    return {
        "orders": int(row[0]),
        "database_gib": round(int(row[1]) / 2**30, 1),
        "filled_orders_per_s": round(ORDERS / filling),
        **{f"empty_{what}": rate for what, rate in empty.items()},
        **{f"full_{what}": rate for what, rate in full.items()},
        **{f"ratio_{what}": round(full[what] / empty[what], 3) for what in empty},
    }


def _rates(database: Database, brand: Brand, token: str, *, tag: str) -> dict[str, float]:
    best, _ = best_in_process(database, brand, tag=tag)
    single = single_orders(database, brand, token, tag=tag)
    return {"orders_per_s": best["orders_per_s"], "http_orders_per_s": single["http_orders_per_s"]}


def _fill(database: Database, brand: Brand) -> None:
    patterns: list[str] = []
    for start in range(0, PATTERNS, BATCH):
        is_sold = start + BATCH < PATTERNS
        patterns += place(database, messages(brand, f"fill-{start}", BATCH, seed=start, is_sold=is_sold))
    with psycopg.connect(database.addresses.owner, autocommit=True) as conn:
        copying = [_copying(conn, table, of_order) for table, of_order in TABLES.items()]
    times = ORDERS // PATTERNS
    rows = {"patterns": uuids(map(UUID, patterns)), "members": uuids(brand.members)}
    fillers = [
        threading.Thread(target=_copy, args=(database.addresses, copying, rows, range(first, times, FILLERS)))
        for first in range(FILLERS)
    ]
    for filler in fillers:
        filler.start()
    for filler in fillers:
        filler.join()
    with database.owner_transaction() as owner:
        owner.execute("analyze")


def _copying(conn: psycopg.Connection, table: str, of_order: str) -> str:
    """Spell what copies the patterns' rows of a table for each number: ids and numbers of their own."""
    columns = columns_of(conn, table)
    chosen = ", ".join(_copied(column, of_order) for column in columns)
    return (
        f"insert into {table} ({', '.join(columns)}) select {chosen}"  # noqa: S608 - names out of the catalogue
        f" from unnest(%(numbers)s::integer[]) as copy (number) cross join {table} as pattern"
        f" where pattern.{of_order} = any(%(patterns)s::uuid[]) order by copy.number, pattern.{of_order}"
    )


def _copied(column: str, of_order: str) -> str:
    if column in _OWN:
        return f"(lpad(to_hex(copy.number), 8, '0') || substr(pattern.{column}::text, 9))::uuid"
    if column == "external_number":
        return "pattern.external_number || '-' || copy.number"
    if column == "member_id":
        drawn = f"abs(hashtext(pattern.{of_order}::text || copy.number)) %% cardinality(%(members)s::uuid[])"
        return f"case when pattern.member_id is not null then (%(members)s::uuid[])[1 + {drawn}] end"
    return f"pattern.{column}"


def _copy(addresses: Addresses, copying: Sequence[str], rows: dict[str, str], numbers: Sequence[int]) -> None:
    with psycopg.connect(addresses.owner, autocommit=True) as conn:
        for start in range(0, len(numbers), COPIES_AT_ONCE):
            with conn.transaction():
                for statement in copying:
                    asked = {"numbers": list(numbers[start : start + COPIES_AT_ONCE]), **rows}
                    conn.execute(statement, asked)  # pyright: ignore[reportArgumentType]
