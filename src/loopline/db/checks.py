"""Checks: what `loopline doctor` proves. A check is a statement that returns what is broken; no rows mean it holds."""

from typing import Any

import msgspec

from loopline.db.rows import Conn, fetch
from loopline.db.statements import Statement


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One broken thing: what it is about, what was found, what should be there, and the smallest repair."""

    subject: str
    found: str
    expected: str
    repair: str


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One promise the database keeps. `invariant` is its number in the list of invariants of the design."""

    name: str
    invariant: int
    statement: Statement
    parameters: dict[str, Any] = {}


def run_check(conn: Conn, check: Check) -> list[Finding]:
    """Return what breaks a promise, in the order the statement gives."""
    return fetch(conn, check.statement, Finding, **check.parameters)
