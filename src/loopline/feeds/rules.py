"""What a feed's word is worth, and what becomes of it. Pure; all in whole units and per cent."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from loopline.feeds.model import Feed, Known, Result, StatedUnits, Verdict, Why
from loopline.kernel.ids import SkuId

FUTURE_TOLERANCE = timedelta(minutes=5)
"""How far a sender's clock may be ahead of ours."""
PAST_TOLERANCE = timedelta(days=30)
RECORD_DAYS = 30
# What a new feed is taken for: eighteen of twenty units were there.
_PRIOR_GOOD, _PRIOR = 18, 20
EVERYTHING = 1_000_000_000
"""More units than any leaf has: with so many kept back nothing is promised."""

# A change of so few units is never wild, however small the shelf.
_JUMP_MIN = 20
_JUMP_TIMES_USUAL = 8
_LEAP_TIMES = 3
_COLLAPSE_DIVISOR = 10
# So many SKUs make a pattern.
_PATTERN_MIN = 5
_PATTERN_PERCENT = 80
_PATTERN_TIMES = 5
# A sixteenth of each new difference is learnt.
_LEARNT = 16


class Habit(msgspec.Struct, frozen=True, kw_only=True):
    """By how much a feed's statements usually differ from our books, and from how many that was learnt."""

    usual_hundredths: int = 0
    statements: int = 0


def effective_moment(as_at: datetime, *, now: datetime) -> datetime:
    """Return the moment a snapshot speaks of: nobody has counted what is still to come, whatever a clock says."""
    return min(as_at, now)


def judge(
    units: Sequence[StatedUnits],
    *,
    as_at: datetime,
    known: Mapping[SkuId, Known],
    ours: Mapping[SkuId, int],
    habit: Habit,
) -> list[Verdict]:
    """Decide on the statements of one snapshot; `ours` is what our books say as at its moment, 0 where absent.

    A statement no newer than the one our books follow is outdated, the rest is applied unless it is wild: far beyond
    what this feed usually differs by, or part of a pattern, such as everything at nought or everything tenfold. As
    long as nothing is wild, snapshots in any order and however often give the same books.
    """
    newer = [one for one in units if one.sku_id not in known or known[one.sku_id].as_at < as_at]
    pattern = _pattern(newer, ours)
    fresh = {one.sku_id for one in newer}
    verdicts: list[Verdict] = []
    for one in units:
        before = ours.get(one.sku_id, 0)
        why = None
        if one.sku_id not in fresh:
            result = Result.OUTDATED
        elif one.units == before:
            result = Result.UNCHANGED
        else:
            why = _pattern_of(one.units, before, pattern) or _wild(
                one.units, before, known.get(one.sku_id), habit
            )
            result = Result.APPLIED if why is None else Result.DOUBTED
        verdicts.append(Verdict(sku_id=one.sku_id, units=one.units, ours=before, result=result, why=why))
    return verdicts


def _pattern(newer: Sequence[StatedUnits], ours: Mapping[SkuId, int]) -> Why | None:
    """Return what most of a snapshot has in common that no shop's day brings about; only what we have counts."""
    pairs = [(one.units, ours.get(one.sku_id, 0)) for one in newer if ours.get(one.sku_id, 0) > 0]
    if len(pairs) < _PATTERN_MIN:
        return None
    gone = sum(stated == 0 for stated, _ in pairs)
    multiplied = sum(stated >= _PATTERN_TIMES * before for stated, before in pairs)
    if gone * 100 >= _PATTERN_PERCENT * len(pairs):
        return Why.ALL_GONE
    return Why.ALL_MULTIPLIED if multiplied * 100 >= _PATTERN_PERCENT * len(pairs) else None


def _pattern_of(stated: int, before: int, pattern: Why | None) -> Why | None:
    if pattern is Why.ALL_GONE and stated == 0 and before > 0:
        return pattern
    if pattern is Why.ALL_MULTIPLIED and stated >= _PATTERN_TIMES * before > 0:
        return pattern
    return None


def _wild(stated: int, before: int, known: Known | None, habit: Habit) -> Why | None:
    """Tell whether one statement is out of bounds. The first of a SKU may bring any number, and take away few."""
    jump = stated - before
    if abs(jump) <= max(_JUMP_MIN, _JUMP_TIMES_USUAL * habit.usual_hundredths // 100):
        return None
    if jump > 0:
        is_leap = known is not None and stated > _LEAP_TIMES * max(known.most_units, before)
        return Why.LEAP if is_leap else None
    return Why.COLLAPSE if stated * _COLLAPSE_DIVISOR <= before else None


def learnt(habit: Habit, verdicts: Sequence[Verdict], *, known: Mapping[SkuId, Known]) -> Habit:
    """Return the habit after a snapshot. First statements of a SKU teach nothing: they fill empty books."""
    usual, count = habit.usual_hundredths, habit.statements
    for one in verdicts:
        if one.result in (Result.APPLIED, Result.UNCHANGED) and one.sku_id in known:
            difference = abs(one.units - one.ours) * 100
            usual += (difference - usual) // _LEARNT
            count += 1
    return Habit(usual_hundredths=usual, statements=count)


def trust_percent(good: int, bad: int) -> int:
    """Return how far a feed is to be trusted: of the units we came for, the share that was there.

    Begins at 90 for a feed of which nothing is known, and comes down fast or goes up slowly with what is proved.
    """
    return 100 * (good + _PRIOR_GOOD) // (good + bad + _PRIOR)


def age_in_intervals(feed: Feed, *, now: datetime) -> int:
    """Return how many whole intervals ago the moment lies that a feed last spoke of; its making counts as the first."""
    since = feed.heard_as_at or feed.made_at
    return max(0, (now - since) // timedelta(minutes=feed.interval_minutes))


def doubt_percent(feed: Feed, *, trust: int, now: datetime) -> int:
    """Return the share of everything a feed stated that is kept back.

    Until a snapshot is a whole interval late it is what trust lacks; then it grows evenly with each interval, and
    after `stale_after` of them it is everything. It comes back by itself with the next snapshot.
    """
    intervals = min(age_in_intervals(feed, now=now), feed.stale_after)
    lacking = 100 - trust
    return lacking + trust * max(0, intervals - 1) // (feed.stale_after - 1)


def doubted_units(percent: int, *, sellable: int, suspected: int = 0) -> int:
    """Return how many units of a SKU to keep back: a share, half rounded up, or what a suspicion would take away.

    `sellable` is what could be sold if nothing were kept back. All of it in doubt keeps back what may still come, too.
    """
    if percent >= 100:
        return EVERYTHING
    return max((max(0, sellable) * percent + 50) // 100, suspected)
