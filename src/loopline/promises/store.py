"""One function per statement of `store.sql`."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, execute, fetch, fetch_one, fetch_rows, fetch_values, statements
from loopline.kernel.ids import OrderId, SiteId, TaskId
from loopline.promises.model import (
    Arrival,
    DayRecord,
    FirstDue,
    HeldBack,
    KindRecord,
    LateNow,
    Learnt,
    Pace,
    Promise,
    Record,
    SiteRecord,
    Terms,
    TermsVersion,
)

SQL = statements(__file__)


def latest_terms(conn: Conn) -> TermsVersion:
    rows = fetch_rows(conn, SQL["latest_terms"])
    if not rows:
        return TermsVersion(version=0, terms=Terms())
    version, terms, set_at, set_by, comment = rows[0]
    return TermsVersion(
        version=version,
        terms=msgspec.convert(terms, Terms),
        set_at=set_at,
        set_by=set_by,
        comment=comment,
    )


def insert_terms(conn: Conn, terms: Terms, *, by: str, comment: str, now: datetime) -> int:
    spelt = msgspec.json.encode(terms).decode()
    (version,) = fetch_values(conn, SQL["insert_terms"], terms=spelt, set_by=by, comment=comment, now=now)
    return version


def latest_learning(conn: Conn) -> int:
    return fetch_values(conn, SQL["latest_learning"])[0]


def kept_by_day(
    conn: Conn, *, since: datetime, zone: str, site_ids: Collection[SiteId] | None
) -> list[DayRecord]:
    return fetch(
        conn,
        SQL["kept_by_day"],
        DayRecord,
        since=since,
        zone=zone,
        site_ids=None if site_ids is None else list(site_ids),
    )


def kept_by_site(conn: Conn, *, since: datetime, site_ids: Collection[SiteId] | None) -> list[SiteRecord]:
    return fetch(
        conn,
        SQL["kept_by_site"],
        SiteRecord,
        since=since,
        site_ids=None if site_ids is None else list(site_ids),
    )


def kept_by_kind(conn: Conn, *, since: datetime, site_ids: Collection[SiteId] | None) -> list[KindRecord]:
    return fetch(
        conn,
        SQL["kept_by_kind"],
        KindRecord,
        since=since,
        site_ids=None if site_ids is None else list(site_ids),
    )


def last_learnt(conn: Conn) -> Learnt | None:
    return fetch_one(conn, SQL["last_learnt"], Learnt)


def paces_of(conn: Conn, version: int) -> list[Pace]:
    return fetch(conn, SQL["paces_of"], Pace, version=version)


def insert_learning(conn: Conn, record: Record, *, since: datetime, now: datetime) -> int:
    (version,) = fetch_values(
        conn, SQL["insert_learning"], since=since, promises=record.promises, kept=record.kept, now=now
    )
    return version


def insert_paces(conn: Conn, version: int, paces: Sequence[Pace]) -> None:
    execute(
        conn,
        SQL["insert_paces"],
        version=version,
        stages=[one.stage for one in paces],
        site_ids=[one.site_id for one in paces],
        bands=[one.band for one in paces],
        minutes=[one.minutes for one in paces],
        observed=[one.observed for one in paces],
        told=[one.told for one in paces],
    )


def insert_held_back(conn: Conn, version: int, measured: Sequence[HeldBack]) -> None:
    execute(
        conn,
        SQL["insert_held_back"],
        version=version,
        stages=[one.stage for one in measured],
        since=[one.since for one in measured],
        aim_percents=[one.aim_percent for one in measured],
        observed=[one.observed for one in measured],
        covered=[one.covered for one in measured],
        minutes_means=[one.minutes_mean for one in measured],
        told_covered=[one.told_covered for one in measured],
        told_minutes_means=[one.told_minutes_mean for one in measured],
    )


def held_back_of(conn: Conn, version: int) -> list[HeldBack]:
    return fetch(conn, SQL["held_back_of"], HeldBack, version=version)


def insert_promises(conn: Conn, promises: Sequence[Promise]) -> None:
    execute(
        conn,
        SQL["insert_promises"],
        ids=[one.id for one in promises],
        order_ids=[one.order_id for one in promises],
        kinds=[one.kind.value for one in promises],
        site_ids=[one.site_id for one in promises],
        promised_at=[one.promised_at for one in promises],
        due_at=[one.due_at for one in promises],
        first_due_at=[one.first_due_at for one in promises],
        starts_at=[one.starts_at for one in promises],
        source_by=[one.source_by for one in promises],
        accept_by=[one.accept_by for one in promises],
        hand_over_by=[one.hand_over_by for one in promises],
        ready_minutes=[one.ready_minutes for one in promises],
        lane_minutes=[one.lane_minutes for one in promises],
        bands=[one.band for one in promises],
        terms_versions=[one.terms_version for one in promises],
        pace_versions=[one.pace_version for one in promises],
        sourced_at=[one.sourced_at for one in promises],
        accepted_at=[one.accepted_at for one in promises],
        handed_over_at=[one.handed_over_at for one in promises],
        by_site_ids=[one.by_site_id for one in promises],
        look_at=[one.look_at for one in promises],
        replaces_ids=[one.replaces_id for one in promises],
    )


def lock_open_of_orders(conn: Conn, order_ids: Collection[OrderId]) -> list[Promise]:
    return fetch(conn, SQL["lock_open_of_orders"], Promise, order_ids=list(order_ids))


def lock_due(conn: Conn, *, now: datetime, limit: int) -> list[Promise]:
    return fetch(conn, SQL["lock_due"], Promise, now=now, limit=limit)


def write_promises(conn: Conn, promises: Sequence[Promise]) -> None:
    execute(
        conn,
        SQL["write_promises"],
        ids=[one.id for one in promises],
        sourced_at=[one.sourced_at for one in promises],
        accepted_at=[one.accepted_at for one in promises],
        handed_over_at=[one.handed_over_at for one in promises],
        arrived_at=[one.arrived_at for one in promises],
        by_site_ids=[one.by_site_id for one in promises],
        risks=[one.risk.value if one.risk else None for one in promises],
        risk_at=[one.risk_at for one in promises],
        look_at=[one.look_at for one in promises],
        states=[one.state.value for one in promises],
        ended_at=[one.ended_at for one in promises],
    )


def promises_of_orders(conn: Conn, order_ids: Collection[OrderId]) -> list[Promise]:
    return fetch(conn, SQL["promises_of_orders"], Promise, order_ids=list(order_ids))


def first_due(conn: Conn, order_ids: Collection[OrderId], *, kinds: Collection[str]) -> list[FirstDue]:
    return fetch(conn, SQL["first_due"], FirstDue, order_ids=list(order_ids), kinds=sorted(kinds))


def watch_list(
    conn: Conn, name: str, *, site_ids: Collection[SiteId] | None, since: datetime, at_most: int
) -> list[Promise]:
    return fetch(
        conn,
        SQL["watch_list"],
        Promise,
        list=name,
        site_ids=None if site_ids is None else list(site_ids),
        since=since,
        at_most=at_most,
    )


def record(conn: Conn, *, site_ids: Collection[SiteId] | None, since: datetime) -> Record:
    (found,) = fetch(
        conn, SQL["record"], Record, site_ids=None if site_ids is None else list(site_ids), since=since
    )
    return found


def late_now(
    conn: Conn, *, site_ids: Collection[SiteId] | None, now: datetime, looked_at_until: datetime
) -> LateNow:
    (found,) = fetch(
        conn,
        SQL["late_now"],
        LateNow,
        site_ids=None if site_ids is None else list(site_ids),
        now=now,
        looked_at_until=looked_at_until,
    )
    return found


def taught_since(conn: Conn, since: datetime) -> list[Promise]:
    return fetch(conn, SQL["taught_since"], Promise, since=since)


def insert_arrivals(conn: Conn, arrivals: Sequence[Arrival], *, by: str, now: datetime) -> set[UUID]:
    return set(
        fetch_values(
            conn,
            SQL["insert_arrivals"],
            task_ids=[one.task_id for one in arrivals],
            order_ids=[one.order_id for one in arrivals],
            arrived_at=[one.arrived_at for one in arrivals],
            told_by=by,
            now=now,
        )
    )


def arrivals_of_orders(conn: Conn, order_ids: Collection[OrderId]) -> dict[TaskId, datetime]:
    rows = fetch_rows(conn, SQL["arrivals_of_orders"], order_ids=list(order_ids))
    return {task_id: arrived_at for task_id, _, arrived_at in rows}
