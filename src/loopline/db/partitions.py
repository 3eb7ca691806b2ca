"""Month partitions of tables whose key is a UUIDv7: the id says the month, so no row needs to be asked."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import LiteralString, cast

import msgspec
from psycopg import sql

from loopline.db.rows import Conn, fetch_rows
from loopline.db.statements import statements
from loopline.kernel.ids import first_id_of

SQL = statements(__file__)
PARTITIONED_TABLES = ("orders.line", "orders.order", "orders.quote")


def ensure_months(conn: Conn, *, first: date, last: date) -> list[str]:
    """Make the partitions of every month from that of `first` to that of `last`, both included, where missing.

    As the owner. Returns the names of those made. Rows of such a month that came before their partition lie in the
    default one and are moved. Holds up writers of these tables until the transaction ends: make months ahead. Gives up
    (LockNotAvailable) rather than queue for long before everybody else; the default partition serves meanwhile.
    """
    fetch_rows(conn, SQL["take_turn"])
    found = fetch_rows(conn, SQL["partitions"], tables=list(PARTITIONED_TABLES))
    there = {(table, partition) for table, partition, _ in found}
    # What a table's default partition is stored with holds for its months too.
    options = {table: settings for table, partition, settings in found if partition.endswith("_default")}
    missing = [
        _Month(table=table, start=start, end=end, options=options.get(table) or "")
        for table in PARTITIONED_TABLES
        for start, end in _months(first, last)
        if (table, _name(table, start)) not in there
    ]
    for month in missing:  # a few months of three tables: bounded
        _make(conn, month)
    return [_name(month.table, month.start) for month in missing]


class _Month(msgspec.Struct, frozen=True, kw_only=True):
    """A month of a table that has no partition yet."""

    table: str
    start: datetime
    end: datetime
    options: str

    @property
    def parent(self) -> sql.Identifier:
        return sql.Identifier(*self.table.split("."))

    @property
    def partition(self) -> sql.Identifier:
        return sql.Identifier(self.table.split(".")[0], _name(self.table, self.start))

    @property
    def default(self) -> sql.Identifier:
        return sql.Identifier(*f"{self.table}_default".split("."))


def _name(table: str, start: datetime) -> str:
    return f"{table.split('.')[1]}_{start:%Y_%m}"


def _make(conn: Conn, month: _Month) -> None:
    """Make the partition beside its table, fill it with what the default one holds of it, and attach it."""
    storage = sql.SQL(cast("LiteralString", f" with ({month.options})" if month.options else ""))
    bounds = {"start": first_id_of(month.start), "end": first_id_of(month.end)}
    conn.execute(
        sql.SQL(
            "create table {} (like {} including defaults including generated including constraints){}"
        ).format(month.partition, month.parent, storage)
    )
    key, *_ = columns = _columns(conn, month.table)
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    conn.execute(sql.SQL("lock table {} in access exclusive mode").format(month.parent))
    conn.execute(
        sql.SQL(
            "with moved as (delete from {} where {} >= %(start)s and {} < %(end)s returning *)"
            " insert into {} ({}) select {} from moved"
        ).format(month.default, sql.Identifier(key), sql.Identifier(key), month.partition, names, names),
        bounds,
    )
    conn.execute(
        sql.SQL("alter table {} attach partition {} for values from ({}) to ({})").format(
            month.parent, month.partition, sql.Literal(bounds["start"]), sql.Literal(bounds["end"])
        )
    )


def _columns(conn: Conn, table: str) -> list[str]:
    """The columns of a table that are written, the partition key first: it is the first column of each of them."""
    return [row[0] for row in fetch_rows(conn, SQL["written_columns"], table_name=table)]


def _months(first: date, last: date) -> Iterator[tuple[datetime, datetime]]:
    start = datetime(first.year, first.month, 1, tzinfo=UTC)
    while start.date() <= last:
        end = datetime(start.year + start.month // 12, start.month % 12 + 1, 1, tzinfo=UTC)
        yield start, end
        start = end
