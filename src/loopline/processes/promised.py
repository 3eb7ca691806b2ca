"""Promised: what orders were promised is kept, held against what happens, and promised anew before it breaks."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from loopline import orders, promises
from loopline.db import Conn, log
from loopline.db.followers import Follower
from loopline.db.remembered import read_marks
from loopline.fulfilment import events as fulfilment_events
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.model import Task, TaskKind, TaskState
from loopline.kernel.events import Event, EventBody, event
from loopline.kernel.ids import OrderId, SiteId, TaskId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.org import UnitKind
from loopline.processes.remembered import SITES_BY_ID
from loopline.promises import (
    Arrival,
    Facts,
    GivenPromise,
    NewPromise,
    Opening,
    Promise,
    PromiseKind,
    PromiseState,
    Terms,
)
from loopline.promises.events import (
    ParcelArrived,
    PromiseAtRisk,
    PromiseGiven,
    PromiseKept,
    PromiseMissed,
    PromiseRenewed,
)
from loopline.promises.rules import (
    ahead_of,
    counted_back,
    expected,
    held_back,
    learn,
    looked_at,
    observations_of,
    replaced,
    successor,
    waited_for,
)

LEARN_FROM = timedelta(days=60)
HELD_BACK = timedelta(days=7)
"""The last days of them, against which what was learnt from the others is held."""
_STORES = frozenset({UnitKind.STORE, UnitKind.MALL})
_OVER = frozenset({TaskState.REFUSED, TaskState.LAPSED, TaskState.CANCELLED})
_UTC = Opening(hours=(), time_zone="UTC")
_SPARE_LEAST = timedelta(minutes=30)


class NotLeftYet(Refusal, frozen=True, kw_only=True):
    """The parcel of {task_id} has not left its site: it cannot have arrived."""

    task_id: TaskId


class NoSuchParcel(Refusal, frozen=True, kw_only=True):
    """There is no parcel {task_id}."""

    task_id: TaskId


def keep_given(conn: Conn, given: Sequence[tuple[OrderId, GivenPromise]], *, now: datetime) -> list[Promise]:
    """Keep what new orders were promised, as it was shown, with the milestones counted back from it."""
    terms = promises.terms_in_force(conn).terms
    openings = _openings(conn, {one.site_id for _, one in given if one.site_id is not None})
    kept = promises.keep_promises(
        conn, [_new(order_id, one, openings, terms, now=now) for order_id, one in given], now=now
    )
    told = [
        PromiseGiven(
            order_id=one.order_id,
            promise_id=one.id,
            kind=one.kind,
            site_id=one.site_id,
            due_at=one.due_at,
        )
        for one in kept
    ]
    log.append(conn, [event(one, subject=one.order_id, at=now) for one in told])
    return kept


def _new(
    order_id: OrderId, one: GivenPromise, openings: dict[SiteId, Opening], terms: Terms, *, now: datetime
) -> NewPromise:
    ahead = ahead_of(one.ready_minutes, one.lane_minutes, terms)
    opening = openings.get(one.site_id, _UTC) if one.site_id is not None else _UTC
    # What was said was said a moment ago; the time for it begins with the order.
    due_at = max(one.due_at, now)
    return NewPromise(
        order_id=order_id,
        kind=one.kind,
        site_id=one.site_id,
        promised_at=now,
        starts_at=one.starts_at if one.kind is PromiseKind.APPOINTMENT else None,
        milestones=counted_back(one.kind, due_at, ahead, promised_at=now, opening=opening),
        ahead=ahead,
        band=one.band,
        terms_version=one.terms_version,
        pace_version=one.pace_version,
    )


def _openings(conn: Conn, site_ids: Collection[SiteId]) -> dict[SiteId, Opening]:
    sites = SITES_BY_ID.find(conn, site_ids, marks=read_marks(conn))
    return {
        one: Opening(hours=sites[one].hours, time_zone=sites[one].time_zone)
        for one in site_ids
        if one in sites
    }


# --------------------------------------------------------------------------------------------------------- what happens


def facts_of(conn: Conn, order_ids: Collection[OrderId]) -> dict[OrderId, Facts]:
    """Return what has happened of orders so far, from where their units and tasks stand. Locks nothing."""
    heads = {one.id: one for one in orders.orders_by_ids(conn, list(order_ids))}
    tasks: dict[OrderId, list[Task]] = {}
    for one in fulfilment.tasks_of_orders(conn, list(order_ids)):
        if one.state not in _OVER:
            tasks.setdefault(one.order_id, []).append(one)
    arrived = promises.arrivals_of_orders(conn, order_ids)
    return {
        order_id: _facts(order_id, heads.get(order_id), tasks.get(order_id, []), arrived)
        for order_id in order_ids
    }


def _facts(
    order_id: OrderId, head: orders.Order | None, tasks: Sequence[Task], arrived: dict[TaskId, datetime]
) -> Facts:
    if head is None or head.cancelled == head.units:
        return Facts(order_id=order_id, is_void=True)
    if head.held or head.parked or not tasks:
        return Facts(order_id=order_id)
    left = _latest([_left_at(one) for one in tasks])
    return Facts(
        order_id=order_id,
        sourced_at=max(one.offered_at for one in tasks),
        accepted_at=_latest([one.accepted_at for one in tasks]),
        handed_over_at=left,
        arrived_at=_latest([arrived.get(one.task_id) for one in tasks]) if left is not None else None,
        by_site_id=max(tasks, key=lambda one: (_left_at(one) or one.offered_at, one.task_id)).site_id,
    )


def _left_at(task: Task) -> datetime | None:
    """When a parcel was ready for its customer, or went to the carrier."""
    if task.kind is TaskKind.COLLECT:
        return task.packed_at
    return task.ended_at if task.state is TaskState.HANDED_OVER else None


def _latest(moments: Sequence[datetime | None]) -> datetime | None:
    """The latest of moments that are all known; None where one is not."""
    known = [one for one in moments if one is not None]
    return max(known) if known and len(known) == len(moments) else None


def follow_promises(conn: Conn, events: Sequence[Event]) -> None:
    """Hold open promises against what happened to their orders; twice is once. Locks promises by id."""
    open_ones = promises.lock_open(conn, list(dict.fromkeys(OrderId(one.subject) for one in events)))
    if not open_ones:
        return
    now = max(one.at for one in events)
    _settle(conn, open_ones, now=now)


def _settle(conn: Conn, open_ones: Sequence[Promise], *, now: datetime) -> list[Promise]:
    """Put facts to locked promises, tell of those that ended, and return those still open."""
    facts = facts_of(conn, [one.order_id for one in open_ones])
    after = promises.settle(conn, open_ones, facts, now=now)
    log.append(
        conn, [event(body, subject=body.order_id, at=now) for one in after for body in _told_of_end(one)]
    )
    return [one for one in after if one.state is PromiseState.OPEN]


def _told_of_end(one: Promise) -> list[PromiseKept | PromiseMissed]:
    if one.state is PromiseState.KEPT:
        assert one.fact_at is not None
        return [
            PromiseKept(
                order_id=one.order_id,
                promise_id=one.id,
                kind=one.kind,
                due_at=one.due_at,
                fact_at=one.fact_at,
            )
        ]
    if one.state is PromiseState.BROKEN:
        return [
            PromiseMissed(
                order_id=one.order_id,
                promise_id=one.id,
                kind=one.kind,
                due_at=one.due_at,
                fact_at=one.fact_at,
            )
        ]
    return []


# ------------------------------------------------------------------------------------------------------------- watching


def watch_promises(conn: Conn, *, now: datetime, limit: int) -> int:
    """Look at open promises whose next milestone has come, at most `limit`; returns how many were looked at.

    What is missed is told once; a promise that cannot hold any more, or did not, is replaced by one that can, and the
    customer is to be told. Of an order that waits to be paid nothing is late, whatever the hour: once it is paid it is
    judged. Locks promises by id, passing over what somebody holds.
    """
    due = promises.lock_due(conn, now=now, limit=limit)
    if not due:
        return 0
    # The log may not have told of everything yet.
    open_ones = _settle(conn, due, now=now)
    heads = orders.orders_by_ids(conn, [one.order_id for one in open_ones])
    unpaid = {one.id for one in heads if one.pay_until is not None}
    seen = [
        waited_for(one, now=now) if one.order_id in unpaid else looked_at(one, now=now) for one in open_ones
    ]
    terms = promises.terms_in_force(conn).terms
    site_ids = {one.by_site_id or one.site_id for one in seen}
    openings = _openings(conn, {one for one in site_ids if one is not None})
    new: list[tuple[Promise, Promise]] = []
    for place, one in enumerate(seen):
        renewed = _renewed(one, openings, terms, now=now)
        if renewed is not None:
            if one.state is PromiseState.OPEN:
                seen[place] = replaced(one, now=now)
            new.append((one, renewed))
    promises.write_looked_at(conn, seen)
    made = promises.open_successors(conn, [renewed for _, renewed in new], now=now)
    told: list[PromiseAtRisk | PromiseKept | PromiseMissed | PromiseRenewed] = [*_risks(open_ones, seen)]
    told += [body for one in seen for body in _told_of_end(one)]
    told += [
        PromiseRenewed(
            order_id=one.order_id,
            promise_id=renewed.id,
            replaces_id=one.id,
            kind=one.kind,
            due_at_before=one.due_at,
            due_at=renewed.due_at,
        )
        for (one, _), renewed in zip(new, made, strict=True)
    ]
    log.append(conn, [event(body, subject=body.order_id, at=now) for body in told])
    return len(due)


def _renewed(one: Promise, openings: dict[SiteId, Opening], terms: Terms, *, now: datetime) -> Promise | None:
    """The promise that takes the place of one that is missed or broken; None where it may still hold."""
    if one.state is not PromiseState.BROKEN and (one.state is not PromiseState.OPEN or one.risk is None):
        return None
    site_id = one.by_site_id or one.site_id
    opening = openings.get(site_id, _UTC) if site_id is not None else _UTC
    due_at = expected(one, now=now, opening=opening, terms=terms)
    if due_at <= one.due_at:
        return None
    if one.kind is not PromiseKind.DELIVER:
        # With a little to spare: nobody likes to be told a third time.
        due_at += max(_SPARE_LEAST, timedelta(minutes=one.ready_minutes // 4))
    ahead = ahead_of(one.ready_minutes, one.lane_minutes, terms)
    milestones = counted_back(one.kind, due_at, ahead, promised_at=now, opening=opening)
    return successor(one, due_at, now=now, milestones=milestones)


def _risks(before: Sequence[Promise], after: Sequence[Promise]) -> list[PromiseAtRisk]:
    return [
        PromiseAtRisk(order_id=new.order_id, promise_id=new.id, milestone=new.risk, due_at=new.due_at)
        for old, new in zip(before, after, strict=True)
        if new.risk is not None and new.risk is not old.risk
    ]


# ----------------------------------------------------------------------------------------------- arriving and learning


def tell_arrivals(
    conn: Conn, told: Sequence[tuple[TaskId, datetime]], *, scope: Scope, actor: str, now: datetime
) -> list[Arrival | Refusal]:
    """Take word of parcels that reached their customers, of tasks of sites in scope; the first word of each stands."""
    tasks = {one.task_id: one for one in fulfilment.tasks_by_id(conn, [task_id for task_id, _ in told])}
    outcomes: list[Arrival | Refusal] = []
    for task_id, at in told:
        task = tasks.get(task_id)
        if task is None:
            outcomes.append(NoSuchParcel(task_id=task_id))
        elif not scope.covers_site(task.site_id):
            outcomes.append(NotInYourBranch(subject=str(task_id)))
        elif task.kind is not TaskKind.DELIVER or task.state is not TaskState.HANDED_OVER:
            outcomes.append(NotLeftYet(task_id=task_id))
        else:
            outcomes.append(Arrival(task_id=task_id, order_id=task.order_id, arrived_at=at))
    granted = [one for one in outcomes if isinstance(one, Arrival)]
    new = promises.note_arrivals(conn, granted, by=actor, now=now)
    first = {one.task_id: one for one in reversed(granted) if one.task_id in new}
    log.append(
        conn,
        [
            event(
                ParcelArrived(task_id=one.task_id, order_id=one.order_id, arrived_at=one.arrived_at),
                subject=one.order_id,
                at=now,
                actor=actor,
            )
            for one in first.values()
        ],
    )
    return outcomes


def learn_paces(conn: Conn, *, now: datetime) -> int:
    """Learn from what left within sixty days how long sites and lanes take; returns how many paces were written.

    They are a new version, in force at once for what is promised from now on, beside how well promises were kept, and
    how what was known a week ago would have held for the week since.
    """
    since = now - LEARN_FROM
    seen = promises.taught_since(conn, since)
    if not seen:
        return 0
    terms = promises.terms_in_force(conn).terms
    site_ids = {one.by_site_id for one in seen if one.by_site_id is not None}
    sites = SITES_BY_ID.find(conn, site_ids, marks=read_marks(conn))
    openings = _openings(conn, site_ids)
    told = {
        one: terms.store_ready_minutes if sites[one].unit_kind in _STORES else terms.warehouse_ready_minutes
        for one in site_ids
        if one in sites
    }
    paces = learn(observations_of(seen, openings.get), terms, told)
    measured = held_back(seen, openings.get, terms, told, held_since=now - HELD_BACK)
    version = promises.write_learnt(conn, paces, promises.record_since(conn, since), since=since, now=now)
    promises.write_held_back(conn, version, measured)
    return len(paces)


def _followed() -> frozenset[str]:
    of_work = {
        one.type_name()
        for one in vars(fulfilment_events).values()
        if isinstance(one, type) and issubclass(one, EventBody) and "order_id" in one.__struct_fields__
    }
    return frozenset(of_work | {orders.LinesCancelled.type_name(), ParcelArrived.type_name()})


FOLLOWERS: tuple[Follower, ...] = (Follower(name="promises", types=_followed(), apply=follow_promises),)
