"""Reads of fulfilment, for screens and processes."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime

from loopline.db import Conn
from loopline.fulfilment import store
from loopline.fulfilment.model import (
    Capacity,
    OpenTasksAsk,
    SiteFlow,
    SiteRefused,
    Task,
    TaskCounts,
    TaskLine,
    TaskState,
    Waybill,
)
from loopline.kernel.ids import AllocationId, OrderId, SiteId, SkuId, TaskId
from loopline.kernel.temperatures import TemperatureClass


def capacity_of_sites(conn: Conn, site_ids: Sequence[SiteId], *, day: date) -> list[Capacity]:
    """Return what sites have left of a day, in order of site; a site that takes no tasks is left out."""
    return store.read_capacity(conn, site_ids, day=day)


def work_of_sites(conn: Conn, *, from_day: date, until_day: date) -> dict[SiteId, int]:
    """Return how many tasks each site was offered or took on some days, both included; none: left out."""
    return store.read_work(conn, from_day=from_day, until_day=until_day)


def work_flow(conn: Conn, *, since: datetime, now: datetime) -> list[SiteFlow]:
    """Return how the tasks offered since a moment stand, by site; reads them all."""
    return store.read_work_flow(conn, since=since, now=now)


def last_cold_offers(
    conn: Conn, site_ids: Collection[SiteId]
) -> dict[tuple[SiteId, TemperatureClass], datetime]:
    """Return when sites were put their last work of each cold class; what they never were is left out."""
    return store.read_last_cold_offers(conn, site_ids)


def tasks_by_id(conn: Conn, task_ids: Sequence[TaskId]) -> list[Task]:
    """Return tasks, in order of id."""
    return store.read_tasks(conn, task_ids)


def tasks_of_orders(conn: Conn, order_ids: Sequence[OrderId]) -> list[Task]:
    """Return all tasks of orders, ended ones too, by order and then as they were made."""
    return store.read_tasks_of_orders(conn, order_ids)


def movable_tasks(
    conn: Conn, *, accepted_too: bool, but: Collection[OrderId], now: datetime, limit: int
) -> list[Task]:
    """Return the tasks of at most `limit` orders whose work may be put to other sites, by order; those offered last.

    Orders to be delivered whose work all waits for its sites' answers, or (`accepted_too`) was accepted and not begun:
    of which nothing was claimed, refused, lapsed or taken back before. Without the orders in `but`.
    """
    states = (TaskState.OFFERED, TaskState.ACCEPTED) if accepted_too else (TaskState.OFFERED,)
    return store.read_movable_tasks(conn, states, but=but, now=now, limit=limit) if limit > 0 else []


def orders_of_allocations(conn: Conn, allocation_ids: Iterable[AllocationId]) -> dict[AllocationId, OrderId]:
    """Return the orders that allocations were made for; an allocation that no task was given is left out."""
    return store.read_orders_of_allocations(conn, allocation_ids)


def open_tasks_of_sites(conn: Conn, site_ids: Sequence[SiteId], *, limit: int = 100) -> list[Task]:
    """Return what is to be done at sites, the earliest deadline first."""
    return store.read_open_tasks(conn, site_ids, limit=limit)


def open_tasks_page(conn: Conn, ask: OpenTasksAsk) -> list[Task]:
    """Return a page of what is to be done, the earliest deadline first."""
    return store.read_open_page(conn, ask)


def packed_allocations(
    conn: Conn, site_ids: Iterable[SiteId], *, sku_ids: Iterable[SkuId]
) -> list[AllocationId]:
    """Return the allocations of some SKUs that lie packed at sites, with which whoever comes for them goes."""
    return store.read_packed_allocations(conn, site_ids, sku_ids=sku_ids)


def lines_of_tasks(conn: Conn, task_ids: Sequence[TaskId]) -> dict[TaskId, list[TaskLine]]:
    """Return the lines of tasks; an unknown task has none."""
    return store.read_lines(conn, task_ids)


def sites_that_refused(
    conn: Conn, order_ids: Sequence[OrderId], *, since: datetime | None = None
) -> list[SiteRefused]:
    """Return, for orders, the sites that refused units of theirs or let a task lapse; after `since`, or ever."""
    return store.read_sites_refused(conn, order_ids, since=since)


def task_counts(conn: Conn) -> TaskCounts:
    """Count tasks by state, and those refused in whole or in part; reads them all."""
    return TaskCounts(
        by_state=store.count_tasks(conn), refused_in_part_or_whole=store.count_tasks_refused(conn)
    )


def waybills_between(
    conn: Conn, site_ids: Sequence[SiteId], *, start: datetime, end: datetime
) -> list[Waybill]:
    """Return parcels of sites that carriers took over between two moments, `end` excluded, the earliest first."""
    return store.waybills_between(conn, site_ids, start=start, end=end)
