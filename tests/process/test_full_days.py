"""A site that gives work back because it has no time gets no more that day, until somebody says otherwise."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest

from loopline import orders, org
from loopline.db import Conn, Database, log
from loopline.db.followers import catch_up
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment import service
from loopline.fulfilment.ahead import days_ahead
from loopline.fulfilment.events import DayReopened
from loopline.fulfilment.model import (
    Capacity,
    DayLimit,
    RefusalReason,
    RefuseTask,
    SiteLimit,
    Task,
    TaskState,
    WithdrawnUnits,
)
from loopline.jobs.followers import FOLLOWERS
from loopline.jobs.waves import source_waves
from loopline.kernel.geography import Coordinates
from loopline.kernel.ids import OrderId, SiteId
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.kernel.times import business_day
from loopline.processes import dispatch
from loopline.processes.doctor import examine
from loopline.processes.equip import SiteNotYours
from loopline.processes.full_days import TakesAgain, full_today, take_again
from loopline.processes.place import Placed, place
from loopline.sourcing.optimise import Optimiser
from tests.make.org import succeeded
from tests.make.shop import NOON, Shop, ask, lines, open_shop

SOLVER = Optimiser(work=30, gap=0.0)
AT_THE_STORE = Coordinates(longitude=121.47, latitude=31.23)
TODAY = business_day(NOON, "Asia/Shanghai")


@pytest.fixture
def shop(database: Database) -> Shop:
    """The store takes five tasks a day, the warehouse a hundred; the dealer's store takes none."""
    with database.transaction() as conn:
        shop = open_shop(conn, units=40)
        limits = [
            SiteLimit(site_id=shop.sites[code], tasks_per_day=tasks) for code, tasks in (("S", 5), ("D", 0))
        ]
        succeeded(service.set_site_limits(conn, limits, now=NOON))
    return shop


def ordered(database: Database, shop: Shop, *names: str, skus: Sequence[str] = ("COAT",)) -> list[OrderId]:
    """Orders to the store's own door: from there, as long as it takes work."""
    wanted = lines(shop, *((sku, 1) for sku in skus))
    drafts = [ask(shop, name, lines=wanted, destination=AT_THE_STORE) for name in names]
    with database.transaction() as conn:
        outcomes = place(conn, drafts, scope=WHOLE_BRAND, now=NOON)
    return [one.order_id for one in outcomes if isinstance(one, Placed)]


def tasks_of(database: Database, order_ids: Sequence[OrderId]) -> dict[OrderId, Task]:
    """The last task of each order."""
    with database.reading() as conn:
        return {task.order_id: task for task in fulfilment.tasks_of_orders(conn, order_ids)}


def day_of(conn: Conn, site_id: SiteId) -> Capacity:
    (found,) = fulfilment.capacity_of_sites(conn, [site_id], day=TODAY)
    return found


def refusal(task: Task, reason: RefusalReason, *, number: int = 7) -> RefuseTask:
    return RefuseTask(command_id=UUID(int=number), task_id=task.task_id, reason=reason)


@pytest.mark.parametrize(
    ("reason", "then"),
    [(RefusalReason.NO_CAPACITY, "W"), (RefusalReason.NOT_FOUND, "S")],
)
def test_the_place_of_who_has_no_time_is_nobodys_in_the_wave_right_after(
    database: Database, shop: Shop, reason: RefusalReason, then: str
):
    order_ids = ordered(database, shop, "A", "B", "C", "D", "E")
    source_waves(database, NOON, solver=SOLVER)
    tasks = tasks_of(database, order_ids)
    assert {task.site_id for task in tasks.values()} == {shop.sites["S"]}
    with database.transaction() as conn:
        succeeded(dispatch.refuse(conn, [refusal(tasks[order_ids[0]], reason)], scope=WHOLE_BRAND, now=NOON))
        day = day_of(conn, shop.sites["S"])
    is_full = reason is RefusalReason.NO_CAPACITY
    assert (day.tasks_limit, day.left, day.filled_at) == ((4, 0, NOON) if is_full else (5, 1, None))
    (new,) = ordered(database, shop, "F")
    source_waves(database, NOON, solver=SOLVER)
    after = tasks_of(database, [order_ids[0], new])
    assert [after[one].site_id for one in (order_ids[0], new)] == [shop.sites["W"], shop.sites[then]]
    catch_up(database, FOLLOWERS, now=NOON)
    with database.reading() as conn:
        assert [one for one in examine(conn).checks if not one.ok] == []


def test_it_takes_work_again_when_somebody_says_so_and_what_waited_goes_there(database: Database, shop: Shop):
    with database.transaction() as conn:
        none = [SiteLimit(site_id=shop.sites["W"], tasks_per_day=0)]
        succeeded(service.set_site_limits(conn, none, now=NOON))
    first, second = ordered(database, shop, "A", "B")
    source_waves(database, NOON, solver=SOLVER)
    with database.transaction() as conn:
        task = tasks_of(database, [first])[first]
        succeeded(
            dispatch.refuse(conn, [refusal(task, RefusalReason.NO_CAPACITY)], scope=WHOLE_BRAND, now=NOON)
        )
    (third,) = ordered(database, shop, "C")
    source_waves(database, NOON, solver=SOLVER)
    assert tasks_of(database, [third]) == {}
    with database.reading() as conn:
        waiting = orders.order_by_id(conn, third)
        assert waiting is not None
        assert waiting.source_waits_for is orders.WaitsFor.CAPACITY
        (site,) = [one for one in org.branch_sites(conn) if one.id == shop.sites["S"]]
        assert full_today(conn, [site], now=NOON) == {site.id: NOON}
        assert full_today(conn, [site], now=NOON + timedelta(days=1)) == {}
    with database.transaction() as conn:
        outcomes = take_again(conn, ["S", "W"], scope=WHOLE_BRAND, by="person:1", now=NOON)
        assert outcomes == [
            TakesAgain(site_code="S", day=TODAY, was_full=True),
            TakesAgain(site_code="W", day=TODAY, was_full=False),
        ]
        # Said twice it is said once.
        (again,) = take_again(conn, ["S"], scope=WHOLE_BRAND, by="person:1", now=NOON)
        assert again == TakesAgain(site_code="S", day=TODAY, was_full=False)
        told = log.read_subject(conn, shop.sites["S"])
        assert [one.type for one in told] == [DayReopened.type_name()]
        assert [(one.subject, one.actor) for one in told] == [(shop.sites["S"], "person:1")]
        day = day_of(conn, shop.sites["S"])
        assert (day.tasks_limit, day.filled_at) == (5, None)
    source_waves(database, NOON, solver=SOLVER)
    assert tasks_of(database, [second, third])[third].site_id == shop.sites["S"]


def test_each_refusal_for_want_of_time_leaves_what_is_taken_then(database: Database, shop: Shop):
    """Of three tasks one is given back, then a part of another: the task that stays keeps its place."""
    order_ids = ordered(database, shop, "A", "B", "C", skus=("COAT", "SCARF"))
    source_waves(database, NOON, solver=SOLVER)
    tasks = tasks_of(database, order_ids)
    whole, part, _ = (tasks[one] for one in order_ids)
    with database.transaction() as conn:
        later = NOON + timedelta(minutes=5)
        succeeded(
            dispatch.refuse(conn, [refusal(whole, RefusalReason.NO_CAPACITY)], scope=WHOLE_BRAND, now=NOON)
        )
        assert day_of(conn, shop.sites["S"]).tasks_limit == 2
        line = fulfilment.lines_of_tasks(conn, [part.task_id])[part.task_id][0]
        command = RefuseTask(
            command_id=UUID(int=8),
            task_id=part.task_id,
            reason=RefusalReason.NO_CAPACITY,
            lines=(WithdrawnUnits(allocation_id=line.allocation_id, units=1),),
        )
        succeeded(dispatch.refuse(conn, [command], scope=WHOLE_BRAND, now=later))
        day = day_of(conn, shop.sites["S"])
        assert (day.tasks_limit, day.left, day.filled_at) == (2, 0, later)
        # The same command again changes nothing, not even the moment.
        much_later = NOON + timedelta(hours=1)
        succeeded(dispatch.refuse(conn, [command], scope=WHOLE_BRAND, now=much_later))
        assert day_of(conn, shop.sites["S"]).filled_at == later


def test_the_limit_that_somebody_sets_for_the_day_goes_before(database: Database, shop: Shop):
    (first,) = ordered(database, shop, "A")
    source_waves(database, NOON, solver=SOLVER)
    task = tasks_of(database, [first])[first]
    with database.transaction() as conn:
        succeeded(
            dispatch.refuse(conn, [refusal(task, RefusalReason.NO_CAPACITY)], scope=WHOLE_BRAND, now=NOON)
        )
        (ahead,) = days_ahead(conn, since=TODAY, site_ids=[shop.sites["S"]])
        assert (ahead.tasks_limit, ahead.filled_limit, ahead.tasks) == (None, 0, 0)
        limit = DayLimit(site_id=shop.sites["S"], day=TODAY, tasks_limit=3)
        succeeded(service.set_day_limits(conn, [limit]))
        day = day_of(conn, shop.sites["S"])
        assert (day.tasks_limit, day.filled_at) == (3, None)


def test_work_of_yesterday_that_is_given_back_today_fills_today(database: Database, shop: Shop):
    (first,) = ordered(database, shop, "A")
    source_waves(database, NOON, solver=SOLVER)
    task = tasks_of(database, [first])[first]
    tomorrow = NOON + timedelta(hours=20)
    with database.transaction() as conn:
        succeeded(
            dispatch.refuse(conn, [refusal(task, RefusalReason.NO_CAPACITY)], scope=WHOLE_BRAND, now=tomorrow)
        )
        assert day_of(conn, shop.sites["S"]).filled_at is None
        (day,) = fulfilment.capacity_of_sites(conn, [shop.sites["S"]], day=TODAY + timedelta(days=1))
        assert (day.tasks_limit, day.filled_at) == (0, tomorrow)


def test_nobody_says_so_for_the_sites_of_others(database: Database, shop: Shop):
    (first,) = ordered(database, shop, "A")
    source_waves(database, NOON, solver=SOLVER)
    task = tasks_of(database, [first])[first]
    with database.transaction() as conn:
        succeeded(
            dispatch.refuse(conn, [refusal(task, RefusalReason.NO_CAPACITY)], scope=WHOLE_BRAND, now=NOON)
        )
        dealer = Scope(sites=frozenset({shop.sites["D"]}))
        assert take_again(conn, ["S", "D", "NOPE"], scope=dealer, by="person:2", now=NOON) == [
            SiteNotYours(site_code="S"),
            TakesAgain(site_code="D", day=TODAY, was_full=False),
            SiteNotYours(site_code="NOPE"),
        ]
        assert day_of(conn, shop.sites["S"]).filled_at == NOON


def test_refusals_and_a_wave_at_one_instant_leave_no_site_above_what_it_has(database: Database, shop: Shop):
    """Four tasks are given back one by one while a wave puts five more orders to sites."""
    order_ids = ordered(database, shop, "A", "B", "C", "D")
    source_waves(database, NOON, solver=SOLVER)
    tasks = tasks_of(database, order_ids)
    new = ordered(database, shop, "E", "F", "G", "H", "I")
    barrier = Barrier(len(tasks) + 1)

    def give_back(number: int, task: Task) -> None:
        barrier.wait()
        command = refusal(task, RefusalReason.NO_CAPACITY, number=100 + number)
        with database.transaction() as conn:
            succeeded(dispatch.refuse(conn, [command], scope=WHOLE_BRAND, now=NOON))

    def put() -> None:
        barrier.wait()
        source_waves(database, NOON, solver=SOLVER)

    with ThreadPoolExecutor(len(tasks) + 1) as pool:
        running = [pool.submit(give_back, number, task) for number, task in enumerate(tasks.values())]
        running.append(pool.submit(put))
        for one in running:
            one.result(timeout=60)
    with database.reading() as conn:
        day = day_of(conn, shop.sites["S"])
        assert (day.left, day.filled_at) == (0, NOON)
        assert day.tasks_limit == day.held + day.confirmed <= 5
        known = fulfilment.tasks_of_orders(conn, new)
        here = [one for one in known if one.site_id == shop.sites["S"] and one.state is TaskState.OFFERED]
        assert len(here) == day.held
    source_waves(database, NOON + timedelta(hours=1), solver=SOLVER)
    catch_up(database, FOLLOWERS, now=NOON)
    with database.reading() as conn:
        assert day_of(conn, shop.sites["S"]).left == 0
        assert [one for one in examine(conn).checks if not one.ok] == []
