"""Followers: what may lag a moment follows the log, in order, exactly once.

Positions are drawn by a sequence and become visible when their transactions commit, in any order. A follower therefore
reads M, the last position drawn, then takes S, a transaction id of its own: once every transaction older than S has
ended, nothing at or below M can appear any more, and it may apply up to M in order of position. It never orders by a
transaction id and never stores one.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
import psycopg
import structlog

from loopline.db.database import LOG_CHANNEL, Database
from loopline.db.log import SQL, events_from
from loopline.db.rows import Conn, execute, fetch, fetch_rows, fetch_values
from loopline.kernel.events import Event

_BATCH = 500  # events of orders carry their lines: a step ends within half a second
_WINDOW_PER_EVENT = (
    20  # positions looked at for each event wanted: most types follow a tenth of the log or more
)
_HORIZON_POLL_SECONDS = 0.002
_HORIZON_POLL_SECONDS_MAX = 0.05
_LOOK_EVERY_SECONDS = 1.0
_STEPS_A_TURN = 20

# What another try may do away with; any other error of the database would come again with the same event. Classes of
# SQLSTATE: connections, rivals, resources (a full disk), operators and crashes, the system; and a lock not to be had.
_PASSING = frozenset({"08", "40", "53", "57", "58"})
_PASSING_STATES = frozenset({psycopg.errors.LockNotAvailable.sqlstate})
_logger = structlog.get_logger(__name__)


class Follower(msgspec.Struct, frozen=True):
    """A projection: the types of events it follows and how a batch of them is applied.

    `apply` runs in the transaction that also moves the follower's position: exactly once inside this database. What
    it does outside must bear being done twice.
    """

    name: str
    types: frozenset[str]
    apply: Callable[[Conn, Sequence[Event]], None]


class Advance(msgspec.Struct, frozen=True, kw_only=True):
    """How far one step brought a follower."""

    position: int
    applied: int
    parked: int
    reached_end: bool


class FollowerState(msgspec.Struct, frozen=True, kw_only=True):
    """How far a follower has come: `behind` counts events of any type after its position."""

    name: str
    position: int
    behind: int
    parked: int


def follower_states(conn: Conn) -> list[FollowerState]:
    """Return how far every follower has come, by name."""
    return fetch(conn, SQL["follower_states"], FollowerState)


def ensure_followers(conn: Conn, followers: Sequence[Follower]) -> None:
    """Register followers; a new one begins at the beginning of the log."""
    execute(conn, SQL["ensure_followers"], names=[one.name for one in followers])


def final_position(conn: Conn, *, stopping: threading.Event | None = None) -> int:
    """Return a position up to which the log is final: nothing at or below it can still appear.

    `conn` is in autocommit, outside a transaction. Waits for the transactions that were open when it was called,
    whichever database of the server they are in; returns 0 when told to stop before that.
    """
    last = fetch_values(conn, SQL["last_position"])[0]
    own = fetch_values(conn, SQL["own_transaction"])[0]
    pause, waiting = _HORIZON_POLL_SECONDS, stopping or threading.Event()
    while not fetch_values(conn, SQL["horizon_passed"], transaction_id=own)[0]:
        # The server has no signal for "all older transactions ended": ask again, ever more slowly.
        if waiting.wait(pause):
            return 0
        pause = min(pause * 2, _HORIZON_POLL_SECONDS_MAX)
    return last


class Horizon:
    """Finds how far the log is final without ever waiting for it: for whoever looks again in a moment anyway."""

    def __init__(self) -> None:
        self._asked: tuple[int, str] | None = None
        self._final = 0

    def look(self, conn: Conn) -> int:
        """Return a position up to which the log is final, the highest known by now; 0 at first."""
        if self._asked is not None:
            last, own = self._asked
            if fetch_values(conn, SQL["horizon_passed"], transaction_id=own)[0]:
                self._final, self._asked = last, None
        if self._asked is None:
            last = fetch_values(conn, SQL["last_position"])[0]
            if last > self._final:
                self._asked = last, fetch_values(conn, SQL["own_transaction"])[0]
        return self._final


def advance(
    conn: Conn, follower: Follower, *, upto: int, now: datetime, limit: int = _BATCH
) -> Advance | None:
    """Apply the next batch of a follower in the caller's transaction; None when another process is at it.

    Locks the follower's row. An event that cannot be applied is parked with every later one of its subject; the
    others go on.
    """
    locked = fetch_values(conn, SQL["lock_follower"], name=follower.name)
    if not locked:
        return None
    start: int = locked[0]
    # A window of positions, so that a follower far behind never sorts all that lies before it.
    window = min(upto, start + limit * _WINDOW_PER_EVENT)
    events = events_from(
        fetch_rows(
            conn, SQL["events_to_apply"], after=start, upto=window, types=sorted(follower.types), limit=limit
        )
    )
    is_through = len(events) < limit
    position = max(start, window) if is_through else events[-1].position
    reached_end = is_through and position >= upto
    parked = _apply_or_park(conn, follower, events, now=now)
    execute(conn, SQL["move_follower"], name=follower.name, position=position)
    return Advance(position=position, applied=len(events) - parked, parked=parked, reached_end=reached_end)


def retry_parked(conn: Conn, follower: Follower, *, now: datetime) -> Advance:
    """Try the parked events of a follower again, in order; what still fails stays parked."""
    execute(conn, SQL["await_follower"], name=follower.name)
    events = events_from(fetch_rows(conn, SQL["lock_parked_events"], follower=follower.name))
    execute(
        conn,
        SQL["forget_parked_events"],
        follower=follower.name,
        positions=[event.position for event in events],
    )
    parked = _apply_or_park(conn, follower, events, now=now)
    return Advance(position=0, applied=len(events) - parked, parked=parked, reached_end=True)


def catch_up(database: Database, followers: Sequence[Follower], *, now: datetime) -> int:
    """Bring followers to a position that was final when called, and return that position."""
    with database.transaction() as conn:
        ensure_followers(conn, followers)
    asking = database.connect()
    try:
        upto = final_position(asking)
    finally:
        asking.close()
    for follower in followers:
        reached = False
        while not reached:
            with database.transaction() as conn:
                step = advance(conn, follower, upto=upto, now=now)
            if step is None:  # another process is at it: wait for its row rather than skip the follower
                with database.transaction() as conn:
                    _wait_for_row(conn, follower)
                continue
            reached = step.reached_end
    return upto


class FollowerLoop:
    """Runs followers in a thread: woken by commits, looking by itself every second when no word comes."""

    def __init__(
        self, database: Database, followers: Sequence[Follower], *, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._followers = tuple(followers)
        self._clock = clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log-followers", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """End after the batch at hand."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._follow()
            except psycopg.Error as error:
                # The database is away or a lock was not to be had: begin again; positions are in the database.
                _logger.warning("followers_interrupted", error=str(error))
                self._stopping.wait(_LOOK_EVERY_SECONDS)
            except Exception:
                # A bug of ours: said aloud, and the others go on after a moment.
                _logger.exception("followers_interrupted")
                self._stopping.wait(_LOOK_EVERY_SECONDS)

    def _follow(self) -> None:
        conn = self._database.connect()
        try:
            conn.execute(f"listen {LOG_CHANNEL}")
            with self._database.transaction() as registering:
                ensure_followers(registering, self._followers)
            while not self._stopping.is_set():
                upto = final_position(conn, stopping=self._stopping)
                behind = [one for one in self._followers if not self._bring_up(one, upto)]
                if behind:
                    continue
                for _ in conn.notifies(timeout=_LOOK_EVERY_SECONDS, stop_after=1):
                    pass
        finally:
            conn.close()

    def _bring_up(self, follower: Follower, upto: int) -> bool:
        """Let a follower go on for some steps; False where it has not come to the end: the others take turns with it.

        One that is new has the whole log before it, and keeps nobody waiting meanwhile.
        """
        for _ in range(_STEPS_A_TURN):
            if self._stopping.is_set():
                return True
            with self._database.transaction(quiet=True) as conn:
                step = advance(conn, follower, upto=upto, now=self._clock())
            if step is None or step.reached_end:
                return True
        return False


def _wait_for_row(conn: Conn, follower: Follower) -> None:
    execute(conn, SQL["await_follower"], name=follower.name)


def _apply_or_park(conn: Conn, follower: Follower, events: Sequence[Event], *, now: datetime) -> int:
    """Apply events in order and return how many were parked."""
    if not events:
        return 0
    subjects = list({event.subject for event in events})
    waiting: set[UUID] = set(
        fetch_values(conn, SQL["parked_subjects"], follower=follower.name, subjects=subjects)
    )
    held_back = [event for event in events if event.subject in waiting]
    if held_back:
        _park(conn, follower, held_back, reason="an earlier event of this subject is parked", now=now)
    ready = [event for event in events if event.subject not in waiting]
    return len(held_back) + _apply_halves(conn, follower, ready, now=now)


def _apply_halves(
    conn: Conn, follower: Follower, events: Sequence[Event], *, now: datetime, met_a_rival: bool = False
) -> int:
    """Apply a batch; when it fails, apply its halves, until the one event that fails stands alone and is parked."""
    if not events:
        return 0
    try:
        with conn.transaction():
            follower.apply(conn, events)
    except Exception as problem:
        if _passes(problem):
            raise  # the whole step is tried again
        if len(events) == 1:
            if isinstance(problem, psycopg.errors.UniqueViolation) and not met_a_rival:
                # Somebody who could not wait for us did it a moment ago: now it is seen.
                return _apply_halves(conn, follower, events, now=now, met_a_rival=True)
            reason = f"{type(problem).__name__}: {problem}"
            _logger.exception(
                "event_parked", follower=follower.name, position=events[0].position, reason=reason
            )
            _park(conn, follower, events, reason=reason, now=now)
            return 1
        middle = len(events) // 2
        parked = _apply_halves(conn, follower, events[:middle], now=now)
        # The first half may have parked a subject that has more events in the second.
        return parked + _apply_or_park(conn, follower, events[middle:], now=now)
    return 0


def _passes(problem: Exception) -> bool:
    """Tell whether an error is nobody's fault: a connection that was lost has no SQLSTATE."""
    if not isinstance(problem, psycopg.Error):
        return False
    state = problem.sqlstate
    if state is None:
        return isinstance(problem, psycopg.OperationalError)
    return state[:2] in _PASSING or state in _PASSING_STATES


def _park(conn: Conn, follower: Follower, events: Sequence[Event], *, reason: str, now: datetime) -> None:
    execute(
        conn,
        SQL["park_events"],
        follower=follower.name,
        reason=reason,
        now=now,
        positions=[event.position for event in events],
        subjects=[event.subject for event in events],
    )
