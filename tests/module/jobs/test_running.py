"""Followers and rounds beside a server: what is placed is sourced, settled and on the boards without anybody asking."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg

from loopline import insight, orders
from loopline.db import Conn, Database
from loopline.db.followers import follower_states
from loopline.fulfilment.queries import tasks_of_orders
from loopline.jobs.followers import FOLLOWERS
from loopline.jobs.rounds import Errand, until_nothing_is_left
from loopline.jobs.running import jobs_running
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.place import Placed, place
from loopline.simulator.replay.progress import begin, is_replayed
from tests.make.org import succeeded
from tests.make.shop import NOON, ask, lines, open_shop, till_sale

PATIENCE_SECONDS = 30


def test_what_is_placed_is_sourced_and_settled_by_itself(database: Database):
    with database.transaction() as conn:
        shop = open_shop(conn)
    with jobs_running(database, clock=lambda: NOON):
        with database.transaction() as conn:
            placed = succeeded(
                place(conn, [ask(shop, "W-1"), till_sale(shop, "T-1")], scope=WHOLE_BRAND, now=NOON)
            )
        web, till = (one.order_id for one in placed if isinstance(one, Placed))
        wait_until(database, lambda conn: len(tasks_of_orders(conn, [web])) == 1)
        settled = "select count(*) from sharing.split where order_id = %s"
        wait_until(database, lambda conn: conn.execute(settled, (till,)).fetchone() == (2,))
        wait_until(database, lambda conn: insight.sales_total(conn, currency="CNY").sold_minor == 31_640)
    names = {thread.name for thread in threading.enumerate()}
    assert not names & {"rounds", "log-followers", "hold-timer"}


def test_an_unpaid_hold_comes_back_by_itself(database: Database):
    with database.transaction() as conn:
        shop = open_shop(conn)
        (placed,) = place(
            conn,
            [ask(shop, "W-1", hold_minutes=30, lines=lines(shop, ("HAT", 30)))],
            scope=WHOLE_BRAND,
            now=NOON,
        )
    assert isinstance(placed, Placed)

    def is_cancelled(conn: Conn) -> bool:
        head = orders.order_by_id(conn, placed.order_id)
        return head is not None and head.stage is orders.OrderStage.CANCELLED

    with database.reading() as conn:
        assert not is_cancelled(conn)
    with jobs_running(database, clock=lambda: NOON + timedelta(minutes=31)):
        wait_until(database, is_cancelled)


def test_a_round_works_until_nothing_is_left(database: Database):
    left = [3, 2, 1, 0]
    done = until_nothing_is_left(database, lambda _conn, _now: left.pop(0), clock=lambda: datetime.now(UTC))
    assert (done, left) == (6, [])


def test_a_round_that_meets_a_rival_begins_the_batch_again(database: Database):
    left = [3, 0]
    rivals = [psycopg.errors.SerializationFailure(), psycopg.errors.DeadlockDetected()]

    def step(conn: Conn, _now: datetime) -> int:
        conn.execute("create table if not exists pg_temp.begun ()")
        if rivals:
            raise rivals.pop()
        return left.pop(0)

    assert until_nothing_is_left(database, step, clock=lambda: NOON) == 3
    assert (left, rivals) == ([], [])


def test_every_follower_has_its_own_name():
    names = [follower.name for follower in FOLLOWERS]
    assert len(names) == len(set(names)) == 23


def wait_until(database: Database, is_so: Callable[[Conn], bool]) -> None:
    """Ask again whenever the log was written; a test that waits for nothing fails in its own words."""
    listening = database.connect()
    listening.execute("listen loopline_log")
    waited = threading.Event()
    deadline = threading.Timer(PATIENCE_SECONDS, waited.set)
    deadline.start()
    try:
        while not waited.is_set():
            with database.reading() as conn:
                if is_so(conn):
                    return
            for _ in listening.notifies(timeout=0.2, stop_after=1):
                pass
        with database.reading() as conn:
            raise AssertionError(f"did not happen; followers: {follower_states(conn)}")
    finally:
        deadline.cancel()
        listening.close()


def test_what_takes_long_goes_one_at_a_time_and_keeps_nobody_else_waiting(database: Database):
    began, goes_on = threading.Event(), threading.Event()
    also: list[str] = []
    quick: list[str] = []

    def hold(_database: Database, _now: datetime) -> int:
        also.append("held")
        if began.is_set():
            return 0
        also.clear()
        quick.clear()
        began.set()
        goes_on.wait(PATIENCE_SECONDS)
        return 0

    def note(into: list[str]) -> Callable[[Database, datetime], int]:
        def run(_database: Database, _now: datetime) -> int:
            into.append("ran")
            return 0

        return run

    every_second = "* * * * * *"
    errands = (
        Errand(name="hold", cron=every_second, run=hold, is_long=True),
        Errand(name="also_long", cron=every_second, run=note(also), is_long=True),
        Errand(name="quick", cron=every_second, run=note(quick)),
    )
    with jobs_running(database, clock=lambda: NOON, errands=errands):
        try:
            assert began.wait(PATIENCE_SECONDS)
            wait_until(database, lambda _: len(quick) > 3)
            assert also == []
        finally:
            goes_on.set()
        wait_until(database, lambda _: also != [])


def test_what_comes_seldom_has_its_turn_between_the_batches_of_a_long_queue(database: Database):
    came = threading.Event()
    waits = (
        "select count(*) > 0 from pg_locks where locktype = 'advisory' and objid = 7310012 and not granted"
        " and database = (select oid from pg_database where datname = current_database())"
    )

    def has_always_more(database: Database, _now: datetime) -> int:
        if not came.is_set():
            wait_until(database, lambda conn: came.is_set() or conn.execute(waits).fetchone() == (True,))
        return 0 if came.is_set() else 1

    def come(_database: Database, _now: datetime) -> int:
        came.set()
        return 0

    errands = (
        Errand(name="queue", cron="* * * * * *", run=has_always_more, is_long=True),
        Errand(name="seldom", cron="* * * * * *", run=come, is_long=True, is_patient=True),
    )
    with jobs_running(database, clock=lambda: NOON, errands=errands):
        assert came.wait(PATIENCE_SECONDS)


def test_who_waits_for_a_turn_ends_when_its_process_does(database: Database):
    waits = (
        "select count(*) > 0 from pg_locks where locktype = 'advisory' and objid = 7310012 and not granted"
        " and database = (select oid from pg_database where datname = current_database())"
    )
    ran: list[str] = []

    def run(_database: Database, _now: datetime) -> int:
        ran.append("ran")
        return 0

    seldom = Errand(name="seldom", cron="* * * * * *", run=run, is_long=True, is_patient=True)
    with database.connect() as other:
        other.execute("select pg_advisory_lock(7310012)")
        with jobs_running(database, clock=lambda: NOON, errands=(seldom,)):
            wait_until(database, lambda conn: conn.execute(waits).fetchone() == (True,))
        assert ran == []


def test_a_round_of_a_killed_process_does_not_keep_others_from_theirs(database: Database):
    with database.transaction() as conn:
        shop = open_shop(conn)
        place(conn, [ask(shop, "W-1")], scope=WHOLE_BRAND, now=NOON)
    with database.owner_transaction() as conn:
        conn.execute(
            "insert into jobs.procrastinate_jobs (queue_name, task_name, status, queueing_lock, args)"
            " values ('default', 'source_waves', 'doing', 'source_waves', '{}')"
        )
    sourced = "select count(*) from stock.hold"
    with jobs_running(database, clock=lambda: NOON):
        wait_until(database, lambda conn: conn.execute(sourced).fetchone() == (0,))


def test_rounds_leave_a_replayed_history_alone(database: Database):
    with database.transaction() as conn:
        shop = open_shop(conn)
        place(conn, [ask(shop, "W-1", hold_minutes=30), till_sale(shop, "T-1")], scope=WHOLE_BRAND, now=NOON)
        begin(conn, name="online_retail", seed=1, source_hash=bytes(32))
    settled = "select count(*) from sharing.split"
    with jobs_running(database, clock=lambda: NOON + timedelta(minutes=31), rests=is_replayed):
        wait_until(database, lambda conn: conn.execute(settled).fetchone() == (2,))
        finished = (
            "select count(*) > 3 from jobs.procrastinate_periodic_defers where defer_timestamp is not null"
        )
        wait_until(database, lambda conn: conn.execute(finished).fetchone() == (True,))
    with database.reading() as conn:
        assert conn.execute("select count(*) from stock.hold").fetchone() == (2,)
