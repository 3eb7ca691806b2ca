"""What a site can do, from days of which most do not say: planted capacities are found, and none is made up."""

from datetime import date, timedelta
from random import Random

import pytest

from loopline.insight.capacity.model import Learnt, Verdict, WorkedDay
from loopline.insight.capacity.rules import counted_on, days_learnt_from, is_full, learn_site
from loopline.sourcing.learnt_capacity import LearntCapacity

FIRST = date(2026, 1, 5)
HELD_BACK = FIRST + timedelta(days=42)


def day(done: int, left_over: int = 0, number: int = 0) -> WorkedDay:
    return WorkedDay(day=FIRST + timedelta(days=number), done=done, left_over=left_over)


def world(
    *, can: int, spread: int, work: tuple[int, int], seed: int, days: int = 56, limit: int = 10**9
) -> list[WorkedDay]:
    """A site that can do about `can` a day, some more or less, is given between so much and so much to do."""
    chance = Random(seed)
    made: list[WorkedDay] = []
    for number in range(days):
        able = max(1, can + chance.randint(-spread, spread))
        given = min(chance.randint(*work), limit)
        done = min(able, given)
        made.append(day(done, given - done, number))
    return made


def learnt(days: list[WorkedDay], *, stated: int) -> Learnt:
    return learn_site(days, stated=stated, held_back_from=HELD_BACK)


@pytest.mark.parametrize(
    ("done", "left_over", "full"),
    [
        (10, 0, False),
        (10, 1, False),  # one may have been a hard one
        (10, 2, True),
        (30, 3, False),  # less than a tenth of 33, rounded up
        (30, 4, True),
        (18, 2, True),
        (19, 2, False),
        (0, 9, False),  # no working day
    ],
)
def test_a_day_is_full_where_much_of_it_was_left(done: int, left_over: int, full: bool):
    assert is_full(day(done, left_over)) is full


def test_days_that_were_done_say_nothing_of_the_end():
    assert counted_on([day(done) for done in (3, 8, 5, 9)]) is None


def test_it_is_the_product_limit():
    """Of 20 days five end at 10 (of 20 that came so far), five at 12 (of 12): 3/4 are above 10, 7/16 above 12."""
    days = [day(10, 5)] * 5 + [day(11)] * 3 + [day(12, 5)] * 5 + [day(15)] * 7
    assert counted_on(days) == 12
    assert (
        counted_on([*days, day(3)]) == 12
    )  # a day with little to do came to no end, and is not at risk there
    assert counted_on([*days, *[day(10, 5)] * 5]) == 10  # 15 of 25 above 10: less than two in three


@pytest.mark.parametrize("seed", range(5))
def test_a_planted_capacity_is_found_though_most_days_do_not_reach_it(seed: int):
    """Thirty a day, said to be sixty; only about four days in ten have more than thirty to do."""
    told = learnt(world(can=30, spread=3, work=(5, 45), seed=seed), stated=60)
    assert told.per_day is not None
    assert 27 <= told.per_day <= 31
    assert told.verdict is Verdict.BETTER
    assert told.stated_error is not None
    assert told.learnt_error is not None
    assert told.learnt_error < told.stated_error


@pytest.mark.parametrize("seed", range(5))
def test_the_mean_of_what_was_handed_over_would_be_far_too_little(seed: int):
    """What censoring costs who does not heed it: the same days, taken as they are, say less than it ever does."""
    days = world(can=30, spread=3, work=(5, 45), seed=seed)
    assert sum(one.done for one in days) / len(days) < 27


@pytest.mark.parametrize("seed", range(5))
def test_a_site_that_is_never_given_enough_is_believed(seed: int):
    told = learnt(world(can=30, spread=3, work=(2, 20), seed=seed), stated=60)
    assert (told.per_day, told.full_days, told.verdict) == (None, 0, Verdict.TOO_FEW_FULL_DAYS)


@pytest.mark.parametrize("seed", range(5))
def test_a_site_that_does_what_it_says_is_believed(seed: int):
    told = learnt(world(can=64, spread=4, work=(20, 90), seed=seed, limit=60), stated=60)
    assert told.verdict in {Verdict.TOO_FEW_FULL_DAYS, Verdict.NEVER_AT_ITS_END, Verdict.NOT_LESS}


def test_a_site_that_hired_people_before_the_held_back_days_is_not_held_to_its_past():
    slow = world(can=20, spread=2, work=(15, 50), seed=1, days=42)
    fast = [
        WorkedDay(day=HELD_BACK + timedelta(days=number), done=done, left_over=0)
        for number, done in enumerate((44, 48, 39, 50, 46, 41, 49, 45, 47, 43, 50, 38, 46, 42))
    ]
    told = learnt([*slow, *fast], stated=50)
    assert told.verdict is not Verdict.BETTER


def test_what_is_lowered_is_left_when_days_no_longer_end():
    """Given no more than was learnt the site does all of it; once no full day is left in sight, its word holds."""
    told = learnt(world(can=40, spread=3, work=(20, 60), seed=3, limit=30), stated=60)
    assert (told.full_days, told.verdict) == (0, Verdict.TOO_FEW_FULL_DAYS)


def test_too_few_days_held_back_measure_nothing():
    days = [one for one in world(can=30, spread=3, work=(25, 45), seed=2) if one.day < HELD_BACK]
    assert learnt([*days, *(day(20, 0, 42 + number) for number in range(4))], stated=60).verdict is (
        Verdict.NOT_MEASURED
    )


@pytest.mark.parametrize(
    ("learnt_per_day", "stated", "percent", "holds"),
    [
        (30, 60, 50, 30),
        (31, 60, 50, 31),
        (29, 60, 50, 30),
        (20, 60, 51, 31),
        (60, 60, 1, None),
        (1, 3, 50, 2),
    ],
)
def test_hq_says_how_far(learnt_per_day: int, stated: int, percent: int, holds: int | None):
    rule = LearntCapacity(is_used=True, least_percent=percent)

    assert rule.lowered(learnt_per_day, stated=stated) == holds
    assert LearntCapacity(least_percent=percent).lowered(learnt_per_day, stated=stated) is None


def test_days_that_are_not_over_everywhere_are_not_learnt_from():
    first, held_back, last = days_learnt_from(date(2026, 3, 10))
    assert (first, held_back, last) == (date(2026, 1, 12), date(2026, 2, 23), date(2026, 3, 8))
