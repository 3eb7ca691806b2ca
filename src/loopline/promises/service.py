"""Commands of promises: terms are set, promises kept, looked at and ended, what they teach is written down."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from loopline.db import Conn
from loopline.kernel.ids import OrderId, PromiseId, TaskId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.promises import store
from loopline.promises.model import (
    Arrival,
    Facts,
    HeldBack,
    NewPromise,
    Pace,
    Promise,
    PromiseState,
    Record,
    Terms,
    TermsVersion,
)
from loopline.promises.rules import settled


class TermsNotUsable(Refusal, frozen=True, kw_only=True):
    """These terms promise nothing: {field} must be at least {least}, and bands of lanes rise."""

    field: str
    least: int


_LEAST = {
    "store_ready_minutes": 1,
    "warehouse_ready_minutes": 1,
    "source_minutes": 0,
    "answer_minutes": 0,
    "courier_kilometres": 0,
    "courier_minutes": 1,
    "appointment_minutes": 5,
    "appointments_at_once": 1,
    "horizon_days": 1,
    "stores_shown": 1,
    "prior_promises": 1,
    "quantile_percent": 1,
}


def set_terms(conn: Conn, terms: Terms, *, by: str, comment: str, now: datetime) -> TermsVersion | Refusal:
    """Set the terms that promises are made by from now on, under the next version; promises given stay as they are."""
    for field, least in _LEAST.items():
        if getattr(terms, field) < least:
            return TermsNotUsable(field=field, least=least)
    limits = [band.kilometres_most for band in terms.bands]
    if not limits or limits != sorted(set(limits)) or min(band.minutes for band in terms.bands) < 1:
        return TermsNotUsable(field="bands", least=1)
    version = store.insert_terms(conn, terms, by=by, comment=comment, now=now)
    return TermsVersion(version=version, terms=terms, set_at=now, set_by=by, comment=comment)


def keep_promises(conn: Conn, given: Sequence[NewPromise], *, now: datetime) -> list[Promise]:
    """Keep the promises that orders were placed with: one each, as it was shown. Locks nothing but the new rows."""
    made = [
        Promise(
            id=PromiseId(promise_id),
            order_id=one.order_id,
            kind=one.kind,
            site_id=one.site_id,
            promised_at=one.promised_at,
            due_at=one.milestones.due_at,
            first_due_at=one.milestones.due_at,
            starts_at=one.starts_at,
            source_by=one.milestones.source_by,
            accept_by=one.milestones.accept_by,
            hand_over_by=one.milestones.hand_over_by,
            ready_minutes=one.ahead.ready_minutes,
            lane_minutes=one.ahead.lane_minutes,
            band=one.band,
            terms_version=one.terms_version,
            pace_version=one.pace_version,
            sourced_at=None,
            accepted_at=None,
            handed_over_at=None,
            arrived_at=None,
            by_site_id=None,
            risk=None,
            risk_at=None,
            look_at=one.milestones.source_by,
            state=PromiseState.OPEN,
            ended_at=None,
            replaces_id=None,
        )
        for one, promise_id in zip(given, uuid7s(now, len(given)), strict=True)
    ]
    if made:
        store.insert_promises(conn, made)
    return made


def lock_open(conn: Conn, order_ids: Collection[OrderId]) -> list[Promise]:
    """Lock the open promises of orders, by id, and return them."""
    return store.lock_open_of_orders(conn, order_ids) if order_ids else []


def lock_due(conn: Conn, *, now: datetime, limit: int) -> list[Promise]:
    """Lock open promises that are to be looked at, the longest due first; what somebody holds is passed over."""
    return store.lock_due(conn, now=now, limit=limit)


def settle(
    conn: Conn, promises: Sequence[Promise], facts: Mapping[OrderId, Facts], *, now: datetime
) -> list[Promise]:
    """Put facts to open promises that the caller locked; returns them as they stand then, in their order."""
    after = [settled(one, facts[one.order_id], now=now) for one in promises]
    changed = [new for old, new in zip(promises, after, strict=True) if new != old]
    if changed:
        store.write_promises(conn, changed)
    return after


def write_looked_at(conn: Conn, promises: Sequence[Promise]) -> None:
    """Write promises that were looked at. The caller has locked them."""
    if promises:
        store.write_promises(conn, promises)


def open_successors(conn: Conn, successors: Sequence[Promise], *, now: datetime) -> list[Promise]:
    """Open the promises that take the place of others, which have ended; returns them under ids of their own."""
    made = [
        msgspec.structs.replace(one, id=PromiseId(promise_id))
        for one, promise_id in zip(successors, uuid7s(now, len(successors)), strict=True)
    ]
    if made:
        store.insert_promises(conn, made)
    return made


def note_arrivals(conn: Conn, arrivals: Sequence[Arrival], *, by: str, now: datetime) -> set[TaskId]:
    """Note parcels that reached their customers; returns those not known before. The first word of each stands."""
    ordered = sorted({one.task_id: one for one in reversed(arrivals)}.values(), key=lambda one: one.task_id)
    return {TaskId(one) for one in store.insert_arrivals(conn, ordered, by=by, now=now)} if ordered else set()


def write_learnt(conn: Conn, paces: Sequence[Pace], record: Record, *, since: datetime, now: datetime) -> int:
    """Write what was learnt as a new version, in force from now on, beside how well promises were kept until now."""
    version = store.insert_learning(conn, record, since=since, now=now)
    if paces:
        store.insert_paces(conn, version, paces)
    return version


def write_held_back(conn: Conn, version: int, measured: Sequence[HeldBack]) -> None:
    """Write beside a version of what was learnt how it held for days it had not seen; once for each version."""
    if measured:
        store.insert_held_back(conn, version, measured)
