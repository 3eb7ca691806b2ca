"""How much a site can do in a day, from days of which most do not say it. Pure.

A day on which everything was done says only "at least that much": it is censored. A day on which much was left says how
much the site can do. From both the product-limit estimator (Kaplan and Meier, Journal of the American Statistical
Association 53, 1958) gives how probably a site can do at least so much; what it can do on two days of three is what
may be counted on.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from math import sqrt

from loopline.insight.capacity.model import Learnt, Verdict, WorkedDay

LOOKS_BACK_DAYS = 56
HELD_BACK_DAYS = 14
FULL_DAYS_LEAST = 5
HELD_BACK_LEAST = 5
_COUNTED_ON = Fraction(2, 3)
_LEFT_LEAST = 2
_LEFT_SHARE = 10


def is_full(day: WorkedDay) -> bool:
    """Whether a site came to its end on a day: it left two tasks at least, and a tenth of what there was to do.

    One task that was left may have been a hard one. A day on which nothing was done at all was no working day.
    """
    return day.done > 0 and day.left_over >= max(_LEFT_LEAST, -(-day.work // _LEFT_SHARE))


def counted_on(days: Sequence[WorkedDay]) -> int | None:
    """Return how much a site does on two of three days on which there is more; None where the days do not tell.

    Of days that were done equally, the full ones ended first, as is usual.
    """
    reached = Fraction(1)
    for done in sorted({day.done for day in days if is_full(day)}):
        at_risk = sum(day.done >= done for day in days)
        ended = sum(day.done == done and is_full(day) for day in days)
        reached *= 1 - Fraction(ended, at_risk)
        if reached < _COUNTED_ON:
            return done
    return None


def learn_site(days: Sequence[WorkedDay], *, stated: int, held_back_from: date) -> Learnt:
    """Learn from a site's days, and measure on those held back what the others told.

    It is believed where it is less than the site says, and foretold the days held back better by more than the standard
    error of that. A day is foretold as what there was to do, but no more than the limit.
    """
    days = [day for day in days if day.done > 0]
    full = sum(map(is_full, days))
    per_day = counted_on(days)
    held_back = [day for day in days if day.day >= held_back_from]
    measured = _measured([day for day in days if day.day < held_back_from], held_back, stated=stated)
    stated_error, learnt_error, better_by_error = measured or (None, None, None)
    return Learnt(
        per_day=per_day,
        days=len(days),
        full_days=full,
        held_back_days=len(held_back),
        stated_error=stated_error,
        learnt_error=learnt_error,
        better_by_error=better_by_error,
        verdict=_verdict(per_day, full, measured, stated=stated),
    )


def days_learnt_from(today: date) -> tuple[date, date, date]:
    """Return the first day, the day from which days are held back, and the last day that is over everywhere."""
    last = today - timedelta(days=2)  # it may be yesterday still at some sites
    return last - timedelta(days=LOOKS_BACK_DAYS - 1), last - timedelta(days=HELD_BACK_DAYS - 1), last


_Measured = tuple[float, float, float]


def _measured(known: Sequence[WorkedDay], held_back: Sequence[WorkedDay], *, stated: int) -> _Measured | None:
    """Both mean errors and the standard error of their difference; None where too little was held back, or known."""
    told = counted_on(known)
    if told is None or len(held_back) < HELD_BACK_LEAST:
        return None
    by_stated = [abs(min(day.work, stated) - day.done) for day in held_back]
    by_learnt = [abs(min(day.work, stated, told) - day.done) for day in held_back]
    better = [one - other for one, other in zip(by_stated, by_learnt, strict=True)]
    count = len(better)
    mean = sum(better) / count
    spread = sum((one - mean) ** 2 for one in better) / (count - 1)
    return sum(by_stated) / count, sum(by_learnt) / count, sqrt(spread / count)


def _verdict(per_day: int | None, full: int, measured: _Measured | None, *, stated: int) -> Verdict:
    if full < FULL_DAYS_LEAST:
        return Verdict.TOO_FEW_FULL_DAYS
    if per_day is None:
        return Verdict.NEVER_AT_ITS_END
    if per_day >= stated:
        return Verdict.NOT_LESS
    if measured is None:
        return Verdict.NOT_MEASURED
    stated_error, learnt_error, error = measured
    return Verdict.BETTER if stated_error - learnt_error > error else Verdict.NOT_BETTER
