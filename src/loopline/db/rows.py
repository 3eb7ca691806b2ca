"""Run named statements and turn their rows into records."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from loopline.db.statements import Statement

Conn = psycopg.Connection[TupleRow]
Record = TypeVar("Record", bound=msgspec.Struct)

_STREAMED_AT_ONCE = 2_000
_column_types: dict[tuple[str, str], list[int]] = {}


def fetch(conn: Conn, statement: Statement, record: type[Record], **parameters: Any) -> list[Record]:
    """Run a statement and return its rows as records; its columns carry the names of the record's fields."""
    with conn.cursor(binary=True) as cursor:
        cursor.execute(statement.text, parameters)
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return msgspec.convert(rows, list[record])


def fetch_one(conn: Conn, statement: Statement, record: type[Record], **parameters: Any) -> Record | None:
    """Run a statement that yields at most one row; more is a bug."""
    found = fetch(conn, statement, record, **parameters)
    if len(found) > 1:
        raise ValueError(f"{statement.name} returned {len(found)} rows where at most one was expected")
    return found[0] if found else None


def fetch_rows(conn: Conn, statement: Statement, **parameters: Any) -> list[TupleRow]:
    """Run a statement and return its rows as they come, for hot paths that build no record."""
    with conn.cursor(binary=True) as cursor:
        return cursor.execute(statement.text, parameters).fetchall()


def fetch_values(conn: Conn, statement: Statement, **parameters: Any) -> list[Any]:
    """Run a statement and return its first column."""
    return [row[0] for row in fetch_rows(conn, statement, **parameters)]


def stream_rows(
    conn: Conn, statement: Statement, **parameters: Any
) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
    """Run a statement and return its columns and, as they are asked for, its rows: of any number in little memory.

    Read them inside the transaction, and to their end.
    """
    cursor = conn.cursor(name=f"stream_{statement.name}", binary=True)
    cursor.itersize = _STREAMED_AT_ONCE
    cursor.execute(statement.text, parameters)
    names = tuple(column.name for column in cursor.description or ())

    def rows() -> Iterator[tuple[Any, ...]]:
        with cursor:
            yield from cursor

    return names, rows()


def execute(conn: Conn, statement: Statement, **parameters: Any) -> int:
    """Run a statement for its effect and return the number of rows it touched."""
    return conn.execute(statement.text, parameters).rowcount


def copy_rows(conn: Conn, statement: Statement, rows: Iterable[Sequence[Any]]) -> int:
    """Write many new rows with a `copy table (columns) from stdin` statement and return how many there were.

    Binary COPY; the columns' types are asked of the database once per process. The fastest way in: about five times
    as fast as an insert from arrays.
    """
    count = 0
    with conn.cursor() as cursor:
        types = _copy_types(cursor, statement)
        with cursor.copy(sql.SQL("{} with (format binary)").format(sql.SQL(statement.text))) as copy:
            copy.set_types(types)
            write = copy.write_row
            for row in rows:
                write(row)
                count += 1
    return count


def uuids(values: Iterable[UUID | None]) -> str:
    """Spell many UUIDs as one array literal: for arrays of thousands, where adapting each one costs more than SQL.

    Cast it in the statement: `unnest(%(ids)s::uuid[])`. None becomes null.
    """
    return "{" + ",".join(["null" if value is None else f"{value.int:032x}" for value in values]) + "}"


def integers(values: Iterable[int]) -> str:
    """Spell many integers as one array literal; cast it in the statement: `%(units)s::bigint[]`."""
    return "{" + ",".join(map(str, values)) + "}"


def texts(values: Iterable[str | None]) -> str:
    """Spell many texts as one array literal; cast it in the statement: `%(codes)s::text[]`. None becomes null.

    The texts must be storable: without the character NUL.
    """
    return "{" + ",".join(["null" if value is None else _quoted(value) for value in values]) + "}"


def _quoted(value: str) -> str:
    return f'"{value}"' if value.isalnum() else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def byte_strings(values: Iterable[bytes]) -> str:
    """Spell many byte strings as one array literal; cast it in the statement: `%(hashes)s::bytea[]`."""
    return "{" + ",".join([f'"\\\\x{value.hex()}"' for value in values]) + "}"


def moments(values: Iterable[datetime | None]) -> str:
    """Spell moments as one array literal; cast it in the statement: `%(at)s::timestamptz[]`. None becomes null.

    The same moment is spelt once: a batch has few different ones.
    """
    spelt: dict[datetime | None, str] = {None: "null"}
    parts: list[str] = []
    for value in values:
        found = spelt.get(value)
        if found is None:
            assert value is not None
            found = spelt[value] = f'"{value.isoformat()}"'
        parts.append(found)
    return "{" + ",".join(parts) + "}"


def _copy_types(cursor: psycopg.Cursor[TupleRow], statement: Statement) -> list[int]:
    info = cursor.connection.info
    key = (f"{info.host}:{info.port}/{info.dbname}", statement.text)
    types = _column_types.get(key)
    if types is None:
        target = statement.text.removeprefix("copy").rsplit("from", 1)[0].strip()
        table, columns = target.rstrip(")").split("(", 1)
        probe = sql.SQL("select {} from {} limit 0").format(
            sql.SQL(columns),
            sql.SQL(table),
        )
        cursor.execute(probe)
        types = _column_types[key] = [column.type_code for column in cursor.description or ()]
    return types
