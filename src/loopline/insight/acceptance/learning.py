"""Learning: plain rates always; trees on top where they foretold days they had not seen better. Pure.

Days are what is split, never offers: tomorrow's offers are foretold from yesterday's, and offers of one day share its
weather, its staff and its livestream. The last fifth of the days is held back. The number of rounds is chosen on the
last fifth of the others. Trees stay where an offer's log loss on the held-back days is smaller than under the plain
rates by more than its standard error; then they are learnt again from all days.
"""

import importlib
from datetime import date
from typing import Any, TypedDict

import msgspec
import numpy as np

from loopline.insight.acceptance.features import Known, from_logits, known_before, logits, table
from loopline.insight.acceptance.measures import log_losses, measure
from loopline.insight.acceptance.model import Flags, Floats, Measure, Measures, Offers
from loopline.insight.acceptance.rates import (
    Prior,
    SiteRecord,
    answer_minutes,
    prior_from,
    probabilities,
    record_of,
)
from loopline.insight.acceptance.trees import Forest, Trees

DAYS_TO_MEASURE = 5
DAYS_FOR_TREES = 10
OFFERS_FOR_TREES = 1_000
_HELD_BACK = 5  # one day of so many


class Learnt(msgspec.Struct, frozen=True, kw_only=True):
    """What was learnt: the prior, each site's record, and trees where they were better."""

    prior: Prior
    record: SiteRecord
    held_back_from: date | None
    trees: Trees | None
    minute_trees: Trees | None
    measures: Measures


class _Split(msgspec.Struct, frozen=True, kw_only=True):
    """Which offers are learnt from and which held back: every held-back day comes after every other."""

    earlier: Flags
    later: Flags
    later_from: int


def learn(offers: Offers, *, sites: int, seed: int) -> Learnt:
    """Learn from answered offers of sites numbered from zero; at least one offer.

    Deterministic. Under DAYS_TO_MEASURE days nothing is held back.
    """
    record = record_of(offers, sites=sites)
    learnt = Learnt(
        prior=prior_from(record),
        record=record,
        held_back_from=None,
        trees=None,
        minute_trees=None,
        measures=Measures(),
    )
    split = split_by_day(offers)
    if split is None:
        return learnt
    earlier = record_of(offers.only(split.earlier), sites=sites)
    prior, site = prior_from(earlier), offers.site[split.later]
    foretold = probabilities(earlier.offers, earlier.accepted, prior)[site]
    minutes = answer_minutes(earlier.offers, earlier.minutes, prior)[site]
    later = offers.only(split.later)
    learnt = msgspec.structs.replace(
        learnt,
        held_back_from=date.fromordinal(split.later_from),
        measures=Measures(
            held_back_offers=len(later),
            rates=measure(foretold, later.accepted),
            minutes_rates=_root_mean_square(minutes - later.minutes),
        ),
    )
    if len(np.unique(offers.day)) < DAYS_FOR_TREES or len(offers) < OFFERS_FOR_TREES:
        return learnt
    # What is known of a held-back offer's site is what the earlier days said, as it is for the plain rates.
    known = known_before(offers, sites=sites)
    asked = Known(probability=foretold, minutes=minutes, offers=earlier.offers[site])
    return _with_trees(_Ground(offers=offers, known=known, split=split, asked=asked, seed=seed), learnt)


def split_by_day(offers: Offers) -> _Split | None:
    """Hold back the last fifth of the days, at least one; None where there are too few days."""
    days = np.unique(offers.day)
    if len(days) < DAYS_TO_MEASURE:
        return None
    first = int(days[-max(1, len(days) // _HELD_BACK)])
    return _Split(earlier=offers.day < first, later=offers.day >= first, later_from=first)


class _PaidMore(TypedDict, total=False):
    """The fields of the measures that speak of offers that paid something on top."""

    paid_more_offers: int
    paid_more_rates: Measure
    paid_more_trees: Measure


class _Ground(msgspec.Struct, frozen=True, kw_only=True):
    offers: Offers
    known: Known
    split: _Split
    asked: Known
    seed: int


def _with_trees(ground: _Ground, learnt: Learnt) -> Learnt:
    offers, split = ground.offers, ground.split
    later = offers.only(split.later)
    rows = table(offers, ground.known)
    asked = table(later, ground.asked)

    accepts = _lesson("binary", rows, offers.accepted.astype(np.float64), logits(ground.known.probability))
    early, rounds = _learn_early(accepts, ground)
    foretold = from_logits(logits(ground.asked.probability) + Forest(early).scores(asked))
    better = log_losses(ground.asked.probability, later.accepted) - log_losses(foretold, later.accepted)

    lasts = _lesson("regression", rows, offers.minutes, ground.known.minutes)
    early_minutes, minute_rounds = _learn_early(lasts, ground)
    minutes = np.maximum(0.0, ground.asked.minutes + Forest(early_minutes).scores(asked))
    sooner = np.square(ground.asked.minutes - later.minutes) - np.square(minutes - later.minutes)
    return msgspec.structs.replace(
        learnt,
        trees=_boosting().learn_trees(accepts, rounds=rounds, seed=ground.seed)
        if rounds and _is_better(better)
        else None,
        minute_trees=_boosting().learn_trees(lasts, rounds=minute_rounds, seed=ground.seed)
        if minute_rounds and _is_better(sooner)
        else None,
        measures=msgspec.structs.replace(
            learnt.measures,
            trees=measure(foretold, later.accepted),
            better_by=float(better.mean()),
            better_by_error=_error(better),
            minutes_trees=_root_mean_square(minutes - later.minutes),
            **_where_more_was_paid(later, rates=ground.asked.probability, trees=foretold),
        ),
    )


def _where_more_was_paid(later: Offers, *, rates: Floats, trees: Floats) -> _PaidMore:
    """How both did on held-back offers that paid something on top: what is known of pay must show there."""
    paid = later.extra_minor > 0
    if not paid.any():
        return {}
    return {
        "paid_more_offers": int(paid.sum()),
        "paid_more_rates": measure(rates[paid], later.accepted[paid]),
        "paid_more_trees": measure(trees[paid], later.accepted[paid]),
    }


def _learn_early(lesson: Any, ground: _Ground) -> tuple[Trees, int]:
    """Learn from the days not held back, for as many rounds as suited the last fifth of them."""
    offers, earlier = ground.offers, ground.split.earlier
    inner = split_by_day(offers.only(earlier))
    assert inner is not None
    before = earlier & (offers.day < inner.later_from)
    rounds = _boosting().rounds_for(
        lesson.only(before), lesson.only(earlier & (offers.day >= inner.later_from)), seed=ground.seed
    )
    return _boosting().learn_trees(lesson.only(earlier), rounds=rounds, seed=ground.seed), rounds


def _is_better(by: Floats) -> bool:
    return float(by.mean()) > _error(by)


def _error(values: Floats) -> float:
    """The standard error of a mean."""
    return float(values.std() / np.sqrt(len(values)))


def _root_mean_square(errors: Floats) -> float:
    return float(np.sqrt(np.square(errors).mean()))


def _lesson(objective: str, rows: Floats, outcomes: Floats, begin: Floats) -> Any:
    return _boosting().Lesson(objective=objective, rows=rows, outcomes=outcomes, begin=begin)


def _boosting() -> Any:
    """Return the door to the learner, opened when there is something to learn: see there."""
    return importlib.import_module("loopline.insight.acceptance.boosting")
