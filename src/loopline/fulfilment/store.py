"""One function per SQL statement of `store.sql`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, copy_rows, execute, fetch, fetch_rows, fetch_values, integers, statements, uuids
from loopline.fulfilment.model import (
    Capacity,
    CapacityMove,
    DayLimit,
    LearntLimit,
    LimitFix,
    OpenTasksAsk,
    SiteFlow,
    SiteLimit,
    SiteRefused,
    Task,
    TaskLine,
    TaskState,
    Waybill,
    Withdrawal,
)
from loopline.kernel.ids import AllocationId, OrderId, SiteId, SkuId, TaskId, first_id_of
from loopline.kernel.temperatures import TemperatureClass

SQL = statements(__file__)

Place = tuple[SiteId, date]
Code = tuple[SiteId, bytes]


class _TakenCode(msgspec.Struct, frozen=True, kw_only=True):
    site_id: SiteId
    code_hash: bytes


# ------------------------------------------------------------------------------------------------------------ capacity


def put_site_limits(conn: Conn, limits: Sequence[SiteLimit], *, now: datetime) -> None:
    """Set ordinary limits; each site at most once."""
    execute(
        conn,
        SQL["put_site_limits"],
        site_ids=[limit.site_id for limit in limits],
        tasks_per_day=[limit.tasks_per_day for limit in limits],
        now=now,
    )


def put_day_limits(conn: Conn, limits: Sequence[DayLimit]) -> None:
    """Set limits of days; each day of a site at most once."""
    execute(
        conn,
        SQL["put_day_limits"],
        site_ids=[limit.site_id for limit in limits],
        days=[limit.day for limit in limits],
        tasks_limits=[limit.tasks_limit for limit in limits],
    )


def fill_days(conn: Conn, places: Sequence[Place], *, now: datetime) -> None:
    """Let days take no more than they have; each day of a site at most once."""
    _filled(conn, places, filled_at=now)


def reopen_days(conn: Conn, places: Sequence[Place]) -> set[Place]:
    """Let days that were full by their site's word take work again; returns those that were."""
    return _filled(conn, places, filled_at=None)


def _filled(conn: Conn, places: Sequence[Place], *, filled_at: datetime | None) -> set[Place]:
    rows = fetch_rows(
        conn,
        SQL["fill_days"],
        site_ids=[site for site, _ in places],
        days=[day for _, day in places],
        filled_at=filled_at,
    )
    return {(SiteId(site_id), day) for site_id, day in rows}


def fix_limits(conn: Conn, fixes: Sequence[LimitFix], *, by: str, now: datetime) -> set[SiteId]:
    """Fix what sites say, or lift that, each site at most once; returns those that say something."""
    return set(
        fetch_values(
            conn,
            SQL["fix_limits"],
            site_ids=[fix.site_id for fix in fixes],
            because=[fix.because for fix in fixes],
            by=by,
            now=now,
        )
    )


def put_learnt_limits(conn: Conn, limits: Sequence[LearntLimit], *, now: datetime) -> None:
    """Let lower limits hold; each site at most once."""
    execute(
        conn,
        SQL["put_learnt_limits"],
        site_ids=[limit.site_id for limit in limits],
        tasks_per_day=[limit.tasks_per_day for limit in limits],
        versions=[limit.version for limit in limits],
        now=now,
    )


def drop_learnt_limits(conn: Conn, site_ids: Sequence[SiteId]) -> None:
    """Let what sites say hold again."""
    execute(conn, SQL["drop_learnt_limits"], site_ids=list(site_ids))


def open_days(conn: Conn, places: Sequence[Place]) -> None:
    """Make the rows of days not yet used."""
    execute(conn, SQL["open_days"], site_ids=[site for site, _ in places], days=[day for _, day in places])


def lock_capacity(conn: Conn, places: Sequence[Place]) -> list[Capacity]:
    """Lock days; those of sites that take nothing are left out."""
    return fetch(
        conn,
        SQL["lock_capacity"],
        Capacity,
        site_ids=[site for site, _ in places],
        days=[day for _, day in places],
    )


def move_capacity(conn: Conn, moves: Sequence[CapacityMove]) -> None:
    """Add signed changes to days."""
    touched = execute(
        conn,
        SQL["move_capacity"],
        site_ids=[move.site_id for move in moves],
        days=[move.day for move in moves],
        held=[move.held for move in moves],
        confirmed=[move.confirmed for move in moves],
    )
    assert touched == len(moves)


def read_capacity(conn: Conn, site_ids: Sequence[SiteId], *, day: date) -> list[Capacity]:
    """Return what sites have left of a day."""
    return fetch(conn, SQL["read_capacity"], Capacity, site_ids=list(site_ids), day=day)


def read_work_flow(conn: Conn, *, since: datetime, now: datetime) -> list[SiteFlow]:
    """Return how the tasks made since a moment stand, by site."""
    return fetch(conn, SQL["work_flow"], SiteFlow, since_id=first_id_of(since), now=now)


def read_work(conn: Conn, *, from_day: date, until_day: date) -> dict[SiteId, int]:
    """Return how much sites had to do on some days."""
    return dict(fetch_rows(conn, SQL["work_of_sites"], from_day=from_day, until_day=until_day))


# --------------------------------------------------------------------------------------------------------------- tasks


def copy_tasks(conn: Conn, tasks: Sequence[Task]) -> None:
    """Write new tasks."""
    copy_rows(
        conn,
        SQL["copy_tasks"],
        (
            (
                task.task_id,
                task.order_id,
                task.site_id,
                task.kind.value,
                task.day,
                task.state.value,
                task.offered_at,
                task.deadline,
                task.temperature_class.value,
            )
            for task in tasks
        ),
    )


def copy_lines(conn: Conn, lines: Sequence[TaskLine]) -> None:
    """Write the lines of new tasks."""
    copy_rows(
        conn,
        SQL["copy_lines"],
        (
            (line.task_id, line.allocation_id, line.line_id, line.leaf_id, line.sku_id, line.units)
            for line in lines
        ),
    )


def copy_withdrawals(conn: Conn, withdrawals: Sequence[Withdrawal]) -> None:
    """Write what commands took out of tasks."""
    copy_rows(
        conn,
        SQL["copy_withdrawals"],
        (
            (
                one.command_id,
                one.allocation_id,
                one.task_id,
                one.cause.value,
                None if one.reason is None else one.reason.value,
                one.units,
                one.counted_units,
                one.withdrawn_by,
                one.at,
                one.ends_task,
            )
            for one in withdrawals
        ),
    )


def lock_tasks(conn: Conn, task_ids: Sequence[TaskId]) -> list[Task]:
    """Lock tasks, in order of id."""
    return fetch(conn, SQL["lock_tasks"], Task, task_ids=uuids(task_ids))


def lock_due_offers(conn: Conn, *, now: datetime, limit: int) -> list[Task]:
    """Lock offered tasks that are due, those that somebody holds passed over."""
    return fetch(conn, SQL["lock_due_offers"], Task, now=now, limit=limit)


def lock_due_waiting(conn: Conn, *, now: datetime, limit: int) -> list[Task]:
    """Lock the tasks of parcels that waited long enough, those that somebody holds passed over."""
    return fetch(conn, SQL["lock_due_waiting"], Task, now=now, limit=limit)


def lock_tasks_by_code(conn: Conn, codes: Sequence[Code]) -> list[Task]:
    """Lock the tasks of these codes, in order of id."""
    return fetch(
        conn,
        SQL["lock_tasks_by_code"],
        Task,
        site_ids=[site for site, _ in codes],
        code_hashes=[code_hash for _, code_hash in codes],
    )


def read_taken_codes(conn: Conn, codes: Sequence[Code]) -> frozenset[Code]:
    """Return which codes are taken."""
    taken = fetch(
        conn,
        SQL["read_taken_codes"],
        _TakenCode,
        site_ids=[site for site, _ in codes],
        code_hashes=[code_hash for _, code_hash in codes],
    )
    return frozenset((one.site_id, one.code_hash) for one in taken)


def write_tasks(conn: Conn, tasks: Sequence[Task]) -> None:
    """Write the state of locked tasks."""
    touched = execute(
        conn,
        SQL["write_tasks"],
        task_ids=[task.task_id for task in tasks],
        states=[task.state.value for task in tasks],
        accepted_by=[task.accepted_by for task in tasks],
        accepted_at=[task.accepted_at for task in tasks],
        picked_at=[task.picked_at for task in tasks],
        checked_at=[task.checked_at for task in tasks],
        packed_at=[task.packed_at for task in tasks],
        ended_at=[task.ended_at for task in tasks],
        collect_by=[task.collect_by for task in tasks],
        code_hashes=[task.code_hash for task in tasks],
    )
    assert touched == len(tasks)


def write_lines(conn: Conn, lines: Sequence[TaskLine]) -> None:
    """Write what was taken out of the lines of locked tasks."""
    touched = execute(
        conn,
        SQL["write_lines"],
        task_ids=uuids([line.task_id for line in lines]),
        allocation_ids=uuids([line.allocation_id for line in lines]),
        refused_units=integers([line.refused_units for line in lines]),
        cancelled_units=integers([line.cancelled_units for line in lines]),
    )
    assert touched == len(lines)


def read_tasks(conn: Conn, task_ids: Sequence[TaskId]) -> list[Task]:
    """Return tasks by id."""
    return fetch(conn, SQL["read_tasks"], Task, task_ids=uuids(task_ids))


def read_tasks_of_orders(conn: Conn, order_ids: Sequence[OrderId]) -> list[Task]:
    """Return all tasks of orders."""
    return fetch(conn, SQL["read_tasks_of_orders"], Task, order_ids=uuids(order_ids))


def read_movable_tasks(
    conn: Conn, states: Collection[TaskState], *, but: Collection[OrderId], now: datetime, limit: int
) -> list[Task]:
    """Return the tasks of orders that may be put to other sites."""
    return fetch(
        conn,
        SQL["read_movable_tasks"],
        Task,
        states=[one.value for one in states],
        but=uuids(but),
        now=now,
        limit=limit,
    )


def read_orders_of_allocations(
    conn: Conn, allocation_ids: Iterable[AllocationId]
) -> dict[AllocationId, OrderId]:
    """Return the orders of allocations."""
    rows = fetch_rows(conn, SQL["orders_of_allocations"], allocation_ids=uuids(set(allocation_ids)))
    return {AllocationId(allocation_id): OrderId(order_id) for allocation_id, order_id in rows}


def read_open_tasks(conn: Conn, site_ids: Sequence[SiteId], *, limit: int) -> list[Task]:
    """Return open tasks of sites, the most urgent first."""
    return fetch(conn, SQL["read_open_tasks"], Task, site_ids=uuids(site_ids), limit=limit)


def read_open_page(conn: Conn, ask: OpenTasksAsk) -> list[Task]:
    """Return a page of open tasks, the most urgent first."""
    deadline, task_id = ask.after or (None, None)
    return fetch(
        conn,
        SQL["read_open_page"],
        Task,
        site_ids=None if ask.site_ids is None else uuids(ask.site_ids),
        state=ask.state,
        after_deadline=deadline,
        after_id=task_id,
        limit=ask.at_most,
    )


def read_packed_allocations(
    conn: Conn, site_ids: Iterable[SiteId], *, sku_ids: Iterable[SkuId]
) -> list[AllocationId]:
    """Return the allocations of SKUs that lie packed at sites."""
    rows = fetch_rows(conn, SQL["read_packed_allocations"], site_ids=uuids(site_ids), sku_ids=uuids(sku_ids))
    return [allocation_id for (allocation_id,) in rows]


def read_lines(conn: Conn, task_ids: Sequence[TaskId]) -> dict[TaskId, list[TaskLine]]:
    """Return the lines of tasks, in order of their allocations."""
    found: dict[TaskId, list[TaskLine]] = {task_id: [] for task_id in task_ids}
    for task_id, allocation_id, line_id, leaf_id, sku_id, units, refused_units, cancelled_units in fetch_rows(
        conn, SQL["read_lines"], task_ids=uuids(task_ids)
    ):
        found[task_id].append(
            TaskLine(
                task_id=task_id,
                allocation_id=allocation_id,
                line_id=line_id,
                leaf_id=leaf_id,
                sku_id=sku_id,
                units=units,
                refused_units=refused_units,
                cancelled_units=cancelled_units,
            )
        )
    return found


def read_withdrawals(conn: Conn, command_ids: Sequence[UUID]) -> Mapping[UUID, list[Withdrawal]]:
    """Return what commands took out of tasks."""
    found: dict[UUID, list[Withdrawal]] = {}
    for one in fetch(conn, SQL["read_withdrawals"], Withdrawal, command_ids=uuids(command_ids)):
        found.setdefault(one.command_id, []).append(one)
    return found


def read_sites_refused(
    conn: Conn, order_ids: Sequence[OrderId], *, since: datetime | None
) -> list[SiteRefused]:
    """Return the sites that refused orders."""
    return fetch(conn, SQL["read_sites_refused"], SiteRefused, order_ids=uuids(order_ids), since=since)


def read_last_cold_offers(
    conn: Conn, site_ids: Collection[SiteId]
) -> dict[tuple[SiteId, TemperatureClass], datetime]:
    """Return when sites were put their last work of each cold class."""
    rows = fetch_rows(conn, SQL["last_cold_offers"], site_ids=uuids(site_ids))
    return {(SiteId(site_id), TemperatureClass(kind)): at for site_id, kind, at in rows}


def count_tasks(conn: Conn) -> dict[TaskState, int]:
    """Count tasks by state."""
    return {TaskState(state): tasks for state, tasks in fetch_rows(conn, SQL["count_tasks"])}


def count_tasks_refused(conn: Conn) -> int:
    """Count tasks refused in whole or in part."""
    (tasks,) = fetch_values(conn, SQL["count_tasks_refused"])
    return int(tasks)


def insert_waybills(conn: Conn, waybills: Sequence[Waybill]) -> None:
    execute(
        conn,
        SQL["insert_waybills"],
        task_ids=[one.task_id for one in waybills],
        order_ids=[one.order_id for one in waybills],
        site_ids=[one.site_id for one in waybills],
        tracking_numbers=[one.tracking_number for one in waybills],
        handed_over_at=[one.handed_over_at for one in waybills],
    )


def waybills_between(
    conn: Conn, site_ids: Sequence[SiteId], *, start: datetime, end: datetime
) -> list[Waybill]:
    return fetch(conn, SQL["waybills_between"], Waybill, site_ids=list(site_ids), start=start, end=end)
