"""What promises teach: how long sites and lanes really take, drawn towards what was told while little is known.

An estimate is the quantile of what was observed and the value told before, weighed by how many there were and by how
much the terms trust themselves: (n * quantile + k * told) / (n + k), rounded up. A site's lanes are drawn towards its
band's, a band's towards the terms: empirical-Bayes shrinkage in its plainest form (Efron & Morris, "Stein's estimation
rule and its competitors", JASA 68, 1973).
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from loopline.kernel.ids import SiteId
from loopline.promises.calendar import open_minutes_between
from loopline.promises.model import BROUGHT, Observation, Opening, Pace, Promise, PromiseKind, Terms

READY, LANE, COURIER = "ready", "lane", "courier"
OpeningOf = Callable[[SiteId], Opening | None]


def observations_of(promises: Sequence[Promise], opening_of: OpeningOf) -> list[Observation]:
    """Return what promises observed: open minutes from the promise until ready, minutes from the hand-over to the door.

    A promise that took another's place began with it: `promised_at` is the first one's.
    """
    seen: list[Observation] = []
    for one in promises:
        site_id = one.by_site_id
        opening = opening_of(site_id) if site_id is not None else None
        if site_id is None or opening is None or one.handed_over_at is None:
            continue
        if one.kind is PromiseKind.FITTING:  # it leaves when its hour comes, and not when it is ready
            continue
        minutes = open_minutes_between(opening, one.promised_at, one.handed_over_at)
        seen.append(Observation(stage=READY, site_id=site_id, band=None, minutes=max(1, minutes)))
        if one.kind not in BROUGHT or one.arrived_at is None:
            continue
        way = max(1, (one.arrived_at - one.handed_over_at) // timedelta(minutes=1))
        if one.kind is PromiseKind.COURIER:
            seen.append(Observation(stage=COURIER, site_id=site_id, band=None, minutes=way))
        elif one.band is not None:
            seen.append(Observation(stage=LANE, site_id=site_id, band=one.band, minutes=way))
    return seen


def learn(observations: Sequence[Observation], terms: Terms, told_ready: Mapping[SiteId, int]) -> list[Pace]:
    """Return what observations teach, in order of stage, site and band; `told_ready` is what the terms say of sites."""
    ready: defaultdict[SiteId, list[int]] = defaultdict(list)
    bands: defaultdict[int, list[int]] = defaultdict(list)
    lanes: defaultdict[tuple[SiteId, int], list[int]] = defaultdict(list)
    couriers: defaultdict[SiteId, list[int]] = defaultdict(list)
    for one in observations:
        if one.stage == READY:
            ready[one.site_id].append(one.minutes)
        elif one.stage == COURIER:
            couriers[one.site_id].append(one.minutes)
        elif one.band is not None:
            bands[one.band].append(one.minutes)
            lanes[one.site_id, one.band].append(one.minutes)
    paces = [
        _pace((READY, site_id, None), minutes, told_ready.get(site_id, terms.store_ready_minutes), terms)
        for site_id, minutes in sorted(ready.items())
    ]
    of_band = {
        band: _pace((LANE, None, band), minutes, _told_of(band, terms), terms)
        for band, minutes in sorted(bands.items())
    }
    paces += of_band.values()
    paces += [
        _pace((LANE, site_id, band), minutes, of_band[band].minutes, terms)
        for (site_id, band), minutes in sorted(lanes.items())
    ]
    paces += [
        _pace((COURIER, site_id, None), minutes, terms.courier_minutes, terms)
        for site_id, minutes in sorted(couriers.items())
    ]
    return paces


def _told_of(band: int, terms: Terms) -> int:
    return terms.bands[min(band, len(terms.bands) - 1)].minutes


def _pace(
    key: tuple[str, SiteId | None, int | None], minutes: Sequence[int], told: int, terms: Terms
) -> Pace:
    stage, site_id, band = key
    count = len(minutes)
    seen = quantile(minutes, terms.quantile_percent)
    weight = count + terms.prior_promises
    drawn = -(-(count * seen + terms.prior_promises * told) // weight)
    return Pace(stage=stage, site_id=site_id, band=band, minutes=max(1, drawn), observed=count, told=told)


def quantile(values: Sequence[int], percent: int) -> int:
    """Return the smallest value that so many of a hundred do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
