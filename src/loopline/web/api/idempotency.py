"""Answers kept under an Idempotency-Key, in the transaction of what they answer for.

Two requests with one key at the same moment: the second waits for the first to commit and is given its answer; where
the first was rolled back the second does the work.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from loopline.db import Conn, execute, fetch_one, fetch_rows, statements
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


def kept_answers(conn: Conn, wanted: Sequence[Claim], *, now: datetime) -> dict[tuple[str, str], KeptAnswer]:
    """Return what was answered within a day under callers' keys, by (caller, key). Takes no key, locks nothing."""
    rows = fetch_rows(
        conn,
        SQL["kept_answers"],
        callers=[one.caller for one in wanted],
        keys=[one.key for one in wanted],
        forgotten=now - KEPT_FOR,
    )
    return {
        (caller, key): KeptAnswer(content_hash=content_hash, status=status, body=body)
        for caller, key, content_hash, status, body in rows
    }


def keep_answers(conn: Conn, answers: Sequence[tuple[Claim, KeptAnswer]], *, now: datetime) -> int:
    """Keep answers under keys that had none; returns how many were kept: fewer where a rival took a key meanwhile.

    Each key at most once. Waits for rivals; locks the rows it makes, by (caller, key).
    """
    return execute(
        conn,
        SQL["keep_answers"],
        callers=[one.caller for one, _ in answers],
        keys=[one.key for one, _ in answers],
        content_hashes=[answer.content_hash for _, answer in answers],
        statuses=[answer.status for _, answer in answers],
        bodies=[answer.body for _, answer in answers],
        now=now,
        forgotten=now - KEPT_FOR,
    )


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
