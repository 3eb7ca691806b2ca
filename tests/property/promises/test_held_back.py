"""What was learnt is held against days it has not seen, and only against those."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from loopline.kernel.ids import OrderId, PromiseId, SiteId
from loopline.promises import HeldBack, Opening, Promise, PromiseKind, PromiseState, Terms
from loopline.promises.model import Stretch
from loopline.promises.rules import held_back

SITE = SiteId(UUID(int=1))
TERMS = Terms()
BEGAN = datetime(2026, 3, 2, tzinfo=UTC)
HELD = BEGAN + timedelta(days=10)
ALWAYS = Opening(
    hours=[Stretch(weekday=day, opens_minute=0, closes_minute=1_440) for day in range(1, 8)], time_zone="UTC"
)


def left(number: int, day: int, ready: int, lane: int | None = None) -> Promise:
    """A promise whose goods left so many minutes after noon of a day, and arrived so many minutes later."""
    began = BEGAN + timedelta(days=day, hours=12)
    handed_over = began + timedelta(minutes=ready)
    return Promise(
        id=PromiseId(UUID(int=number)),
        order_id=OrderId(UUID(int=number)),
        kind=PromiseKind.DELIVER,
        site_id=SITE,
        promised_at=began,
        due_at=began + timedelta(days=9),
        first_due_at=began + timedelta(days=9),
        starts_at=None,
        source_by=began,
        accept_by=began,
        hand_over_by=began,
        ready_minutes=120,
        lane_minutes=1_440,
        band=0,
        terms_version=0,
        pace_version=0,
        sourced_at=began,
        accepted_at=began,
        handed_over_at=handed_over,
        arrived_at=handed_over + timedelta(minutes=lane) if lane is not None else None,
        by_site_id=SITE,
        risk=None,
        risk_at=None,
        look_at=None,
        state=PromiseState.KEPT,
        ended_at=handed_over,
        replaces_id=None,
    )


def measured(promises: list[Promise], terms: Terms = TERMS) -> list[HeldBack]:
    return held_back(promises, lambda _: ALWAYS, terms, {SITE: 120}, held_since=HELD)


def test_a_site_that_is_slower_than_the_terms_is_covered_by_what_was_learnt_alone():
    chance = random.Random(5)
    promises = [left(number, number % 14, chance.randrange(200, 300)) for number in range(2_000)]
    (ready,) = measured(promises)
    assert (ready.stage, ready.since, ready.aim_percent) == ("ready", HELD, 90)
    assert ready.observed == sum(number % 14 >= 10 for number in range(2_000))
    assert (ready.told_covered, ready.told_minutes_mean) == (0, 120)
    assert 0.86 <= ready.covered / ready.observed <= 0.94
    assert 280 <= ready.minutes_mean <= 295


def test_a_site_that_is_quicker_is_promised_sooner_and_kept_less_often_than_by_the_terms():
    chance = random.Random(6)
    (ready,) = measured([left(number, number % 14, chance.randrange(1, 61)) for number in range(2_000)])
    assert ready.told_covered == ready.observed
    assert ready.minutes_mean < 60 < ready.told_minutes_mean
    assert 0.86 <= ready.covered / ready.observed <= 0.94


@given(st.lists(st.integers(1, 900), min_size=1, max_size=20), st.lists(st.integers(1, 900), max_size=20))
def test_what_held_back_days_saw_changes_nothing_of_what_was_learnt(before: list[int], after: list[int]):
    known = [left(number, number % 9, minutes) for number, minutes in enumerate(before)]
    seen = [left(100 + number, 11, minutes) for number, minutes in enumerate(after)]
    quick = measured([*known, left(500, 11, 1)])
    slow = measured([*known, *seen, left(500, 11, 1)])
    assert quick[0].minutes_mean == slow[0].minutes_mean
    assert slow[0].observed == len(seen) + 1


def test_an_arrival_that_was_not_known_by_then_teaches_nothing():
    # It left before, and was ten days on its way: nobody knew that when the days began that were held back.
    known = [left(number, 1, 60, 60) for number in range(20)]
    late = left(100, 9, 60, 14_400)
    after = left(200, 11, 60, 60)
    with_it, without = measured([*known, late, after]), measured([*known, after])
    assert [one.stage for one in with_it] == ["ready", "lane"]
    assert with_it[1] == without[1]


def test_where_nothing_was_known_before_or_seen_after_nothing_is_measured():
    assert measured([left(1, 11, 60)]) == []
    assert measured([left(1, 1, 60)]) == []
    assert measured([msgspec.structs.replace(left(1, 11, 60), handed_over_at=None), left(2, 1, 60)]) == []
