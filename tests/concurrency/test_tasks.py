"""Rivals for tasks and for a site's day, brought together by hand or from a barrier; invariants afterwards."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

from loopline.db import Conn, Database, run_check
from loopline.fulfilment import queries, service
from loopline.fulfilment.checks import CHECKS
from loopline.fulfilment.model import (
    Accepted,
    AcceptTask,
    CancelledWork,
    CancelTask,
    Offered,
    RefusalReason,
    RefusedWork,
    RefuseTask,
    SiteLimit,
    TaskState,
)
from loopline.fulfilment.rules import SiteIsFull, TakenByOther, WrongState
from loopline.kernel.scope import WHOLE_BRAND
from tests.make.fulfilment import (
    DAY,
    LATER,
    NOON,
    command_id,
    day_of,
    offer,
    person_id,
    repeat_of,
    site_id,
    take_tasks,
    task_id,
)

Outcome = TypeVar("Outcome")


def second_while_first_is_open(
    database: Database, first: Callable[[Conn], Outcome], second: Callable[[Conn], Outcome], *, waits: bool
) -> tuple[Outcome, Outcome]:
    """Run `second` while `first` has done its work and not committed; `waits` says that it must wait for the commit."""

    def rival() -> Outcome:
        with database.transaction() as conn:
            return second(conn)

    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as conn:
            outcome = first(conn)
            running: Future[Outcome] = pool.submit(rival)
            if waits:
                _until_somebody_waits_for_a_lock(database)
            else:
                running.result(timeout=5)
            assert running.done() != waits
        return outcome, running.result(timeout=5)


def _until_somebody_waits_for_a_lock(database: Database) -> None:
    end = time.monotonic() + 5
    while time.monotonic() < end:
        with database.reading() as conn:
            waiting = conn.execute("select count(*) from pg_locks where not granted").fetchone()
        if waiting == (1,):
            return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def accept(person: int) -> Callable[[Conn], object]:
    command = AcceptTask(task_id=task_id(1), by=person_id(person))
    return lambda conn: service.accept_tasks(conn, [command], scope=WHOLE_BRAND, now=NOON)[0]


def lapse(conn: Conn) -> object:
    return [one.task_id for one in service.lapse_tasks(conn, now=LATER)]


def proved(database: Database) -> tuple[TaskState, tuple[int, int]]:
    """Return state of task 1 and (held, confirmed) of its day, after all checks held."""
    with database.transaction() as conn:
        assert [run_check(conn, check) for check in CHECKS] == [[] for _ in CHECKS]
        (task,) = queries.tasks_by_id(conn, [task_id(1)])
        return task.state, day_of(conn)


def test_two_phones_accept_one_task(database: Database):
    with database.transaction() as conn:
        take_tasks(conn, offer(1))
    first, second = second_while_first_is_open(database, accept(1), accept(2), waits=True)
    assert isinstance(first, Accepted)
    assert second == TakenByOther(task_id=task_id(1))
    assert proved(database) == (TaskState.ACCEPTED, (0, 1))


def test_a_task_being_accepted_does_not_lapse(database: Database):
    with database.transaction() as conn:
        take_tasks(conn, offer(1))
    first, second = second_while_first_is_open(database, accept(1), lapse, waits=False)
    assert isinstance(first, Accepted)
    assert second == []
    assert proved(database) == (TaskState.ACCEPTED, (0, 1))


def test_a_task_that_lapses_is_not_accepted(database: Database):
    with database.transaction() as conn:
        take_tasks(conn, offer(1))
    first, second = second_while_first_is_open(database, lapse, accept(1), waits=True)
    assert first == [task_id(1)]
    assert second == WrongState(task_id=task_id(1), state=TaskState.LAPSED)
    assert proved(database) == (TaskState.LAPSED, (0, 0))


def test_refused_while_it_is_cancelled(database: Database):
    with database.transaction() as conn:
        take_tasks(conn, offer(1, [3]), until="accepted")
    refuse = RefuseTask(command_id=command_id(1), task_id=task_id(1), reason=RefusalReason.DAMAGED)
    cancel = CancelTask(command_id=command_id(2), task_id=task_id(1))
    first, second = second_while_first_is_open(
        database,
        lambda conn: service.cancel_tasks(conn, [cancel], scope=WHOLE_BRAND, now=NOON)[0],
        lambda conn: service.refuse_tasks(conn, [refuse], scope=WHOLE_BRAND, now=NOON)[0],
        waits=True,
    )
    assert isinstance(first, CancelledWork)
    assert second == WrongState(task_id=task_id(1), state=TaskState.CANCELLED)
    assert proved(database) == (TaskState.CANCELLED, (0, 0))


def test_one_refusal_sent_twice_at_once_takes_the_units_out_once(database: Database):
    with database.transaction() as conn:
        take_tasks(conn, offer(1, [3]), until="accepted")
    refuse = RefuseTask(command_id=command_id(1), task_id=task_id(1), reason=RefusalReason.DAMAGED)
    first, second = second_while_first_is_open(
        database,
        lambda conn: service.refuse_tasks(conn, [refuse], scope=WHOLE_BRAND, now=NOON)[0],
        lambda conn: service.refuse_tasks(conn, [refuse], scope=WHOLE_BRAND, now=NOON + timedelta(minutes=1))[
            0
        ],
        waits=True,
    )
    assert isinstance(first, RefusedWork)
    assert second == repeat_of(first)
    assert proved(database) == (TaskState.REFUSED, (0, 0))


def test_one_task_offered_twice_at_once_is_offered_once(database: Database):
    with database.transaction() as conn:
        service.set_site_limits(conn, [SiteLimit(site_id=site_id(0), tasks_per_day=5)], now=NOON)

    def put(conn: Conn) -> object:
        return service.offer_tasks(conn, [offer(1, [2])], now=NOON)[0]

    first, second = second_while_first_is_open(database, put, put, waits=True)
    assert isinstance(first, Offered)
    assert second == repeat_of(first)
    assert proved(database) == (TaskState.OFFERED, (1, 0))


def test_a_locked_day_makes_others_wait_and_see(database: Database):
    with database.transaction() as conn:
        service.set_site_limits(conn, [SiteLimit(site_id=site_id(0), tasks_per_day=1)], now=NOON)

    def lock_then_offer(conn: Conn) -> object:
        (day,) = service.lock_days(conn, [(site_id(0), DAY)])
        return day.left, service.offer_tasks(conn, [offer(1)], now=NOON)[0]

    first, second = second_while_first_is_open(
        database,
        lock_then_offer,
        lambda conn: service.lock_days(conn, [(site_id(0), DAY)])[0].left,
        waits=True,
    )
    assert isinstance(first, tuple)
    assert first[0] == 1
    assert second == 0


def test_many_offer_to_the_same_sites_in_any_order_and_none_is_overfilled(database: Database):
    rivals, limit, sites = 8, 10, 4
    with database.transaction() as conn:
        limits = [SiteLimit(site_id=site_id(site), tasks_per_day=limit) for site in range(sites)]
        service.set_site_limits(conn, limits, now=NOON)
    barrier = threading.Barrier(rivals)

    def put(rival: int) -> list[object]:
        order = range(sites) if rival % 2 else reversed(range(sites))
        offers = [offer(1 + rival * 100 + 10 * site + one, site=site) for site in order for one in range(3)]
        barrier.wait()
        with database.transaction() as conn:
            return list(service.offer_tasks(conn, offers, now=NOON))

    with ThreadPoolExecutor(rivals) as pool:
        outcomes = [outcome for found in pool.map(put, range(rivals)) for outcome in found]
    assert sum(isinstance(one, Offered) for one in outcomes) == sites * limit
    assert sum(isinstance(one, SiteIsFull) for one in outcomes) == rivals * sites * 3 - sites * limit
    with database.transaction() as conn:
        assert [day_of(conn, site) for site in range(sites)] == [(limit, 0)] * sites
        assert [run_check(conn, check) for check in CHECKS] == [[] for _ in CHECKS]


def test_rivals_that_name_tasks_in_opposite_order_do_not_lock_each_other_out(database: Database):
    rivals, tasks = 8, 40
    with database.transaction() as conn:
        take_tasks(conn, *(offer(number, site=number % 5) for number in range(1, tasks + 1)))
    barrier = threading.Barrier(rivals)

    def take(rival: int) -> list[object]:
        numbers = range(1, tasks + 1) if rival % 2 else range(tasks, 0, -1)
        commands = [AcceptTask(task_id=task_id(number), by=person_id(rival)) for number in numbers]
        barrier.wait()
        with database.transaction() as conn:
            return list(service.accept_tasks(conn, commands, scope=WHOLE_BRAND, now=NOON))

    with ThreadPoolExecutor(rivals) as pool:
        outcomes = [outcome for found in pool.map(take, range(rivals)) for outcome in found]
    assert sum(isinstance(one, Accepted) for one in outcomes) == tasks
    assert sum(isinstance(one, TakenByOther) for one in outcomes) == (rivals - 1) * tasks
    assert proved(database) == (TaskState.ACCEPTED, (0, tasks // 5))
