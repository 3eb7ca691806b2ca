"""A site comes to life at the very moment at which its work is taken back: each task has one fate, and moves once."""

from datetime import timedelta

import pytest

from loopline.db import Database
from loopline.db.followers import ensure_followers
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.dark import dark_work, note_seen
from loopline.fulfilment.model import Accepted, AcceptTask, TaskState
from loopline.jobs.dark import watch_dark_sites
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.ids import TaskId
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes import dispatch
from loopline.processes.go_dark import watch_sites
from tests.make.shop import NOON, Shop, open_shop
from tests.make.trial import Trial, Work

TRIALS = 3
AT = NOON + timedelta(minutes=30)


@pytest.fixture
def shop(database: Database) -> Shop:
    with database.transaction() as conn:
        ensure_followers(conn, FOLLOWERS)
        shop = open_shop(conn, units=0)
        note_seen(conn, shop.sites["S"], now=NOON - timedelta(hours=1))  # pages are opened there
        return shop


def taking(task_id: TaskId) -> Work:
    command = AcceptTask(task_id=task_id)
    return lambda conn: dispatch.accept(conn, [command], scope=WHOLE_BRAND, now=AT)[0]


def test_accepted_at_the_moment_it_is_taken_back(database: Database, shop: Shop):
    for _ in range(TRIALS):
        trial = Trial(database, shop, hats=1)
        order, task_id = trial.offered()
        accepted, _ = trial.meet(taking(task_id), lambda conn: watch_sites(conn, now=AT, limit=10))
        with database.transaction() as conn:
            watch_sites(conn, now=AT + timedelta(seconds=20), limit=10)
            dark = [one.site_id for one in dark_work(conn)]
        line = trial.line(order)
        with database.reading() as conn:
            (task,) = fulfilment.tasks_by_id(conn, [task_id])
        if isinstance(accepted, Accepted):
            assert (task.state, line.allocated, line.held) == (TaskState.ACCEPTED, 1, 0)
            assert dark == []  # it has shown life
        else:
            assert (task.state, line.allocated, line.held) == (TaskState.CANCELLED, 0, 1)
            assert dark == [shop.sites["S"]]
        trial.clear()
        with database.transaction() as conn:
            conn.execute("delete from fulfilment.dark_site")


def test_two_processes_find_it_dark_together(database: Database, shop: Shop):
    trial = Trial(database, shop, hats=9)
    order_ids = [trial.offered()[0].order_id for _ in range(9)]
    watching: Work = lambda conn: watch_sites(conn, now=AT, limit=100)  # noqa: E731 - the same four times
    done = trial.meet(*[watching] * 4)
    assert sum(done) == 10  # one site, nine tasks
    with database.reading() as conn:
        (dark,) = dark_work(conn)
        states = [one.state for one in fulfilment.tasks_of_orders(conn, order_ids)]
    assert dark.moved_tasks == 9
    assert states == [TaskState.CANCELLED] * 9
    assert watch_dark_sites(database, AT) == 0
