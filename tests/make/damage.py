"""Damage as only the owner of a database can do it, in a transaction that is rolled back afterwards."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import LiteralString

import psycopg

from loopline.db import Check, Conn, Database, Finding, run_check


@contextmanager
def as_owner(database: Database) -> Generator[Conn, None, None]:
    """A transaction as the owner of which nothing stays."""
    with database.owner_transaction() as conn:
        yield conn
        raise psycopg.Rollback


def findings(conn: Conn, checks: Sequence[Check]) -> dict[str, list[Finding]]:
    """What is broken, by the name of the check; checks that hold are left out."""
    found = {check.name: run_check(conn, check) for check in checks}
    return {name: broken for name, broken in found.items() if broken}


def plant(conn: Conn, *statements: LiteralString) -> None:
    """Do the damage; each statement must touch something, unless it changes the schema."""
    for statement in statements:
        cursor = conn.execute(statement)
        assert statement.lstrip().startswith("alter") or cursor.rowcount > 0, statement


def repaired(conn: Conn, finding: Finding) -> None:
    """Run the repair that a finding names."""
    conn.execute(finding.repair.encode())
