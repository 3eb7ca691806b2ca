"""Offers as they were made, written as the columns that are learnt from. Pure."""

from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np

from loopline.insight.acceptance.model import Flags, Floats, Integers, Offers
from loopline.insight.acceptance.store import KnownSite, OfferMade
from loopline.kernel.geography import EARTH_RADIUS_KILOMETRES
from loopline.kernel.ids import SiteId


class History(msgspec.Struct, frozen=True, kw_only=True):
    """Answered offers, and the sites that their `site` numbers."""

    offers: Offers
    site_ids: tuple[SiteId, ...]


def history_of(made: Sequence[OfferMade]) -> History:
    """Write offers, in order of being made, as columns. Those without an answer count for the load of others alone."""
    site_ids = tuple(sorted({SiteId(one.site_id) for one in made}, key=lambda one: one.int))
    number = {site_id.int: place for place, site_id in enumerate(site_ids)}
    site = _integers([number[one.site_id.int] for one in made])
    day = _integers([one.day.toordinal() for one in made])
    offered = _floats([one.offered for one in made])
    answered = _floats([one.answered for one in made])
    every = Offers(
        site=site,
        day=day,
        hour=_integers([one.hour for one in made]),
        weekday=_integers([one.weekday for one in made]),
        load=loads(site, day, offered, _floats([one.ended for one in made])),
        kilometres=_kilometres(made),
        value_minor=_integers([one.value_minor for one in made]),
        units=_integers([one.units for one in made]),
        is_collected=np.array([one.is_collected for one in made], np.bool_),
        rounds=_integers([one.rounds for one in made]),
        extra_minor=_integers([one.extra_minor for one in made]),
        accepted=np.array([one.accepted for one in made], np.bool_),
        minutes=(answered - offered) / 60,
    )
    return History(offers=every.only(~np.isnan(answered)), site_ids=site_ids)


def loads(site: Integers, day: Integers, offered: Floats, ended: Floats) -> Integers:
    """Return, for each offer, how many of its site and day were made before it and still held their place.

    Offers stand in order of being made. `ended` is NaN where the place was kept.
    """
    if not len(site):
        return np.zeros(0, np.int64)
    _, places = np.unique(site * (int(day.max()) + 1) + day, return_inverse=True)
    group = np.asarray(places, np.int64)
    since = offered - offered[0]
    span = float(since[-1]) + 1.0  # each group has a stretch of time of its own
    start = np.asarray(group * span, np.float64)
    at = start + since
    ordered = np.sort(at)
    freed = np.sort((start + np.minimum(ended - offered[0], span))[~np.isnan(ended)])
    made_before = _up_to(ordered, at, "left") - _up_to(ordered, start, "left")
    freed_before = _up_to(freed, at, "right") - _up_to(freed, start, "right")
    return np.maximum(made_before - freed_before, 0)


def _up_to(ordered: Floats, moments: Floats, side: Literal["left", "right"]) -> Integers:
    """Return how many of the ordered lie before each moment (left), or at it too (right)."""
    return np.asarray(np.searchsorted(ordered, moments, side=side), np.int64)


def known_sites(history: History) -> list[KnownSite]:
    """Return each site's record and median offer; sites without an answered offer are left out."""
    offers = history.offers
    order = np.argsort(offers.site, kind="stable")
    ends = np.searchsorted(offers.site[order], np.arange(len(history.site_ids) + 1))
    return [
        _known_site(site_id, offers, order[ends[place] : ends[place + 1]])
        for place, site_id in enumerate(history.site_ids)
        if ends[place] < ends[place + 1]
    ]


def _known_site(site_id: SiteId, offers: Offers, rows: Integers) -> KnownSite:
    kilometres = offers.kilometres[rows]
    known: Flags = ~np.isnan(kilometres)
    return KnownSite(
        site_id=site_id,
        offers=len(rows),
        accepted=int(offers.accepted[rows].sum()),
        answered_minutes=float(offers.minutes[rows].sum()),
        kilometres=float(np.median(kilometres[known])) if known.any() else None,
        value_minor=int(np.median(offers.value_minor[rows])),
        units=float(np.median(offers.units[rows])),
    )


def _kilometres(made: Sequence[OfferMade]) -> Floats:
    """Great-circle distances from site to destination (haversine); NaN where either is unknown."""
    here = (
        np.radians(_floats([one.longitude for one in made])),
        np.radians(_floats([one.latitude for one in made])),
    )
    there = (
        np.radians(_floats([one.to_longitude for one in made])),
        np.radians(_floats([one.to_latitude for one in made])),
    )
    chord = (
        np.sin((there[1] - here[1]) / 2) ** 2
        + np.cos(here[1]) * np.cos(there[1]) * np.sin((there[0] - here[0]) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KILOMETRES * np.arcsin(np.minimum(1.0, np.sqrt(chord)))


def _integers(values: Sequence[int]) -> Integers:
    return np.array(values, np.int64)


def _floats(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], np.float64)
