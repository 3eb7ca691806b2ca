"""What a feed's word is worth: which statements are believed, and how much is kept back."""

from datetime import UTC, datetime, timedelta

import pytest

from loopline.feeds import Feed, FeedKind, Known, Result, StatedUnits, Why
from loopline.feeds.rules import (
    EVERYTHING,
    Habit,
    age_in_intervals,
    doubt_percent,
    doubted_units,
    effective_moment,
    judge,
    learnt,
    trust_percent,
)
from loopline.kernel.ids import FeedId, NodeId, SiteId, SkuId
from tests.make.stock import new_id

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
SKUS = [SkuId(new_id()) for _ in range(6)]
SKU = SKUS[0]


def feed(*, heard_as_at: datetime | None = NOON, stale_after: int = 4) -> Feed:
    return Feed(
        id=FeedId(new_id()),
        code="ERP",
        leaf_id=NodeId(new_id()),
        site_id=SiteId(new_id()),
        kind=FeedKind.ON_HAND,
        interval_minutes=15,
        stale_after=stale_after,
        made_at=NOON - QUARTER,
        heard_as_at=heard_as_at,
        heard_at=heard_as_at,
        usual_hundredths=0,
        statements=0,
        doubt_percent=0,
    )


def known(sku_id: SkuId = SKU, *, as_at: datetime = NOON - QUARTER, most: int = 10) -> dict[SkuId, Known]:
    return {sku_id: Known(sku_id=sku_id, as_at=as_at, units=most, most_units=most)}


def verdict(
    stated: int, ours: int, *, before: dict[SkuId, Known] | None = None, habit: Habit | None = None
) -> tuple[Result, Why | None]:
    (one,) = judge(
        [StatedUnits(sku_id=SKU, units=stated)],
        as_at=NOON,
        known=known() if before is None else before,
        ours={SKU: ours},
        habit=habit or Habit(),
    )
    return one.result, one.why


@pytest.mark.parametrize(
    ("stated", "ours", "most", "result", "why"),
    [
        (10, 10, 10, Result.UNCHANGED, None),
        (7, 10, 10, Result.APPLIED, None),
        # Twenty pieces are never wild, one more is where it is threefold, or a tenth.
        (30, 10, 10, Result.APPLIED, None),
        (31, 10, 10, Result.DOUBTED, Why.LEAP),
        (31, 10, 11, Result.APPLIED, None),
        (0, 20, 20, Result.APPLIED, None),
        (0, 21, 21, Result.DOUBTED, Why.COLLAPSE),
        (2, 23, 23, Result.DOUBTED, Why.COLLAPSE),
        (3, 24, 24, Result.APPLIED, None),
    ],
)
def test_a_statement_is_wild_beyond_its_bounds(
    stated: int, ours: int, most: int, result: Result, why: Why | None
):
    assert verdict(stated, ours, before=known(most=most)) == (result, why)


def test_the_first_of_a_sku_may_bring_any_number():
    assert verdict(5_000, 0, before={}) == (Result.APPLIED, None)
    assert verdict(0, 60, before={}) == (Result.DOUBTED, Why.COLLAPSE)


def test_what_is_usual_for_a_feed_is_not_wild():
    used_to_much = Habit(usual_hundredths=1_000, statements=40)
    assert verdict(0, 80, before=known(most=80), habit=used_to_much) == (Result.APPLIED, None)
    assert verdict(0, 81, before=known(most=81), habit=used_to_much) == (Result.DOUBTED, Why.COLLAPSE)


@pytest.mark.parametrize(
    ("minutes", "result"), [(-1, Result.APPLIED), (0, Result.OUTDATED), (1, Result.OUTDATED)]
)
def test_only_what_is_newer_is_applied(minutes: int, result: Result):
    before = known(as_at=NOON + timedelta(minutes=minutes))
    assert verdict(7, 10, before=before) == (result, None)


def snapshot(stated: list[int], ours: list[int]) -> list[Why | None]:
    verdicts = judge(
        [StatedUnits(sku_id=sku, units=units) for sku, units in zip(SKUS, stated, strict=False)],
        as_at=NOON,
        known={},
        ours=dict(zip(SKUS, ours, strict=False)),
        habit=Habit(),
    )
    return [one.why for one in verdicts]


def test_a_pattern_over_most_of_a_snapshot_is_wild_however_small():
    gone = Why.ALL_GONE
    assert snapshot([0, 0, 0, 0, 2], [1, 1, 2, 1, 2]) == [gone, gone, gone, gone, None]
    assert snapshot([0, 0, 0, 1, 2], [1, 1, 2, 1, 2]) == [None] * 5
    assert snapshot([0, 0, 0, 0], [1, 1, 2, 1]) == [None] * 4
    tenfold = Why.ALL_MULTIPLIED
    assert snapshot([10, 5, 20, 10, 2, 7], [1, 1, 2, 1, 2, 0]) == [tenfold] * 4 + [None, None]
    # What we have nothing of makes no pattern: a shop that opens fills its books.
    assert snapshot([3, 4, 5, 6, 7], [0, 0, 0, 0, 0]) == [None] * 5


def test_a_habit_is_learnt_from_what_was_known_before():
    verdicts = judge(
        [StatedUnits(sku_id=SKU, units=8), StatedUnits(sku_id=SKUS[1], units=900)],
        as_at=NOON,
        known=known(),
        ours={SKU: 10},
        habit=Habit(),
    )
    # A sixteenth of two hundred hundredths; the first statement of the other SKU teaches nothing.
    assert learnt(Habit(), verdicts, known=known()) == Habit(usual_hundredths=12, statements=1)


@pytest.mark.parametrize(
    ("good", "bad", "percent"),
    [(0, 0, 90), (80, 0, 98), (0, 5, 72), (0, 20, 45), (982, 0, 99), (0, 10_000, 0)],
)
def test_trust_is_the_share_that_was_there(good: int, bad: int, percent: int):
    assert trust_percent(good, bad) == percent


@pytest.mark.parametrize(
    ("minutes", "intervals", "percent"),
    [
        (0, 0, 10),
        (14, 0, 10),
        (15, 1, 10),
        (29, 1, 10),
        (30, 2, 40),
        (45, 3, 70),
        (59, 3, 70),
        (60, 4, 100),
        (900, 60, 100),
    ],
)
def test_doubt_grows_with_age_until_nothing_is_promised(minutes: int, intervals: int, percent: int):
    now = NOON + timedelta(minutes=minutes)
    assert age_in_intervals(feed(), now=now) == intervals
    assert doubt_percent(feed(), trust=90, now=now) == percent


def test_a_feed_that_was_never_heard_ages_from_its_making():
    assert doubt_percent(feed(heard_as_at=None), trust=90, now=NOON + 3 * QUARTER) == 100


@pytest.mark.parametrize(
    ("percent", "sellable", "suspected", "units"),
    [
        (10, 10, 0, 1),
        (10, 4, 0, 0),
        (10, 5, 0, 1),
        (50, 1, 0, 1),
        (49, 1, 0, 0),
        (10, 10, 7, 7),
        (90, 10, 7, 9),
        (10, -3, 0, 0),
    ],
)
def test_a_share_is_kept_back_or_what_is_suspected(percent: int, sellable: int, suspected: int, units: int):
    assert doubted_units(percent, sellable=sellable, suspected=suspected) == units
    assert doubted_units(100, sellable=sellable) == EVERYTHING


def test_nobody_has_counted_what_is_still_to_come():
    assert effective_moment(NOON + QUARTER, now=NOON) == NOON
    assert effective_moment(NOON - QUARTER, now=NOON) == NOON - QUARTER
