"""What is chosen is there, is never dearer than a choice that is as good, and hours that are offered are free."""

from datetime import UTC, datetime, timedelta
from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from loopline.promises import Opening, Terms
from loopline.promises.model import Stretch
from loopline.promises.rules import band_of, choose_parcels, free_hours, minute_of, moment_of

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
OPENING = Opening(
    hours=[Stretch(weekday=day, opens_minute=600, closes_minute=1_290) for day in (1, 2, 3, 5)],
    time_zone="Asia/Shanghai",
)


@st.composite
def carts(draw: st.DrawFn) -> tuple[list[list[int]], list[int], list[int], list[list[int]]]:
    sites, lines = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    have = [[draw(st.integers(0, 4)) for _ in range(lines)] for _ in range(sites)]
    wanted = [draw(st.integers(1, 5)) for _ in range(lines)]
    parcels = [draw(st.integers(0, 50)) for _ in range(sites)]
    worth = [[draw(st.integers(0, 9)) for _ in range(lines)] for _ in range(sites)]
    return have, wanted, parcels, worth


@given(carts())
def test_never_more_than_there_is_and_one_parcel_where_one_is_enough(
    cart: tuple[list[list[int]], list[int], list[int], list[list[int]]],
):
    have, wanted, parcels, worth = (np.array(one, np.int64) for one in cart)
    choice = choose_parcels(have, wanted, parcels, worth)
    is_there = bool((have.sum(axis=0) >= wanted).all())
    assert (choice is not None) == is_there
    if choice is None:
        return
    assert (have[list(choice.rows)].sum(axis=0) >= wanted).all()
    whole = [row for row in range(len(have)) if (have[row] >= wanted).all()]
    assert (len(choice.rows) == 1) == bool(whole)
    if whole:
        assert choice.weight_minor == min(int(parcels[row] + worth[row] @ wanted) for row in whole)
        return
    # None of its sites can be spared: each gave something that was missing when it was taken.
    least = next(
        size
        for size in range(1, len(have) + 1)
        if any(
            (have[list(rows)].sum(axis=0) >= wanted).all() for rows in combinations(range(len(have)), size)
        )
    )
    assert len(choice.rows) >= least


@given(
    earliest=st.integers(0, 10_000),
    taken=st.dictionaries(st.integers(0, 200), st.integers(1, 3), max_size=30),
    at_once=st.integers(1, 2),
    length=st.sampled_from([30, 45, 60]),
)
def test_hours_that_are_offered_lie_in_opening_hours_and_have_room(
    earliest: int, taken: dict[int, int], at_once: int, length: int
):
    start = NOON + timedelta(minutes=earliest)
    terms = Terms(appointment_minutes=length, appointments_at_once=at_once, horizon_days=7)
    opens = datetime(2026, 3, 2, 2, tzinfo=UTC)
    full = {opens + timedelta(minutes=length * slot): count for slot, count in taken.items()}
    hours = free_hours(OPENING, start, taken=full, terms=terms)
    for one in hours:
        local = one + timedelta(hours=8)
        assert one >= start
        assert local.isoweekday() in (1, 2, 3, 5)
        assert 600 <= local.hour * 60 + local.minute <= 1_290 - length
        assert full.get(one, 0) < at_once
    assert hours == sorted(set(hours))


def test_an_hour_that_is_full_is_not_offered_and_the_next_one_is():
    terms = Terms(horizon_days=1)
    hours = free_hours(OPENING, NOON, taken={NOON: 2, NOON + timedelta(hours=1): 1}, terms=terms)
    assert hours[0] == NOON + timedelta(hours=1)


@given(st.lists(st.integers(0, 30_000_000), min_size=1, max_size=20))
def test_a_way_lies_in_the_first_band_that_is_long_enough(metres: list[int]):
    limits = [50_000, 300_000, 1_000_000, 20_100_000]
    bands = [band_of(one, limits) for one in metres]
    for way, band in zip(metres, bands, strict=True):
        assert band == next((place for place, limit in enumerate(limits) if way <= limit), len(limits) - 1)


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001 - made aware below
def test_a_minute_is_never_earlier_than_its_moment(naive: datetime):
    at = naive.replace(tzinfo=UTC)
    told = moment_of(minute_of(at))
    assert timedelta(0) <= told - at < timedelta(minutes=1)
