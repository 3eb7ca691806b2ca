"""Rivals for tests: pieces of work that all start at one moment, each in a transaction of its own."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from loopline.db import Conn, Database

Outcome = TypeVar("Outcome")


def together(database: Database, work: Sequence[Callable[[Conn], Outcome]]) -> list[Outcome]:
    """Run each piece from one barrier and commit it; outcomes in the order of the pieces."""
    barrier = threading.Barrier(len(work))

    def run(piece: Callable[[Conn], Outcome]) -> Outcome:
        with database.transaction() as conn:
            conn.execute("select 1")
            barrier.wait()
            return piece(conn)

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(run, work))
