from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest

from loopline.db import Conn, Database
from loopline.db.followers import (
    Advance,
    Follower,
    advance,
    catch_up,
    ensure_followers,
    final_position,
    retry_parked,
)
from loopline.db.log import append, read_latest, read_subject
from loopline.kernel.events import Event, EventBody, event, read

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ANNA, BO = UUID(int=1), UUID(int=2)


class Counted(EventBody, frozen=True, kw_only=True):
    units: int


class Ignored(EventBody, frozen=True, kw_only=True):
    pass


def counted(subject: UUID, units: int) -> Event:
    return event(Counted(units=units), subject=subject, at=NOW)


class Recorder:
    """Applies by writing into a table, so that what it did rolls back with its transaction; 13 is too much for it."""

    def __init__(self, database: Database) -> None:
        with database.owner_transaction() as conn:
            conn.execute(
                "create table public.applied (n bigint generated always as identity, subject uuid, units bigint)"
            )
            conn.execute("grant select, insert on public.applied to loopline_app")
        self.poison: int = 13
        self.follower = Follower("recorder", frozenset({"counted"}), self.apply)

    def apply(self, conn: Conn, events: Sequence[Event]) -> None:
        for one in events:
            units = read(one, Counted).units
            conn.execute("insert into public.applied (subject, units) values (%s, %s)", (one.subject, units))
            if units == self.poison:
                raise ValueError("thirteen")

    def applied(self, conn: Conn) -> list[tuple[int, int]]:
        return [
            (row[0].int, row[1])
            for row in conn.execute("select subject, units from public.applied order by n")
        ]


@pytest.fixture
def recorder(database: Database) -> Recorder:
    return Recorder(database)


def append_all(database: Database, *events: Event) -> None:
    with database.transaction() as conn:
        append(conn, events)


def test_events_are_applied_in_order_and_once(database: Database, recorder: Recorder):
    append_all(database, counted(ANNA, 1), event(Ignored(), subject=ANNA, at=NOW), counted(BO, 2))
    append_all(database, counted(ANNA, 3))
    assert catch_up(database, [recorder.follower], now=NOW) == 4
    assert catch_up(database, [recorder.follower], now=NOW) == 4
    with database.reading() as conn:
        assert recorder.applied(conn) == [(1, 1), (2, 2), (1, 3)]


def test_small_batches_reach_the_same_end(database: Database, recorder: Recorder):
    append_all(database, *[counted(ANNA, units) for units in range(1, 6)])
    with database.transaction() as conn:
        ensure_followers(conn, [recorder.follower])
    steps: list[Advance] = []
    while not steps or not steps[-1].reached_end:
        with database.transaction() as conn:
            step = advance(conn, recorder.follower, upto=5, now=NOW, limit=2)
            assert step is not None
            steps.append(step)
    assert [(step.position, step.applied) for step in steps] == [(2, 2), (4, 2), (5, 1)]
    with database.reading() as conn:
        assert recorder.applied(conn) == [(1, 1), (1, 2), (1, 3), (1, 4), (1, 5)]


def test_a_poisonous_event_parks_its_subject_and_not_the_follower(database: Database, recorder: Recorder):
    append_all(
        database, counted(ANNA, 1), counted(BO, 2), counted(ANNA, 13), counted(BO, 3), counted(ANNA, 4)
    )
    catch_up(database, [recorder.follower], now=NOW)
    append_all(database, counted(ANNA, 5), counted(BO, 6))
    catch_up(database, [recorder.follower], now=NOW)
    with database.reading() as conn:
        assert recorder.applied(conn) == [(1, 1), (2, 2), (2, 3), (2, 6)]
        parked = conn.execute("select position, reason from log.parked_event order by position").fetchall()
    assert parked == [
        (3, "ValueError: thirteen"),
        (5, "an earlier event of this subject is parked"),
        (6, "an earlier event of this subject is parked"),
    ]


@pytest.mark.parametrize(
    "passing",
    [
        psycopg.errors.DiskFull("no space left on device"),
        psycopg.errors.IoError("could not write"),
        psycopg.OperationalError("the connection is lost"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_passes_by_itself_parks_nothing(database: Database, recorder: Recorder, passing: psycopg.Error):
    def fails(conn: Conn, events: Sequence[Event]) -> None:
        raise passing

    failing = Follower(recorder.follower.name, recorder.follower.types, fails)
    append_all(database, counted(ANNA, 1))
    with pytest.raises(type(passing)):
        catch_up(database, [failing], now=NOW)
    catch_up(database, [recorder.follower], now=NOW)
    with database.reading() as conn:
        assert recorder.applied(conn) == [(1, 1)]
        assert conn.execute("select count(*) from log.parked_event").fetchone() == (0,)


def test_who_meets_a_rival_looks_once_more_and_then_parks(database: Database, recorder: Recorder):
    met: list[int] = []

    def meets(conn: Conn, events: Sequence[Event]) -> None:
        met.append(len(events))
        if len(met) == 1 or events[0].subject == BO:
            raise psycopg.errors.UniqueViolation("a rival's row")
        recorder.follower.apply(conn, events)

    append_all(database, counted(ANNA, 1))
    meeting = Follower(recorder.follower.name, recorder.follower.types, meets)
    catch_up(database, [meeting], now=NOW)
    append_all(database, counted(BO, 2))
    catch_up(database, [meeting], now=NOW)
    assert met == [1, 1, 1, 1]
    with database.reading() as conn:
        assert recorder.applied(conn) == [(1, 1)]
        parked = conn.execute("select position, reason from log.parked_event").fetchall()
    assert parked == [(2, "UniqueViolation: a rival's row")]


def test_parked_events_are_retried_in_order(database: Database, recorder: Recorder):
    append_all(database, counted(ANNA, 13), counted(ANNA, 4))
    catch_up(database, [recorder.follower], now=NOW)
    with database.transaction() as conn:
        assert retry_parked(conn, recorder.follower, now=NOW).parked == 2
    recorder.poison = -1
    with database.transaction() as conn:
        assert retry_parked(conn, recorder.follower, now=NOW).applied == 2
    with database.reading() as conn:
        assert recorder.applied(conn) == [(1, 13), (1, 4)]
        assert conn.execute("select count(*) from log.parked_event").fetchone() == (0,)


def test_what_a_broken_step_did_is_undone_with_its_position(database: Database, recorder: Recorder):
    append_all(database, counted(ANNA, 1))
    with database.transaction() as conn:
        ensure_followers(conn, [recorder.follower])

    def break_off() -> None:
        with database.transaction() as conn:
            advance(conn, recorder.follower, upto=1, now=NOW)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        break_off()
    with database.reading() as conn:
        assert recorder.applied(conn) == []
        assert conn.execute("select position from log.follower").fetchone() == (0,)


def test_a_follower_at_work_in_another_process_is_left_alone(database: Database, recorder: Recorder):
    append_all(database, counted(ANNA, 1))
    with database.transaction() as conn:
        ensure_followers(conn, [recorder.follower])
    with database.transaction() as one, database.transaction() as other:
        assert advance(one, recorder.follower, upto=1, now=NOW) is not None
        assert advance(other, recorder.follower, upto=1, now=NOW) is None


def test_a_position_is_not_final_while_an_older_transaction_may_still_commit_a_lower_one(database: Database):
    asking = database.connect()
    with database.transaction() as slow:
        append(slow, [counted(ANNA, 1)])
        append_all(database, counted(BO, 2))
        own = asking.execute("select pg_current_xact_id()::text").fetchone()
        assert own is not None
        passed = asking.execute(
            "select pg_snapshot_xmin(pg_current_snapshot()) >= %s::text::xid8", (own[0],)
        ).fetchone()
        assert passed == (False,)
    assert final_position(asking) == 2
    asking.close()


def test_the_log_tells_a_subjects_story_and_the_newest_events(database: Database):
    append_all(database, counted(ANNA, 1), counted(BO, 2), counted(ANNA, 3))
    with database.reading() as conn:
        assert [read(one, Counted).units for one in read_subject(conn, ANNA)] == [1, 3]
        assert [(one.position, one.subject) for one in read_latest(conn, limit=2)] == [(3, ANNA), (2, BO)]
