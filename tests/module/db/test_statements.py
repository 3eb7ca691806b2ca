from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec
import psycopg
import pytest

from loopline.db import (
    Conn,
    Database,
    Statement,
    copy_rows,
    execute,
    fetch,
    fetch_one,
    fetch_values,
    integers,
    statements,
    uuids,
)

HEAD = "-- name: one\n-- Says one.\nselect 1::bigint as n\n"


class Numbered(msgspec.Struct, frozen=True, kw_only=True):
    n: int
    id: UUID


def statement(text: str) -> Statement:
    return Statement(name="test", text=text, comment="For a test.", source="test")  # pyright: ignore[reportArgumentType]


def write(folder: Path, text: str) -> str:
    (folder / "store.sql").write_text(text)
    return str(folder / "store.py")


def test_blocks_are_read_with_their_sentence(tmp_path: Path):
    found = statements(write(tmp_path, HEAD + "\n-- name: two\n-- Says\n-- two.\nselect 2;\n"))
    assert {name: (one.text, one.comment) for name, one in found.items()} == {
        "one": ("select 1::bigint as n", "Says one."),
        "two": ("select 2", "Says two."),
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (HEAD + HEAD, "there twice"),
        ("-- name: bare\nselect 1\n", "needs a sentence"),
        ("-- name: empty\n-- Says nothing.\n", "needs a sentence"),
        ("select 1", "no '-- name:' block"),
    ],
)
def test_a_file_that_is_no_list_of_statements_is_refused(tmp_path: Path, text: str, problem: str):
    with pytest.raises(ValueError, match=problem):
        statements(write(tmp_path, text))


def test_rows_become_records(conn: Conn):
    asked = statement(
        "select n, id from unnest(%(ns)s::bigint[], %(ids)s::uuid[]) as given (n, id) order by n"
    )
    ids = [UUID(int=5), UUID(int=6)]
    assert fetch(conn, asked, Numbered, ns=integers([2, 1]), ids=uuids(ids)) == [
        Numbered(n=1, id=ids[1]),
        Numbered(n=2, id=ids[0]),
    ]
    assert fetch_values(conn, asked, ns=[7], ids=[ids[0]]) == [7]
    assert fetch_one(conn, asked, Numbered, ns=[], ids=[]) is None
    with pytest.raises(ValueError, match="2 rows"):
        fetch_one(conn, asked, Numbered, ns=[1, 2], ids=ids)


def test_a_column_that_is_no_field_of_the_record_does_not_pass(conn: Conn):
    with pytest.raises(msgspec.ValidationError, match="missing required field `id`"):
        fetch(conn, statement("select 1::bigint as n"), Numbered)


def test_copied_rows_are_there_with_their_types(conn: Conn):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    copied = statement("copy log.event (id, type, version, subject, at, actor, data) from stdin")
    rows = [(UUID(int=n), "counted", 1, UUID(int=9), at, "system", b'{"units": 3}') for n in range(3)]
    assert copy_rows(conn, copied, rows) == 3
    found = conn.execute("select id, at, data from log.event order by position").fetchall()
    assert found == [(UUID(int=n), at, {"units": 3}) for n in range(3)]


def test_arrays_of_integers_are_copied_whatever_their_length(conn: Conn):
    conn.execute("create temp table kept (small integer[], large bigint[])")
    rows: list[tuple[list[int] | None, list[int]]] = [
        ([], []),
        ([1], [-(2**63)]),
        (list(range(-5, 60)), [2**63 - 1, 0, -1]),
        (None, [7]),
    ]
    copied = statement("copy pg_temp.kept (small, large) from stdin")
    assert copy_rows(conn, copied, rows) == len(rows)
    assert conn.execute("select small, large from kept").fetchall() == rows


def test_a_transaction_that_breaks_leaves_nothing(database: Database):
    named = statement("insert into log.follower (name) values (%(name)s::text)")

    def broken() -> None:
        with database.transaction() as conn:
            assert execute(conn, named, name="half") == 1
            raise LookupError

    with pytest.raises(LookupError):
        broken()
    with database.reading() as conn:
        assert conn.execute("select count(*) from log.follower").fetchone() == (0,)


def test_a_reading_transaction_cannot_write(database: Database):
    with database.reading() as conn, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        conn.execute("insert into log.follower (name) values ('x')")


def test_the_serving_role_has_no_power_over_the_log(database: Database):
    for forbidden in ("delete from log.event", "update log.event set actor = 'x'", "truncate log.event"):
        with database.transaction() as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute(forbidden)
        # the refusal broke the transaction; the next one is a new one
    with database.reading() as conn:
        found = conn.execute(
            "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles where rolname = current_user"
        ).fetchone()
    assert found == (False, False, False, False)
