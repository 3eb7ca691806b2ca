"""Weigh: what a profile makes of sites, goods and orders beside what parcels cost. Read once for a wave.

- Goods that have lain at a site longer than the profile's days earn a credit. How many of them: what is on hand less
  what came since, as if the oldest went first.
- A unit that the shelf would have sold itself costs: the probability that the shelf's own buyers want more than would
  be left, by a Poisson law of what it sold in as many days (Axsäter, Inventory Control, 2015, chapter 5).
- A dealer's buyers are served from that dealer's sites or the brand's own where the profile asks for it.
- Handling costs more in some parts of the country: a group of sites says by how much. What a dealer earns by sending
  goods from its site is a cost, or counts in its favour.
- A dealer who got too much or too little of the work of late is spared or preferred.
- A site whose buyers complain of how it packs and sends costs the profile's sum times how often they do, of what they
  said in the ninety days before the hour, drawn towards what is said of all sites: never more than that sum.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from math import exp
from typing import TypedDict

import msgspec

from loopline import org, reviews, stock
from loopline.db import Conn
from loopline.db.remembered import Remembered, read_marks
from loopline.fulfilment import queries as fulfilment
from loopline.kernel.ids import OrgUnitId, PartyId, SiteId, SkuId
from loopline.org import Party, PartyKind, Site
from loopline.reviews import SendingRecord
from loopline.sourcing.profiles import ProfileInForce
from loopline.sourcing.settings import Fairness, Limits, SiteTerms, Weights, terms_of_site

COMPLAINTS_LOOKED_BACK = timedelta(days=90)
_HOURS_KNOWN_MOST = 24
_SOLD_MOST = 700
"""Beyond so many units sold in the period the Poisson law says nothing that its mean does not."""


class Weighing(msgspec.Struct, frozen=True, kw_only=True):
    """What counts beside costs. Minor units; `priority` and `region` 0 or more per parcel, `credits` signed per unit.

    `margins`: what dealers' sites earn of what goods bring, in basis points; sites that are left out earn nothing.
    """

    terms: Mapping[SiteId, SiteTerms]
    priority: Mapping[SiteId, int]
    region: Mapping[SiteId, int]
    margins: Mapping[SiteId, int]
    fallbacks: frozenset[SiteId]
    dealer_of: Mapping[SiteId, PartyId]
    credits: Mapping[tuple[SiteId, SkuId], int]


def weigh(
    conn: Conn,
    *,
    sites: Mapping[SiteId, Site],
    sellable: Mapping[tuple[SiteId, SkuId], int],
    profile: ProfileInForce,
    now: datetime,
) -> Weighing:
    """Read what a profile's settings need, and nothing for what it leaves at nothing."""
    settings = profile.settings
    terms = {
        site_id: terms_of_site(settings, unit_path=site.unit_path, overrides=profile.overrides)
        for site_id, site in sites.items()
    }
    dealer_of = dealers_of_sites(conn, sites)
    wanted: dict[SiteId, int] = dict.fromkeys(sites, 0)
    for group in settings.groups:
        for site_id in group.site_ids:
            if site_id in wanted:
                wanted[site_id] += group.parcel_minor
    for site_id, minor in _fair_shares(conn, settings.fairness, dealer_of, today=now.date()).items():
        wanted[site_id] += minor
    for site_id, minor in _complaints(conn, settings.weights, sites, now=now).items():
        wanted[site_id] += minor
    least = min(wanted.values(), default=0)
    return Weighing(
        terms=terms,
        priority={site_id: minor - least for site_id, minor in wanted.items()},
        region={
            site_id: group.handling_minor
            for group in settings.groups
            if group.handling_minor
            for site_id in group.site_ids
        },
        margins=dict.fromkeys(dealer_of, settings.weights.dealer_margin_basis_points),
        fallbacks=frozenset(
            site_id for group in settings.groups if group.is_fallback for site_id in group.site_ids
        ),
        dealer_of=dealer_of,
        credits=_credits(conn, sellable, terms=terms, profile=profile, now=now),
    )


class Territory(TypedDict, total=False):
    """The fields of an open order that its buyer's dealer decides."""

    forbidden_sites: frozenset[SiteId]
    surcharges_minor: Mapping[SiteId, int]


def territory(dealer_id: PartyId | None, weighing: Weighing, limits: Limits) -> Territory:
    """Return what sites of other dealers than the buyer's cost more, or that they may not serve the order at all.

    The brand's own sites serve everybody, and everybody serves who has no dealer.
    """
    if dealer_id is None:
        return {}
    others = [site_id for site_id, owner in weighing.dealer_of.items() if owner != dealer_id]
    if limits.own_territory_only:
        return {"forbidden_sites": frozenset(others)}
    costs = {site_id: weighing.terms[site_id].other_territory_minor for site_id in others}
    return {"surcharges_minor": {site_id: minor for site_id, minor in costs.items() if minor}}


def with_surcharges(found: Territory, more: Mapping[SiteId, int]) -> Territory:
    """Return the fields with more costs of parcels from sites, each added to what it costs already."""
    if not more:
        return found
    costs = dict(found.get("surcharges_minor", {}))
    for site_id, minor in more.items():
        costs[site_id] = costs.get(site_id, 0) + minor
    return {**found, "surcharges_minor": costs}


def dealers_of_sites(conn: Conn, sites: Mapping[SiteId, Site]) -> dict[SiteId, PartyId]:
    """Return whose sites sites are; the brand's own are left out."""
    dealers: dict[OrgUnitId, Party] = {
        party.unit_id: party for party in org.branch_parties(conn) if party.kind is PartyKind.DEALER
    }
    found: dict[SiteId, PartyId] = {}
    for site_id, site in sites.items():
        for unit_id in reversed(site.unit_path):
            if unit_id in dealers:
                found[site_id] = dealers[unit_id].id
                break
    return found


def _fair_shares(
    conn: Conn, fairness: Fairness, dealer_of: Mapping[SiteId, PartyId], *, today: date
) -> dict[SiteId, int]:
    """Return what parcels of dealers' sites are made to cost more or less, by how much work they had of late."""
    if not fairness.days or not fairness.parcel_minor:
        return {}
    work = fulfilment.work_of_sites(conn, from_day=today - timedelta(days=fairness.days), until_day=today)
    return fair_shares(fairness, dealer_of, work=work)


def fair_shares(
    fairness: Fairness, dealer_of: Mapping[SiteId, PartyId], *, work: Mapping[SiteId, int]
) -> dict[SiteId, int]:
    """The rule behind it: above `most_percent` of all tasks a parcel more, below `least_percent` a parcel less."""
    total = sum(work.values())
    if not total:
        return {}
    had: dict[PartyId, int] = dict.fromkeys(dealer_of.values(), 0)
    for site_id, tasks in work.items():
        if site_id in dealer_of:
            had[dealer_of[site_id]] += tasks
    return {
        site_id: fairness.parcel_minor
        if had[dealer] * 100 > fairness.most_percent * total
        else -fairness.parcel_minor
        if had[dealer] * 100 < fairness.least_percent * total
        else 0
        for site_id, dealer in dealer_of.items()
    }


def _complaints(
    conn: Conn, weights: Weights, site_ids: Collection[SiteId], *, now: datetime
) -> dict[SiteId, int]:
    """Return what a parcel of each site is made to cost more, by what buyers said of the parcels it sent."""
    if not weights.complaint_minor:
        return {}
    asked = (now.replace(minute=0, second=0, microsecond=0), reviews.themes_in_force(conn).version)
    records = _SENDING.find(conn, [asked], marks=read_marks(conn))[asked]
    rates = reviews.sending_rates(records, site_ids)
    return {site_id: round(weights.complaint_minor * rate) for site_id, rate in rates.items()}


def _sending(
    conn: Conn, asked: Collection[tuple[datetime, int]]
) -> dict[tuple[datetime, int], tuple[SendingRecord, ...]]:
    themes = reviews.themes_in_force(conn)
    return {
        (hour, version): tuple(
            reviews.sending_records(conn, themes, since=hour - COMPLAINTS_LOOKED_BACK, until=hour)
        )
        for hour, version in asked  # one: a wave asks for its own hour
    }


_SENDING: Remembered[tuple[datetime, int], tuple[SendingRecord, ...]] = Remembered(
    "org", _sending, most=_HOURS_KNOWN_MOST
)
"""How sites send, by hour and version of the list of themes: waves come every few seconds, and each would count ninety
days of reviews. Under the marks of the sites."""


def _credits(
    conn: Conn,
    sellable: Mapping[tuple[SiteId, SkuId], int],
    *,
    terms: Mapping[SiteId, SiteTerms],
    profile: ProfileInForce,
    now: datetime,
) -> dict[tuple[SiteId, SkuId], int]:
    weighed = [one for one in terms.values() if one.ageing_credit_minor or one.stockout_cost_minor]
    if not weighed or not sellable:
        return {}
    weights = profile.settings.weights
    flow = {
        (one.site_id, one.sku_id): one
        for one in stock.flow_of_skus(
            conn,
            _sku_ids(sellable),
            came_since=now - timedelta(days=weights.ageing_days),
            sold_since=now - timedelta(days=weights.stockout_days),
        )
    }
    found: dict[tuple[SiteId, SkuId], int] = {}
    for (site_id, sku_id), units in sellable.items():
        one = flow.get((site_id, sku_id))
        minor = unit_credit(
            units, came=one.came if one else 0, sold=one.sold if one else 0, terms=terms[site_id]
        )
        if minor:
            found[site_id, sku_id] = minor
    return found


def unit_credit(units: int, *, came: int, sold: int, terms: SiteTerms) -> int:
    """What shipping a unit of a SKU from a site earns, of which `units` can be sold there; below zero: what it risks.

    The ageing credit where any of them came before the period; less the stock-out cost times the probability that the
    shelf's own buyers will want all of them in as many days as it sold `sold`.
    """
    ageing = terms.ageing_credit_minor if units > came else 0
    if not terms.stockout_cost_minor or sold <= 0 or units <= 0:
        return ageing
    return ageing - round(terms.stockout_cost_minor * chance_of_at_least(units, mean=sold))


@lru_cache(maxsize=65_536)
def chance_of_at_least(units: int, *, mean: int) -> float:
    """The probability that a Poisson variable of this mean is `units` or more."""
    if mean > _SOLD_MOST:
        return 1.0 if units <= mean else 0.0
    term = exp(-mean)
    below = 0.0
    for count in range(units):
        below += term
        term *= mean / (count + 1)
    return min(1.0, max(0.0, 1.0 - below))


def _sku_ids(sellable: Collection[tuple[SiteId, SkuId]]) -> Sequence[SkuId]:
    return list(dict.fromkeys(sku_id for _, sku_id in sellable))
