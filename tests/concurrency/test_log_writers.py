"""Eight writers, a long transaction in another database of the cluster, and a follower killed at random: no event of
one subject is skipped, doubled or out of order. A follower that reads below the last position it sees fails this.
"""

import random
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg

from loopline.db import Database
from loopline.db.embedded import ADMIN_ROLE, EmbeddedServer
from loopline.db.followers import Follower, catch_up
from loopline.db.log import append
from loopline.kernel.events import EventBody, event
from tests.concurrency.follower_process import apply

WRITERS = 8
SUBJECTS = 30
TRANSACTIONS_PER_WRITER = 250
KILLS = 6
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Stepped(EventBody, frozen=True, kw_only=True):
    step: int


def write(database: Database, seed: int, barrier: threading.Barrier) -> None:
    chance = random.Random(seed)
    barrier.wait()
    for _ in range(TRANSACTIONS_PER_WRITER):
        subjects = sorted(
            UUID(int=chance.randrange(1, SUBJECTS + 1)) for _ in range(chance.choice([1, 1, 2]))
        )
        with database.transaction() as conn:
            events = [
                event(Stepped(step=next_step(conn, one)), subject=one, at=NOW)
                for one in dict.fromkeys(subjects)
            ]
            append(conn, events)
            if chance.random() < 0.2:
                conn.execute("select pg_sleep(%s)", (chance.random() * 0.02,))


def next_step(conn: psycopg.Connection[tuple[object, ...]], subject: UUID) -> int:
    row = conn.execute(
        "update public.counter set step = step + 1 where subject = %s returning step", (subject,)
    ).fetchone()
    assert row is not None
    assert isinstance(row[0], int)
    return row[0]


def start_follower(database: Database) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [
            sys.executable,
            str(Path(__file__).with_name("follower_process.py")),
            database.addresses.owner,
            database.addresses.serving,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"following\n"
    return process


def kill_at_random(database: Database, finished: threading.Event) -> None:
    chance = random.Random(99)
    for _ in range(KILLS):
        process = start_follower(database)
        finished.wait(0.1 + chance.random() * 0.6)
        process.kill()
        process.communicate()


def test_no_event_of_one_subject_is_skipped_doubled_or_out_of_order(
    database: Database, server: EmbeddedServer
):
    with database.owner_transaction() as conn:
        conn.execute("create table public.counter (subject uuid primary key, step bigint not null default 0)")
        conn.execute(
            "create table public.applied"
            " (n bigint generated always as identity, subject uuid, position bigint, step bigint)"
        )
        conn.execute("grant all on public.counter, public.applied to loopline_app")
        for number in range(1, SUBJECTS + 1):
            conn.execute("insert into public.counter (subject) values (%s)", (UUID(int=number),))

    finished, barrier = threading.Event(), threading.Barrier(WRITERS + 1)
    writers = [threading.Thread(target=write, args=(database, seed, barrier)) for seed in range(WRITERS)]
    killer = threading.Thread(target=kill_at_random, args=(database, finished))
    with psycopg.connect(server.conninfo(ADMIN_ROLE, "postgres")) as elsewhere:
        elsewhere.execute("select pg_current_xact_id()")  # a long transaction in another database
        for thread in (*writers, killer):
            thread.start()
        barrier.wait()
        time.sleep(0.5)  # how long the other transaction lasts; nothing waits for it
        elsewhere.rollback()
    for thread in writers:
        thread.join()
    killer.join()
    catch_up(database, [Follower("killed", frozenset({"stepped"}), apply)], now=NOW)

    with database.reading() as conn:
        written = dict(conn.execute("select subject, step from public.counter").fetchall())
        applied = conn.execute("select subject, step from public.applied order by n").fetchall()
    steps: dict[UUID, list[int]] = {}
    for subject, step in applied:
        steps.setdefault(subject, []).append(step)
    assert steps == {subject: list(range(1, last + 1)) for subject, last in written.items() if last}
    assert len(applied) > WRITERS * TRANSACTIONS_PER_WRITER
