"""The book of a sandbox: things by kind and number, and what is to be told, in a file of SQLite.

Each call is one transaction of it, so that a restart, and another process, find all as it was.
"""

import sqlite3
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

Thing = dict[str, Any]
_SCHEMA = """
create table if not exists thing (
    kind text not null, number text not null, body blob not null, primary key (kind, number)
) without rowid;
create table if not exists to_tell (
    id integer primary key, notice_id text not null, type text not null, body blob not null, due_at real not null,
    tries integer not null default 0
);
"""
_AGAIN_AFTER_SECONDS = (1.0, 5.0, 15.0, 60.0, 300.0)


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """One copy of a notification to be sent."""

    id: int
    notice_id: str
    type: str
    body: bytes
    tries: int


class SandboxBook:
    """What a platform knows; shared by threads and processes."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        self._file.executescript(f"pragma journal_mode = wal; {_SCHEMA}")

    def close_book(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()

    def due(self, *, now: datetime, limit: int) -> list[Telling]:
        """Take the copies that are due to be sent; each is put off at once."""
        with self._writing():
            rows = self._file.execute(
                "select id, notice_id, type, body, tries from to_tell where due_at <= ? order by due_at, id limit ?",
                (now.timestamp(), limit),
            ).fetchall()
            found = [
                Telling(id=row[0], notice_id=row[1], type=row[2], body=row[3], tries=row[4]) for row in rows
            ]
            for one in found:
                again = now.timestamp() + _AGAIN_AFTER_SECONDS[min(one.tries, len(_AGAIN_AFTER_SECONDS) - 1)]
                self._file.execute(
                    "update to_tell set tries = tries + 1, due_at = ? where id = ?", (again, one.id)
                )
        return found

    def told(self, telling: Telling, *, is_heard: bool) -> None:
        """Forget a copy that was heard, or that nobody heard for too long."""
        if is_heard or telling.tries >= len(_AGAIN_AFTER_SECONDS):
            with self._writing():
                self._file.execute("delete from to_tell where id = ?", (telling.id,))

    @contextmanager
    def _writing(self) -> Generator[None, None, None]:
        with self._lock:
            self._file.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._file.execute("rollback")
                raise
            self._file.execute("commit")

    def _find(self, kind: str, number: str) -> Thing | None:
        row = self._file.execute(
            "select body from thing where kind = ? and number = ?", (kind, number)
        ).fetchone()
        return msgspec.json.decode(row[0], type=Thing) if row else None

    def _keep(self, kind: str, number: str, thing: Thing) -> None:
        self._file.execute(
            "insert into thing values (?, ?, ?) on conflict do update set body = excluded.body",
            (kind, number, msgspec.json.encode(thing)),
        )

    def _all(self, kind: str) -> list[Thing]:
        rows = self._file.execute("select body from thing where kind = ? order by number", (kind,)).fetchall()
        return [msgspec.json.decode(row[0], type=Thing) for row in rows]

    def _write_down(
        self, body: bytes, due_at_seconds: Sequence[float], *, notice_id: str = "", event_type: str = ""
    ) -> None:
        """Keep copies of a notification, each to be sent at its moment."""
        for due_at in due_at_seconds:
            self._file.execute(
                "insert into to_tell (notice_id, type, body, due_at) values (?, ?, ?, ?)",
                (notice_id, event_type, body, due_at),
            )
