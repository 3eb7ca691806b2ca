"""Reads of promises, for screens and processes. Nothing here locks."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from loopline.db import Conn
from loopline.kernel.ids import OrderId, SiteId, TaskId
from loopline.promises import store
from loopline.promises.model import (
    BROUGHT,
    DayRecord,
    HeldBack,
    KindRecord,
    LateNow,
    Learnt,
    Pace,
    Paces,
    Promise,
    Record,
    SiteRecord,
    TermsVersion,
)
from loopline.promises.rules.learning import COURIER, LANE, READY
from loopline.promises.rules.milestones import LOOK_AGAIN


class WatchList(StrEnum):
    """Which promises are listed: open and at risk; broken or promised anew lately; or all that are open."""

    AT_RISK = "at_risk"
    BROKEN = "broken"
    RENEWED = "renewed"
    OPEN = "open"


def terms_in_force(conn: Conn) -> TermsVersion:
    """Return the terms that promises are made by now."""
    return store.latest_terms(conn)


def paces_in_force(conn: Conn) -> Paces:
    """Return what was learnt last; nothing, where nothing was."""
    version = store.latest_learning(conn)
    paces = store.paces_of(conn, version) if version else []
    return Paces(
        version=version,
        ready={one.site_id: one.minutes for one in paces if one.stage == READY and one.site_id is not None},
        bands={
            one.band: one.minutes
            for one in paces
            if one.stage == LANE and one.site_id is None and one.band is not None
        },
        lanes={
            (one.site_id, one.band): one.minutes
            for one in paces
            if one.stage == LANE and one.site_id is not None and one.band is not None
        },
        couriers={
            one.site_id: one.minutes for one in paces if one.stage == COURIER and one.site_id is not None
        },
    )


def promises_of_orders(conn: Conn, order_ids: Collection[OrderId]) -> dict[OrderId, list[Promise]]:
    """Return every promise of orders, the first one first; an order that was promised nothing is left out."""
    found: dict[OrderId, list[Promise]] = {}
    for one in store.promises_of_orders(conn, order_ids):
        found.setdefault(one.order_id, []).append(one)
    return found


def first_due(conn: Conn, order_ids: Collection[OrderId]) -> dict[OrderId, datetime]:
    """Return until when orders were first promised at their customers' doors, whatever became of the promise.

    An order that was promised nothing, or that its customer comes for, is left out.
    """
    found = store.first_due(conn, order_ids, kinds=BROUGHT)
    return {one.order_id: one.due_at for one in found}


def watched(
    conn: Conn, which: WatchList, *, site_ids: Collection[SiteId] | None, since: datetime, at_most: int
) -> list[Promise]:
    """Return the promises of a list, of some sites (None: of all); what ended or began before `since` is left out."""
    return store.watch_list(conn, which.value, site_ids=site_ids, since=since, at_most=at_most)


def record_since(conn: Conn, since: datetime, *, site_ids: Collection[SiteId] | None = None) -> Record:
    """Return how well the promises of orders first promised since a moment were kept."""
    return store.record(conn, site_ids=site_ids, since=since)


def late_now(conn: Conn, *, now: datetime, site_ids: Collection[SiteId] | None = None) -> LateNow:
    """Return how many open promises missed a milestone, of some sites or of all. Reads those that are late alone."""
    return store.late_now(conn, site_ids=site_ids, now=now, looked_at_until=now + LOOK_AGAIN)


def kept_by_day(
    conn: Conn, since: datetime, *, zone: str, site_ids: Collection[SiteId] | None = None
) -> list[DayRecord]:
    """Return how promises first given since a moment were kept, by the day in a zone on which they were due."""
    return store.kept_by_day(conn, since=since, zone=zone, site_ids=site_ids)


def kept_by_site(
    conn: Conn, since: datetime, *, site_ids: Collection[SiteId] | None = None
) -> list[SiteRecord]:
    """Return how promises first given since a moment were kept, by site: the one that broke most of them first."""
    return store.kept_by_site(conn, since=since, site_ids=site_ids)


def kept_by_kind(
    conn: Conn, since: datetime, *, site_ids: Collection[SiteId] | None = None
) -> list[KindRecord]:
    """Return how promises first given since a moment were kept, by the way that was promised."""
    return store.kept_by_kind(conn, since=since, site_ids=site_ids)


def last_learnt(conn: Conn) -> tuple[Learnt, list[Pace]] | None:
    """Return what was learnt last, and each pace with what had been told before; None where nothing was yet."""
    learnt = store.last_learnt(conn)
    return (learnt, store.paces_of(conn, learnt.version)) if learnt is not None else None


def held_back_of(conn: Conn, version: int) -> list[HeldBack]:
    """Return how what was learnt in a version held for days it had not seen; empty where nothing could be measured."""
    return store.held_back_of(conn, version)


def taught_since(conn: Conn, since: datetime) -> list[Promise]:
    """Return the last promise of each order whose goods left since a moment, with the first one's `promised_at`."""
    return store.taught_since(conn, since)


def arrivals_of_orders(conn: Conn, order_ids: Collection[OrderId]) -> dict[TaskId, datetime]:
    """Return when parcels of orders arrived, by task."""
    return store.arrivals_of_orders(conn, order_ids)
