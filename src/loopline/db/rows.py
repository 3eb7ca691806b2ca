"""Run named statements and turn their rows into records."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Any, TypeVar, cast
from uuid import UUID

import msgspec
import psycopg
from psycopg import sql
from psycopg.errors import UniqueViolation
from psycopg.rows import TupleRow
from psycopg.types.string import BytesBinaryDumper

from loopline.db.statements import Statement

Conn = psycopg.Connection[TupleRow]
Record = TypeVar("Record", bound=msgspec.Struct)

# The driver would spell each `bytes` of a COPY in Python, for the sake of DB-API's `Binary`, which nobody here uses.
psycopg.adapters.register_dumper(bytes, BytesBinaryDumper)

_STREAMED_AT_ONCE = 2_000
_columns: dict[tuple[str, str], "_Columns"] = {}


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
        columns = _copy_columns(cursor, statement)
        moments: dict[datetime, int] = {}
        with cursor.copy(columns.text) as copy:
            copy.set_types(columns.types)
            write = copy.write_row
            for row in rows:
                spelt = list(row)
                for place in columns.uuids:
                    value = spelt[place]
                    if value is not None:
                        spelt[place] = value.int.to_bytes(16, "big")
                for place in columns.moments:
                    value = spelt[place]
                    if value is not None:
                        known = moments.get(value)
                        spelt[place] = (
                            moments.setdefault(value, _microseconds(value)) if known is None else known
                        )
                for place, spell in columns.arrays:
                    value = spelt[place]
                    if value is not None:
                        spelt[place] = spell(value)
                write(spelt)
                count += 1
    return count


def copy_rows_if_free(conn: Conn, statement: Statement, rows: Iterable[Sequence[Any]]) -> bool:
    """Write rows as `copy_rows` does, all of them or none: False where a unique key of one is taken.

    Waits for a rival that writes one of the keys. A savepoint stands around it: the transaction goes on either way.
    """
    try:
        with conn.transaction():
            copy_rows(conn, statement, rows)
    except UniqueViolation:
        return False
    return True


class _Columns(msgspec.Struct, frozen=True, kw_only=True):
    """The text and the columns of a COPY: the types as they are sent, and the places of those that we spell ourselves.

    A UUID is sent as its bytes, a moment as its microseconds since 2000, and an array of integers as its head and its
    elements, which is what PostgreSQL's binary format of them is; the driver's own way takes four times as long, of
    arrays twenty times.
    """

    text: bytes
    types: list[int]
    uuids: tuple[int, ...]
    moments: tuple[int, ...]
    arrays: tuple[tuple[int, Callable[[Sequence[int]], bytes]], ...]


_UUID, _BYTEA, _TIMESTAMPTZ, _INT8, _INT4 = 2950, 17, 1184, 20, 23
_INT4_ARRAY, _INT8_ARRAY = 1007, 1016
_SENT_AS = {_UUID: _BYTEA, _TIMESTAMPTZ: _INT8, _INT4_ARRAY: _BYTEA, _INT8_ARRAY: _BYTEA}
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def _array_of(element: int, size: int, letter: str) -> Callable[[Sequence[int]], bytes]:
    """Return what spells an array of integers: dimensions, nulls, type, length, first index; each with its size."""
    layouts: dict[int, Struct] = {}
    empty = Struct(">3i").pack(0, 0, element)

    def spell(values: Sequence[int]) -> bytes:
        count = len(values)
        if not count:
            return empty
        layout = layouts.get(count)
        if layout is None:
            layout = layouts[count] = Struct(">5i" + f"i{letter}" * count)
        sized = [size] * (2 * count)
        sized[1::2] = values
        return layout.pack(1, 0, element, count, 1, *sized)

    return spell


_ARRAYS = {_INT4_ARRAY: _array_of(_INT4, 4, "i"), _INT8_ARRAY: _array_of(_INT8, 8, "q")}


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


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
    every = list(values)
    if every and None not in every:
        plain = '","'.join(cast("list[str]", every))
        if "\\" not in plain and plain.count('"') == 2 * (len(every) - 1):
            return '{"' + plain + '"}'
    return "{" + ",".join(["null" if value is None else _quoted(value) for value in every]) + "}"


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


def _copy_columns(cursor: psycopg.Cursor[TupleRow], statement: Statement) -> _Columns:
    info = cursor.connection.info
    key = (f"{info.host}:{info.port}/{info.dbname}", statement.text)
    found = _columns.get(key)
    if found is None:
        target = statement.text.removeprefix("copy").rsplit("from", 1)[0].strip()
        table, columns = target.rstrip(")").split("(", 1)
        probe = sql.SQL("select {} from {} limit 0").format(
            sql.SQL(columns),
            sql.SQL(table),
        )
        cursor.execute(probe)
        types = [column.type_code for column in cursor.description or ()]
        found = _columns[key] = _Columns(
            text=f"{statement.text} with (format binary)".encode(),
            types=[_SENT_AS.get(one, one) for one in types],
            uuids=tuple(place for place, one in enumerate(types) if one == _UUID),
            moments=tuple(place for place, one in enumerate(types) if one == _TIMESTAMPTZ),
            arrays=tuple((place, _ARRAYS[one]) for place, one in enumerate(types) if one in _ARRAYS),
        )
    return found
