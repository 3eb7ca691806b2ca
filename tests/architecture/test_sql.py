"""Every SQL statement compiles against the migrated schema, and no room's SQL names another room's schema."""

import re
from contextlib import suppress

import psycopg
import pytest

from loopline.db import Conn, Statement
from loopline.db.rows import _copy_columns
from tests.architecture.sources import SOURCE, all_statements, statement_files

ROOMS = {
    "org", "catalogue", "pricing", "stock", "orders", "payments", "purchasing", "sourcing", "fulfilment", "returns",
    "ledger", "sharing", "customers", "loyalty", "touchpoints", "engagement", "reviews", "tracing", "integrity",
    "search", "log", "jobs", "insight", "promises", "payouts", "invoices",
    "slots", "notices",
    "statements",
}  # fmt: skip
EXCEPTIONS = {"org.published_scope"}
PARAMETER = re.compile(r"%\((\w+)\)s")
QUALIFIED = re.compile(r"\b([a-z_]+)\.([a-z_]+)")


@pytest.mark.parametrize("statement", all_statements(), ids=lambda one: f"{one.source}:{one.name}")
def test_compiles(conn: Conn, statement: Statement):
    parameters = dict.fromkeys(PARAMETER.findall(statement.text))
    with conn.cursor() as cursor:
        if statement.text.lower().startswith("copy"):
            assert _copy_columns(cursor, statement)
            return
        # What cannot be explained is run; the test's transaction is rolled back.
        explain = b"" if statement.text.lower().startswith("truncate") else b"explain "
        # A null refused while a constant is folded means that it compiled.
        with suppress(psycopg.errors.NullValueNotAllowed):
            cursor.execute(explain + statement.text.encode(), parameters)


@pytest.mark.parametrize("statement", all_statements(), ids=lambda one: f"{one.source}:{one.name}")
def test_parameters_are_cast(statement: Statement):
    """A parameter without a cast has the type the server guesses, and null compiles as anything."""
    uncast = [
        found.group(1)
        for found in PARAMETER.finditer(statement.text)
        if not _is_cast(statement.text, found.end())
    ]
    assert uncast == []


def _is_cast(text: str, end: int) -> bool:
    return text[end : end + 2] == "::"


def test_a_room_names_its_own_schema_only(conn: Conn):
    """Whatever of a statement is the name of a table or view; an alias may be called like a schema."""
    relations = {
        f"{schema}.{name}"
        for schema, name in conn.execute(
            "select nspname, relname from pg_class join pg_namespace on pg_namespace.oid = relnamespace"
            " where relkind in ('r', 'p', 'v', 'm', 'S')"
        )
    }
    assert "orders.line" in relations
    wrong: list[str] = []
    for statement in all_statements():
        folder = statement.source.split("/", maxsplit=1)[0]
        if folder not in ROOMS:
            continue
        code = re.sub(r"'[^']*'", "''", statement.text)
        for schema, name in QUALIFIED.findall(code):
            relation = f"{schema}.{name}"
            if relation not in relations or schema == folder or relation in EXCEPTIONS:
                continue
            if name.startswith("published_") and (folder == "insight" or schema == "catalogue"):
                continue
            wrong.append(f"{statement.source}:{statement.name} names {relation}")
    assert wrong == []


def test_there_are_statements_to_check():
    assert len(statement_files()) > 5
    assert (SOURCE / "db" / "log.sql") in statement_files()
