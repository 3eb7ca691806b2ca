"""A database that was opened: its connections, and the transactions that edges open on them."""

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import msgspec
import psycopg
from psycopg.rows import TupleRow
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import ConnectionPool

from loopline.db.rows import Conn
from loopline.db.settings import SERVING_ROLE

LOG_CHANNEL = "loopline_log"
_BEGIN_ROUTINE = "begin; set local plan_cache_mode = force_generic_plan; set local enable_seqscan = off"
_LOCK_TIMEOUT_SECONDS = 10
_IDLE_TIMEOUT_SECONDS = 60
# The pool waits twice as long after each failed try to connect. Trying no longer than somebody waits for a connection
# keeps those pauses short: whoever asks next begins anew, so that a database that comes back is found within seconds,
# however long it was away.
_CONNECTING_SECONDS = 10
# A connection that answered a moment ago is taken at its word: in a rush every batch would ask it once more.
_TRUSTED_SECONDS = 0.1


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach a database: as its owner, and as the role that serves.

    `serving_sets_role` says that one login serves both and takes the serving role upon itself after connecting.
    """

    owner: str
    serving: str
    serving_sets_role: bool = False


class _Connection(psycopg.Connection[TupleRow]):
    """One of the pool's: knows when it last ended a transaction."""

    answered_at = 0.0


class Database:
    """Connections to one database. Edges open transactions here; nothing below an edge commits."""

    def __init__(self, addresses: Addresses, *, connections_max: int = 8) -> None:
        self.addresses = addresses
        self._pool: ConnectionPool[_Connection] = ConnectionPool(
            addresses.serving,
            connection_class=_Connection,
            kwargs={"autocommit": True},
            min_size=1,
            max_size=connections_max,
            configure=self._configure,
            open=True,
            check=_check,
            timeout=_CONNECTING_SECONDS,
            reconnect_timeout=_CONNECTING_SECONDS,
        )
        self._bell = _Bell(self)

    @contextmanager
    def transaction(self, *, quiet: bool = False, is_routine: bool = False) -> Generator[Conn, None, None]:
        """Open a write transaction as the serving role; commits at the end, then tells followers of the log.

        `quiet` is for a follower's own steps, which append nothing and must not wake themselves. `is_routine` is for
        what is done many times a second with batches of one size or another, all found by their keys: its statements
        are planned once per connection, not once per batch, and for tables that grow, whatever they hold by then.
        """
        with self._pool.connection() as conn, _routine(conn) if is_routine else conn.transaction():
            yield conn
            conn.answered_at = time.monotonic()
        if not quiet:
            self._bell.ring()

    @contextmanager
    def reading(self, *, is_routine: bool = False) -> Generator[Conn, None, None]:
        """Open a read-only transaction in which every statement sees the same state; `is_routine` as for writing."""
        with self._pool.connection() as conn, _routine(conn) if is_routine else conn.transaction():
            conn.execute("set transaction isolation level repeatable read, read only")
            yield conn
            conn.answered_at = time.monotonic()

    @contextmanager
    def owner_transaction(self) -> Generator[Conn, None, None]:
        """Open a transaction as the owner: for migrations, partitions and repairs, never for serving."""
        with psycopg.connect(self.addresses.owner, autocommit=True) as conn:
            _adapt(conn)
            with conn.transaction():
                yield conn

    def connect(self) -> Conn:
        """Return a connection of its own in autocommit, as the serving role; the caller closes it."""
        conn = psycopg.connect(self.addresses.serving, autocommit=True)
        self._configure(conn)
        return conn

    def close(self) -> None:
        """Close every connection; whoever still works on one is cut off, so end that first."""
        self._bell.close()
        self._pool.close()

    def _configure(self, conn: psycopg.Connection[TupleRow]) -> None:
        _adapt(conn)
        if self.addresses.serving_sets_role:
            conn.execute(f"set role {SERVING_ROLE}")
        conn.execute(
            # Our own SQL names its schemas; only Procrastinate's does not. Arrays of one and of ten thousand items want
            # other plans, so that a plan for any length would be a bad one.
            "select set_config('search_path', 'jobs', false), set_config('timezone', 'UTC', false),"
            " set_config('plan_cache_mode', 'force_custom_plan', false),"
            " set_config('lock_timeout', %s, false),"
            " set_config('idle_in_transaction_session_timeout', %s, false)",
            (f"{_LOCK_TIMEOUT_SECONDS}s", f"{_IDLE_TIMEOUT_SECONDS}s"),
        )


class _Bell:
    """Tells followers that something was committed: one NOTIFY for all rings that came while the last was sent.

    NOTIFY inside the writing transaction would take a lock of the whole database at its commit, one commit at a
    time; sent afterwards on a connection of its own it costs the writer nothing. A lost one only means that
    followers wait for their next look.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rung = threading.Event()
        self._closing = False
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def ring(self) -> None:
        self._rung.set()
        if self._thread is None:
            with self._lock:
                if self._thread is None and not self._closing:
                    self._thread = threading.Thread(target=self._run, name="log-bell", daemon=True)
                    self._thread.start()

    def close(self) -> None:
        self._closing = True
        self._rung.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        conn: Conn | None = None
        while True:
            self._rung.wait()
            self._rung.clear()
            try:
                if conn is None:
                    conn = self._database.connect()
                conn.execute("select pg_notify(%s, '')", (LOG_CHANNEL,))
            except psycopg.Error:
                conn = None  # the database is away: followers look by themselves
            if self._closing:
                break
        if conn is not None:
            conn.close()


def _check(conn: _Connection) -> None:
    """Ask a connection whether it is still there, unless it was a moment ago."""
    if time.monotonic() - conn.answered_at > _TRUSTED_SECONDS:
        ConnectionPool.check_connection(conn)


@contextmanager
def _routine(conn: Conn) -> Generator[None, None, None]:
    """Begin a transaction and say how its statements are planned, in one message; commit it, or roll it back."""
    conn.execute(_BEGIN_ROUTINE)
    try:
        yield
    except BaseException:
        if not conn.closed:
            conn.rollback()
        raise
    conn.commit()


def _dump_json(value: Any) -> bytes:
    """JSON that was encoded already goes in as it is."""
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else msgspec.json.encode(value)


def _adapt(conn: psycopg.Connection[TupleRow]) -> None:
    set_json_dumps(_dump_json, conn)
    set_json_loads(msgspec.json.decode, conn)
