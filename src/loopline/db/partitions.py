"""Month partitions of tables whose key is a UUIDv7: the id says the month, so no row needs to be asked."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import LiteralString, cast

from psycopg import sql

from loopline.db.rows import Conn, fetch_rows
from loopline.db.statements import statements
from loopline.kernel.ids import first_id_of

SQL = statements(__file__)
PARTITIONED_TABLES = ("orders.line", "orders.order", "orders.quote")


def ensure_months(conn: Conn, *, first: date, last: date) -> list[str]:
    """Make the partitions of every month from that of `first` to that of `last`, both included, where missing.

    As the owner. Returns the names of those made. Holds up writers of these tables for a moment; fails, and changes
    nothing, when the default partition already holds rows of such a month.
    """
    found = fetch_rows(conn, SQL["partitions"], tables=list(PARTITIONED_TABLES))
    there = {(table, partition) for table, partition, _ in found}
    # What a table's default partition is stored with holds for its months too.
    options = {table: settings for table, partition, settings in found if partition.endswith("_default")}
    made: list[str] = []
    for table in PARTITIONED_TABLES:  # three tables, a few months: bounded
        for start, end in _months(first, last):
            name = f"{table.split('.')[1]}_{start:%Y_%m}"
            if (table, name) in there:
                continue
            conn.execute(
                sql.SQL("create table {} partition of {} for values from ({}) to ({}){}").format(
                    sql.Identifier(table.split(".")[0], name),
                    sql.Identifier(*table.split(".")),
                    sql.Literal(first_id_of(start)),
                    sql.Literal(first_id_of(end)),
                    sql.SQL(cast("LiteralString", f" with ({options[table]})") if options.get(table) else ""),
                )
            )
            made.append(name)
    return made


def _months(first: date, last: date) -> Iterator[tuple[datetime, datetime]]:
    start = datetime(first.year, first.month, 1, tzinfo=UTC)
    while start.date() <= last:
        end = datetime(start.year + start.month // 12, start.month % 12 + 1, 1, tzinfo=UTC)
        yield start, end
        start = end
