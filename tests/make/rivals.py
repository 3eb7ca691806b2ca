"""Rivals for tests: pieces of work that all start at one moment, each in a transaction of its own."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from psycopg.errors import SerializationFailure

from loopline.db import Conn, Database

_TRIES_MAX = 20
Outcome = TypeVar("Outcome")


def together(database: Database, work: Sequence[Callable[[Conn], Outcome]]) -> list[Outcome]:
    """Run each piece from one barrier and commit it; outcomes in the order of the pieces.

    One that finds that a rival was faster begins again in a new transaction, as every edge lets it.
    """
    barrier = threading.Barrier(len(work))

    def run(piece: Callable[[Conn], Outcome]) -> Outcome:
        try:
            with database.transaction() as conn:
                conn.execute("select 1")
                barrier.wait()
                return piece(conn)
        except SerializationFailure:
            return again(piece)

    def again(piece: Callable[[Conn], Outcome]) -> Outcome:
        for _ in range(_TRIES_MAX):
            try:
                with database.transaction() as conn:
                    return piece(conn)
            except SerializationFailure:
                continue
        raise AssertionError(f"rivals were faster {_TRIES_MAX} times")

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(run, work))
