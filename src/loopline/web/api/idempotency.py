"""Answers kept under an Idempotency-Key, in the transaction of what they answer for.

Two requests with one key at the same moment: the second waits for the first to commit and is given its answer; where
the first was rolled back the second does the work.
"""

from datetime import datetime, timedelta

import msgspec

from loopline.db import Conn, execute, fetch_one, statements
from loopline.kernel.refusals import Refusal

KEPT_FOR = timedelta(hours=24)
SQL = statements(__file__)


class IdempotencyKeyTaken(Refusal, frozen=True, kw_only=True):
    """The Idempotency-Key {key} was used for another request: give every request a key of its own."""

    key: str


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A caller's key, and the hash of what is asked under it."""

    caller: str
    key: str
    content_hash: bytes


class KeptAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What was answered before."""

    content_hash: bytes
    status: int
    body: bytes


def claim(conn: Conn, wanted: Claim, *, now: datetime) -> KeptAnswer | None:
    """Take a key for this transaction; returns what was answered under it before, if anything was.

    Waits for a rival that holds the same key. An answer older than a day is forgotten first.
    """
    taken = execute(
        conn,
        SQL["claim_key"],
        caller=wanted.caller,
        key=wanted.key,
        content_hash=wanted.content_hash,
        now=now,
        forgotten=now - KEPT_FOR,
    )
    if taken:
        return None
    return fetch_one(conn, SQL["kept_answer"], KeptAnswer, caller=wanted.caller, key=wanted.key)


def keep(conn: Conn, wanted: Claim, *, status: int, body: bytes) -> None:
    """Keep the answer under the key this transaction took."""
    execute(conn, SQL["keep_answer"], caller=wanted.caller, key=wanted.key, status=status, body=body)


def keep_conflict(conn: Conn, wanted: Claim, *, now: datetime) -> None:
    """Keep that a key was used for something else."""
    execute(
        conn,
        SQL["keep_conflict"],
        caller=wanted.caller,
        key=wanted.key,
        content_hash=wanted.content_hash,
        now=now,
    )


def sweep_answers(conn: Conn, *, now: datetime, limit: int) -> int:
    """Forget answers older than a day, at most so many; returns how many."""
    return execute(conn, SQL["sweep_answers"], forgotten=now - KEPT_FOR, at_most=limit)
