"""What the version in force says: of an ordinary offer to each site, or of given ones."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

import msgspec
import numpy as np

from loopline.db import Conn
from loopline.insight.acceptance import store
from loopline.insight.acceptance.features import Known, from_logits, logits, table
from loopline.insight.acceptance.model import Acceptance, Floats, OfferAhead, Offers, Version
from loopline.insight.acceptance.rates import (
    NOTHING_KNOWN,
    Prior,
    SiteRecord,
    answer_minutes,
    probabilities,
)
from loopline.insight.acceptance.store import SiteNow
from loopline.insight.acceptance.trees import Forest, read_trees
from loopline.kernel.ids import SiteId
from loopline.kernel.times import zone


class _InForce(msgspec.Struct, frozen=True, kw_only=True):
    version: int | None
    prior: Prior
    trees: Forest | None
    minute_trees: Forest | None


_NOTHING_LEARNT = _InForce(version=None, prior=NOTHING_KNOWN, trees=None, minute_trees=None)


def site_acceptance(conn: Conn, site_ids: Sequence[SiteId], *, now: datetime) -> dict[SiteId, Acceptance]:
    """Return what is to be expected of an ordinary offer to each site now. Every site asked for has an answer.

    Ordinary: to be delivered, as far, as dear and as large as the median offer to the site, at the site's hour and with
    what it has to do today. Two statements, whatever the number of sites.
    """
    offers = [OfferAhead(site_id=site_id, at=now) for site_id in site_ids]
    return dict(zip(site_ids, predict(conn, offers, now=now), strict=True))


def predict(conn: Conn, offers: Sequence[OfferAhead], *, now: datetime) -> list[Acceptance]:
    """Return what is to be expected of offers, in their order; a site's load is that of `now` where none is given."""
    in_force = _in_force(conn)
    asked = list({offer.site_id: None for offer in offers})
    found = store.sites_now(conn, asked, version=in_force.version, now=now)
    sites = {one.site_id: one for one in found}
    known = [sites.get(offer.site_id) or _unknown(offer.site_id) for offer in offers]
    record = SiteRecord(
        offers=np.array([one.offers for one in known], np.int64),
        accepted=np.array([one.accepted for one in known], np.int64),
        minutes=np.array([one.answered_minutes for one in known], np.float64),
    )
    rates = Known(
        probability=probabilities(record.offers, record.accepted, in_force.prior),
        minutes=answer_minutes(record.offers, record.minutes, in_force.prior),
        offers=record.offers,
    )
    probability, minutes = _beyond_rates(in_force, offers, known, rates)
    return [
        Acceptance(probability=float(one), answer_minutes=float(lasts))
        for one, lasts in zip(probability, minutes, strict=True)
    ]


def tells_offers_apart(conn: Conn) -> bool:
    """Whether what is learnt says of one offer to a site something else than of another."""
    return _in_force(conn).trees is not None


def newest(conn: Conn) -> Version | None:
    """Return the version in force with its measures, if anything was learnt yet."""
    found = store.newest_version(conn)
    return None if found is None else store.version(conn, found.version)


def _beyond_rates(
    in_force: _InForce, offers: Sequence[OfferAhead], known: Sequence[SiteNow], rates: Known
) -> tuple[Floats, Floats]:
    if in_force.trees is None and in_force.minute_trees is None:
        return rates.probability, rates.minutes
    rows = table(_columns(offers, known), rates)
    probability, minutes = rates.probability, rates.minutes
    if in_force.trees is not None:
        probability = from_logits(logits(probability) + in_force.trees.scores(rows))
    if in_force.minute_trees is not None:
        minutes = np.maximum(0.0, minutes + in_force.minute_trees.scores(rows))
    return probability, minutes


def _columns(offers: Sequence[OfferAhead], known: Sequence[SiteNow]) -> Offers:
    """Write offers ahead as columns; what is not given is as at the site, and what is not known there is zero."""
    there = [offer.at.astimezone(zone(site.time_zone)) for offer, site in zip(offers, known, strict=True)]
    pairs = list(zip(offers, known, strict=True))
    nothing = np.zeros(len(offers))
    kilometres = [site.kilometres if offer.kilometres is None else offer.kilometres for offer, site in pairs]
    return Offers(
        site=np.arange(len(offers)),
        day=np.array([at.toordinal() for at in there], np.int64),
        hour=np.array([at.hour for at in there], np.int64),
        weekday=np.array([at.isoweekday() for at in there], np.int64),
        load=np.array([site.load if offer.load is None else offer.load for offer, site in pairs], np.int64),
        kilometres=np.array([np.nan if one is None else one for one in kilometres], np.float64),
        value_minor=np.array(
            [
                site.value_minor or 0 if offer.value_minor is None else offer.value_minor
                for offer, site in pairs
            ],
            np.int64,
        ),
        units=np.array(
            [site.units or 0 if offer.units is None else offer.units for offer, site in pairs], np.int64
        ),
        is_collected=np.array([offer.is_collected for offer in offers], np.bool_),
        rounds=np.array([offer.rounds for offer in offers], np.int64),
        extra_minor=np.array([offer.extra_minor for offer in offers], np.int64),
        accepted=nothing.astype(np.bool_),
        minutes=nothing,
    )


def _unknown(site_id: SiteId) -> SiteNow:
    """A site that does not exist is like one that nothing is known of."""
    return SiteNow(
        site_id=site_id,
        time_zone="UTC",
        offers=0,
        accepted=0,
        answered_minutes=0.0,
        kilometres=None,
        value_minor=None,
        units=None,
        load=0,
    )


def _in_force(conn: Conn) -> _InForce:
    newest_one = store.newest_version(conn)
    if newest_one is None:
        return _NOTHING_LEARNT
    place = (conn.info.host, conn.info.port, conn.info.dbname)
    found = _read(place, newest_one.version, newest_one.learnt_at)
    return found.get(conn)


class _Lazily:
    """A version, read when it is first asked for: versions never change, so each process reads each of them once."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._found: _InForce | None = None

    def get(self, conn: Conn) -> _InForce:
        if self._found is None:
            version = store.version(conn, self._number)
            self._found = _InForce(
                version=version.version,
                prior=Prior(
                    probability=version.prior_probability,
                    offers=version.prior_offers,
                    minutes=version.prior_minutes,
                ),
                trees=None if version.trees is None else read_trees(version.trees),
                minute_trees=None if version.minute_trees is None else read_trees(version.minute_trees),
            )
        return self._found


@lru_cache(maxsize=8)
def _read(place: tuple[str, int, str], number: int, learnt_at: datetime) -> _Lazily:  # noqa: ARG001 - the key
    return _Lazily(number)
