"""Milestones stand in order, whatever is promised; facts end a promise in the state that they say."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from loopline.kernel.ids import OrderId, PromiseId, SiteId
from loopline.promises import (
    Ahead,
    Facts,
    Milestone,
    Opening,
    Promise,
    PromiseKind,
    PromiseState,
    Terms,
)
from loopline.promises.model import BROUGHT, Stretch
from loopline.promises.rules import counted_back, expected, looked_at, settled
from loopline.promises.rules.milestones import UNTOLD_AFTER

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
TEN_TO_TEN = Opening(
    hours=[Stretch(weekday=day, opens_minute=600, closes_minute=1_320) for day in range(1, 8)],
    time_zone="Asia/Shanghai",
)
ORDER, SITE = OrderId(UUID(int=1)), SiteId(UUID(int=2))


def hours(count: float) -> datetime:
    return NOON + timedelta(hours=count)


def promise(kind: PromiseKind = PromiseKind.COLLECT, **fields: object) -> Promise:
    """A promise of noon: to be collected at five in the afternoon, UTC plus eight; or delivered two days later."""
    is_brought = kind in BROUGHT
    plain = Promise(
        id=PromiseId(UUID(int=3)),
        order_id=ORDER,
        kind=kind,
        site_id=SITE,
        promised_at=NOON,
        due_at=hours(36) if is_brought else hours(5),
        first_due_at=hours(36) if is_brought else hours(5),
        starts_at=None,
        source_by=hours(3),
        accept_by=hours(4),
        hand_over_by=hours(5),
        ready_minutes=120,
        lane_minutes=24 * 60 if is_brought else 0,
        band=0 if is_brought else None,
        terms_version=0,
        pace_version=0,
        sourced_at=None,
        accepted_at=None,
        handed_over_at=None,
        arrived_at=None,
        by_site_id=None,
        risk=None,
        risk_at=None,
        look_at=hours(3),
        state=PromiseState.OPEN,
        ended_at=None,
        replaces_id=None,
    )
    return msgspec.structs.replace(plain, **fields)


@given(
    kind=st.sampled_from(PromiseKind),
    due_minutes=st.integers(0, 20_000),
    ready=st.integers(1, 3_000),
    lane=st.integers(0, 6_000),
    source=st.integers(0, 300),
    answer=st.integers(0, 300),
)
def test_milestones_stand_in_order_between_the_promise_and_its_end(
    kind: PromiseKind, due_minutes: int, ready: int, lane: int, source: int, answer: int
):
    due_at = NOON + timedelta(minutes=due_minutes)
    ahead = Ahead(ready_minutes=ready, lane_minutes=lane, source_minutes=source, answer_minutes=answer)
    found = counted_back(kind, due_at, ahead, promised_at=NOON, opening=TEN_TO_TEN)
    assert NOON <= found.source_by <= found.accept_by <= found.hand_over_by <= found.due_at == due_at


def test_milestones_are_counted_back_through_opening_hours():
    ahead = Ahead(ready_minutes=120, lane_minutes=24 * 60, source_minutes=15, answer_minutes=30)
    # Due at the end of a day in Shanghai: a day on the way, and the store shuts at ten the evening before.
    due_at = datetime(2026, 3, 4, 16, tzinfo=UTC)
    found = counted_back(PromiseKind.DELIVER, due_at, ahead, promised_at=NOON, opening=TEN_TO_TEN)
    assert found.hand_over_by == datetime(2026, 3, 3, 14, tzinfo=UTC)
    assert found.accept_by == datetime(2026, 3, 3, 12, 45, tzinfo=UTC)
    assert found.source_by == datetime(2026, 3, 3, 12, 15, tzinfo=UTC)


def test_what_is_ready_in_time_is_kept_and_a_moment_later_it_is_broken():
    due = hours(5)
    for ready, state in ((due, PromiseState.KEPT), (due + timedelta(seconds=1), PromiseState.BROKEN)):
        facts = Facts(
            order_id=ORDER, sourced_at=hours(1), accepted_at=hours(2), handed_over_at=ready, by_site_id=SITE
        )
        ended = settled(promise(), facts, now=hours(6))
        assert (ended.state, ended.ended_at, ended.look_at) == (state, hours(6), None)


def test_a_parcel_is_not_kept_before_it_arrives_and_ends_untold_where_nobody_says():
    facts = Facts(
        order_id=ORDER, sourced_at=hours(1), accepted_at=hours(2), handed_over_at=hours(4), by_site_id=SITE
    )
    under_way = settled(promise(PromiseKind.DELIVER), facts, now=hours(4))
    assert (under_way.state, under_way.look_at) == (PromiseState.OPEN, hours(36))
    waiting = looked_at(under_way, now=hours(36))
    assert (waiting.state, waiting.risk, waiting.look_at) == (
        PromiseState.OPEN,
        None,
        hours(36) + UNTOLD_AFTER,
    )
    assert looked_at(waiting, now=hours(36) + UNTOLD_AFTER).state is PromiseState.UNTOLD
    arrived = settled(waiting, msgspec.structs.replace(facts, arrived_at=hours(36)), now=hours(40))
    assert arrived.state is PromiseState.KEPT


def test_each_milestone_that_is_missed_is_noted_once():
    first = looked_at(promise(), now=hours(3))
    assert (first.risk, first.risk_at, first.look_at) == (Milestone.SOURCE, hours(3), hours(3.25))
    again = looked_at(first, now=hours(3.25))
    assert (again.risk, again.risk_at) == (Milestone.SOURCE, hours(3))
    sourced = msgspec.structs.replace(again, sourced_at=hours(3.5))
    assert looked_at(sourced, now=hours(4)).risk is Milestone.ACCEPT
    late = looked_at(sourced, now=hours(5))
    assert (late.state, late.risk, late.ended_at) == (PromiseState.BROKEN, Milestone.ACCEPT, hours(5))


def test_what_is_expected_moves_with_the_clock_and_never_before_it():
    terms = Terms()
    on_time = expected(promise(), now=NOON, opening=TEN_TO_TEN, terms=terms)
    assert on_time == hours(2)
    stuck = expected(promise(), now=hours(8), opening=TEN_TO_TEN, terms=terms)
    assert stuck == hours(8.5)
    closed = expected(promise(), now=hours(11), opening=TEN_TO_TEN, terms=terms)
    assert closed == datetime(2026, 3, 3, 2, 30, tzinfo=UTC)


@given(stage=st.integers(0, 3), now=st.integers(0, 5_000), kind=st.sampled_from(PromiseKind))
def test_nothing_is_expected_in_the_past(stage: int, now: int, kind: PromiseKind):
    reached = dict(
        zip(("sourced_at", "accepted_at", "handed_over_at"), (hours(1), hours(2), hours(3)), strict=True)
    )
    known = promise(kind, **dict(list(reached.items())[:stage]))
    at = NOON + timedelta(minutes=now)
    found = expected(known, now=at, opening=TEN_TO_TEN, terms=Terms())
    assert found >= (at if stage < 3 else hours(3))
