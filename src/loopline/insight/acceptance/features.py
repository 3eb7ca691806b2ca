"""What trees look at, offer by offer; all of it known when the offer is made.

A site's own rate is that of strictly earlier days: the outcome of an offer, or of another of its day, is never part of
what it is foretold from. (A rate that holds the offer's own outcome foretells it well, and the next one badly.)
"""

import msgspec
import numpy as np

from loopline.insight.acceptance.model import Floats, Integers, Offers
from loopline.insight.acceptance.rates import (
    NOTHING_KNOWN,
    SiteRecord,
    answer_minutes,
    prior_from,
    probabilities,
    record_of,
)

NAMES = (
    "hour",
    "weekday",
    "load",
    "kilometres",
    "value",
    "units",
    "collected",
    "rate",
    "minutes",
    "offers",
    "rounds",
    "extra",
)
"""Trees that were learnt before a name was added at the end are read as ever: they do not ask for it."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What was known of each offer's site before: its plain rates, and from how many offers."""

    probability: Floats
    minutes: Floats
    offers: Integers


def known_before(offers: Offers, *, sites: int) -> Known:
    """Return, for each offer, what the days before its own said of its site."""
    probability, minutes = np.empty(len(offers)), np.empty(len(offers))
    earlier = np.zeros(len(offers), np.int64)
    record = SiteRecord(
        offers=np.zeros(sites, np.int64), accepted=np.zeros(sites, np.int64), minutes=np.zeros(sites)
    )
    for day in np.unique(offers.day):  # as many as days are looked back on
        prior = prior_from(record) if record.offers.any() else NOTHING_KNOWN
        rows = offers.day == day
        site = offers.site[rows]
        probability[rows] = probabilities(record.offers, record.accepted, prior)[site]
        minutes[rows] = answer_minutes(record.offers, record.minutes, prior)[site]
        earlier[rows] = record.offers[site]
        of_day = record_of(offers.only(rows), sites=sites)
        record = SiteRecord(
            offers=record.offers + of_day.offers,
            accepted=record.accepted + of_day.accepted,
            minutes=record.minutes + of_day.minutes,
        )
    return Known(probability=probability, minutes=minutes, offers=earlier)


def table(offers: Offers, known: Known) -> Floats:
    """Return (offers × NAMES)."""
    columns = (
        offers.hour,
        offers.weekday,
        offers.load,
        offers.kilometres,
        offers.value_minor,
        offers.units,
        offers.is_collected,
        known.probability,
        known.minutes,
        known.offers,
        offers.rounds,
        offers.extra_minor,
    )
    return np.column_stack([np.asarray(column, np.float64) for column in columns])


def logits(probability: Floats) -> Floats:
    """Return the log odds of probabilities in (0, 1)."""
    return np.log(probability) - np.log1p(-probability)


def from_logits(scores: Floats) -> Floats:
    """Return the probabilities of log odds, kept off zero and one by a thousandth."""
    return np.clip(1 / (1 + np.exp(-scores)), 0.001, 0.999)
