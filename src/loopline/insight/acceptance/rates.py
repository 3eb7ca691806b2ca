"""The plain rates of sites: their own record, drawn towards that of all sites by as much as sites are alike.

Acceptances of a site are binomial, the sites' probabilities beta distributed; the beta's mean is the rate of all
offers, its strength (in offers) is the likeliest one given the record: empirical Bayes, Efron and Morris, JASA 70
(1975); the beta-binomial as in Griffiths, Biometrics 29 (1973). A site's probability is the mean of what is then known
of it, so that it is the common one before its first offer, and moves as far as its own record is worth.
"""

import msgspec
import numpy as np
from scipy.special import betaln  # pyright: ignore[reportMissingTypeStubs]

from loopline.insight.acceptance.model import Floats, Integers, Offers

# Before anything was ever offered: nine in ten within ten minutes, believed like ten offers.
FIRST_PROBABILITY = 0.9
FIRST_MINUTES = 10.0
FIRST_OFFERS = 10.0
# Strengths tried, in offers. The last says that sites do not differ to speak of.
_STRENGTHS: Floats = np.geomspace(1.0, 1_000.0, 61)
# How many answers a site must have given for its own mean to weigh as much as that of all sites.
_MINUTES_STRENGTH = 20.0


class Prior(msgspec.Struct, frozen=True, kw_only=True):
    """What is believed of a site nothing is known of, and how many offers of its own outweigh it by half."""

    probability: float
    offers: float
    minutes: float


class SiteRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What each site did, by its number: offers, how many of them it accepted, minutes to all answers together."""

    offers: Integers
    accepted: Integers
    minutes: Floats


NOTHING_KNOWN = Prior(probability=FIRST_PROBABILITY, offers=FIRST_OFFERS, minutes=FIRST_MINUTES)


def record_of(offers: Offers, *, sites: int) -> SiteRecord:
    """Sum offers up by site, of which there are `sites`."""
    return SiteRecord(
        offers=np.bincount(offers.site, minlength=sites).astype(np.int64),
        accepted=np.bincount(offers.site[offers.accepted], minlength=sites).astype(np.int64),
        minutes=np.bincount(offers.site, weights=offers.minutes, minlength=sites).astype(np.float64),
    )


def prior_from(record: SiteRecord) -> Prior:
    """Return what all sites together say of one that nothing is known of."""
    offers, accepted = int(record.offers.sum()), int(record.accepted.sum())
    probability = (accepted + FIRST_OFFERS * FIRST_PROBABILITY) / (offers + FIRST_OFFERS)
    minutes = (float(record.minutes.sum()) + FIRST_OFFERS * FIRST_MINUTES) / (offers + FIRST_OFFERS)
    return Prior(probability=probability, offers=_likeliest_strength(record, probability), minutes=minutes)


def _likeliest_strength(record: SiteRecord, probability: float) -> float:
    """Return the strength under which the record is likeliest; FIRST_OFFERS where fewer than two sites have one."""
    known = record.offers > 0
    if np.count_nonzero(known) < 2:
        return FIRST_OFFERS
    accepted, missed = record.accepted[known], (record.offers - record.accepted)[known]
    alpha = (_STRENGTHS * probability)[:, None]
    beta = (_STRENGTHS * (1 - probability))[:, None]
    likelihood: Floats = np.sum(betaln(alpha + accepted, beta + missed) - betaln(alpha, beta), axis=1)
    return float(_STRENGTHS[int(np.argmax(likelihood))])


def probabilities(offers: Integers, accepted: Integers, prior: Prior) -> Floats:
    """Return the probability that each site accepts, by its own record and the prior."""
    return (accepted + prior.offers * prior.probability) / (offers + prior.offers)


def answer_minutes(offers: Integers, minutes: Floats, prior: Prior) -> Floats:
    """Return the minutes to each site's answer, by its own record and the prior."""
    return (minutes + _MINUTES_STRENGTH * prior.minutes) / (offers + _MINUTES_STRENGTH)
