"""What has to happen by when so that a promise holds, what is missed, and what can be promised instead."""

from datetime import datetime, timedelta

import msgspec

from loopline.promises.calendar import after_open_minutes, before_open_minutes, end_of_day
from loopline.promises.model import (
    BROUGHT,
    Ahead,
    Facts,
    Milestone,
    Milestones,
    Opening,
    Promise,
    PromiseKind,
    PromiseState,
    Terms,
)

UNTOLD_AFTER = timedelta(days=3)
"""How long after its day a parcel that left in time may be under way before nobody is asked about it any more."""
LOOK_AGAIN = timedelta(minutes=15)
_LEAST_MINUTES = 15


def counted_back(
    kind: PromiseKind,
    due_at: datetime,
    ahead: Ahead,
    *,
    promised_at: datetime,
    opening: Opening,
) -> Milestones:
    """Count the milestones back from a promise, through the site's opening hours; none before it was given.

    Goods leave at the latest while the site is open; what is collected is ready when it is due. A fitter's are ready
    when the fitter sets out, and handed over when they are fitted.
    """
    left_by = ready_by = due_at
    if kind in BROUGHT:
        ready_by = before_open_minutes(opening, due_at - timedelta(minutes=ahead.lane_minutes), 0)
    if kind is not PromiseKind.FITTING:
        left_by = ready_by
    work = max(0, ahead.ready_minutes - ahead.source_minutes - ahead.answer_minutes)
    accept_by = before_open_minutes(opening, ready_by, work)
    source_by = before_open_minutes(opening, accept_by, ahead.answer_minutes)
    due_at = max(due_at, promised_at)
    left_by = min(max(left_by, promised_at), due_at)
    accept_by = min(max(accept_by, promised_at), left_by)
    return Milestones(
        source_by=min(max(source_by, promised_at), accept_by),
        accept_by=accept_by,
        hand_over_by=left_by,
        due_at=due_at,
    )


def ahead_of(ready_minutes: int, lane_minutes: int, terms: Terms) -> Ahead:
    """Return what is reckoned with, with the parts that the terms say."""
    return Ahead(
        ready_minutes=ready_minutes,
        lane_minutes=lane_minutes,
        source_minutes=terms.source_minutes,
        answer_minutes=terms.answer_minutes,
    )


def milestone_missed(promise: Promise, *, now: datetime) -> Milestone | None:
    """Return the first milestone whose moment came and that was not reached."""
    for milestone, moment in _ahead(promise):
        return milestone if moment <= now else None
    return None


def _ahead(promise: Promise) -> list[tuple[Milestone, datetime]]:
    """The milestones not reached, in order: what is past the first of them is not reached either."""
    steps = [
        (Milestone.SOURCE, promise.source_by, promise.sourced_at),
        (Milestone.ACCEPT, promise.accept_by, promise.accepted_at),
        (Milestone.HAND_OVER, promise.hand_over_by, promise.handed_over_at),
    ]
    if promise.kind in BROUGHT:
        steps.append((Milestone.ARRIVE, promise.due_at, promise.arrived_at))
    return [(milestone, moment) for milestone, moment, reached in steps if reached is None]


def settled(promise: Promise, facts: Facts, *, now: datetime) -> Promise:
    """Put facts to an open promise: it ends where its fact is known or nothing is wanted any more."""
    assert promise.state is PromiseState.OPEN
    known = msgspec.structs.replace(
        promise,
        sourced_at=facts.sourced_at,
        accepted_at=facts.accepted_at,
        handed_over_at=facts.handed_over_at,
        arrived_at=facts.arrived_at,
        by_site_id=facts.by_site_id,
    )
    if facts.is_void:
        return _ended(known, PromiseState.VOID, now)
    if known.fact_at is not None:
        is_kept = known.fact_at <= known.due_at
        return _ended(known, PromiseState.KEPT if is_kept else PromiseState.BROKEN, now)
    return msgspec.structs.replace(known, look_at=_look_at(known, now))


def looked_at(promise: Promise, *, now: datetime) -> Promise:
    """Note what is missed of an open promise at this moment, once for each milestone, and when to look again.

    What left in time and was never told of ends untold. One that is due ends broken.
    """
    assert promise.state is PromiseState.OPEN
    missed = milestone_missed(promise, now=now)
    if missed is Milestone.ARRIVE:
        if now >= promise.due_at + UNTOLD_AFTER:
            return _ended(promise, PromiseState.UNTOLD, now)
        return msgspec.structs.replace(promise, look_at=promise.due_at + UNTOLD_AFTER)
    if missed is not None and missed is not promise.risk:
        promise = msgspec.structs.replace(promise, risk=missed, risk_at=now)
    if promise.due_at <= now:
        return _ended(promise, PromiseState.BROKEN, now)
    return msgspec.structs.replace(promise, look_at=_look_at(promise, now))


def waited_for(promise: Promise, *, now: datetime) -> Promise:
    """Return an open promise of an order that waits to be paid: nobody may begin it, so nothing of it is missed yet."""
    return msgspec.structs.replace(promise, look_at=now + LOOK_AGAIN)


def _look_at(promise: Promise, now: datetime) -> datetime | None:
    """When to look at a promise again: at the next milestone; where one is missed, soon."""
    ahead = _ahead(promise)
    if not ahead:
        return None
    moment = ahead[0][1]
    if moment > now:
        return moment
    if ahead[0][0] is Milestone.ARRIVE:
        return promise.due_at + UNTOLD_AFTER
    return min(now + LOOK_AGAIN, promise.due_at) if promise.due_at > now else now + LOOK_AGAIN


def expected(promise: Promise, *, now: datetime, opening: Opening, terms: Terms) -> datetime:
    """Return by when what was promised is expected to happen, as it stands now: for parcels, the end of that day.

    What is left is reckoned from the last milestone that was reached, and takes a part of its time from now on at
    least.
    """
    if promise.handed_over_at is not None:
        ready = promise.handed_over_at
    else:
        left = promise.ready_minutes
        since = promise.promised_at
        if promise.accepted_at is not None:
            left, since = left - terms.source_minutes - terms.answer_minutes, promise.accepted_at
        elif promise.sourced_at is not None:
            left, since = left - terms.source_minutes, promise.sourced_at
        left = max(left, _LEAST_MINUTES)
        ready = max(
            after_open_minutes(opening, since, left),
            after_open_minutes(opening, now, max(_LEAST_MINUTES, left // 4)),
        )
    if promise.kind not in BROUGHT:
        return ready
    arrives = ready + timedelta(minutes=promise.lane_minutes)
    is_by_hour = promise.kind in {PromiseKind.COURIER, PromiseKind.FITTING}
    return arrives if is_by_hour else end_of_day(arrives, opening.time_zone)


def successor(promise: Promise, due_at: datetime, *, now: datetime, milestones: Milestones) -> Promise:
    """Return the promise that takes the place of one that cannot hold or did not; its id is still the old one's."""
    assert due_at > now
    new = msgspec.structs.replace(
        promise,
        promised_at=now,
        due_at=milestones.due_at,
        starts_at=milestones.due_at if promise.starts_at is not None else None,
        source_by=milestones.source_by,
        accept_by=milestones.accept_by,
        hand_over_by=milestones.hand_over_by,
        risk=None,
        risk_at=None,
        state=PromiseState.OPEN,
        ended_at=None,
        replaces_id=promise.id,
    )
    return msgspec.structs.replace(new, look_at=_look_at(new, now))


def replaced(promise: Promise, *, now: datetime) -> Promise:
    """End an open promise because another takes its place."""
    return _ended(promise, PromiseState.REPLACED, now)


def _ended(promise: Promise, state: PromiseState, now: datetime) -> Promise:
    return msgspec.structs.replace(promise, state=state, ended_at=now, look_at=None)
