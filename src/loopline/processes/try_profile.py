"""Try: what a version of the profile would have made of past days, beside the one in force. Changes nothing.

Each day is one wave: all its orders for delivery, the goods that were there in the morning or came that day, the limits
of that day, what parcels cost today. Both versions are solved by the same solver. What they are compared by does not
hang on the weights of either: what parcels cost, how many there are, how far they go, who sends them and earns by it.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import msgspec

from loopline import catalogue, orders, org, stock
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.kernel.ids import NodeId, OrderId, SiteId, SkuId, WaveId, uuid7
from loopline.kernel.times import day_range
from loopline.orders import LineToTry
from loopline.org import Site
from loopline.processes.weigh import Weighing, dealers_of_sites, territory, weigh
from loopline.sharing import queries as sharing
from loopline.sharing.model import Role
from loopline.sharing.rules import rule_set_at
from loopline.sourcing import profiles
from loopline.sourcing import queries as sourcing
from loopline.sourcing.model import Decision, Need, OpenOrder, SiteCost, Wave, WavePlan, WaveSite
from loopline.sourcing.profiles import ProfileInForce
from loopline.sourcing.settings import SideOfTrial

LINES_MOST = 200_000
NOTHING_YET = SideOfTrial(
    cost_minor=0,
    parcels=0,
    split_orders=0,
    unfilled_units=0,
    kilometres=0,
    late_orders=0,
    parcels_by_site={},
    earned_by_dealer={},
)


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One day, read: the orders, what was there, what sites could do and cost."""

    currency: str
    lines: Sequence[LineToTry]
    available: Sequence[stock.SellableIn]
    sites: Mapping[SiteId, Site]
    leaf_ids: Mapping[SiteId, list[NodeId]]
    capacity: Mapping[SiteId, int]
    costs: Mapping[SiteId, SiteCost]
    grams: Mapping[SkuId, int]
    dealer_of: Mapping[SiteId, str]
    sending_basis_points: Mapping[str, int]


class DayToTry(msgspec.Struct, frozen=True, kw_only=True):
    """A day that was read, and one wave per version."""

    day: Day
    waves: tuple[Wave, ...]


def waves_to_try(
    conn: Conn, day: date, *, versions: Sequence[int | None], zone: str, now: datetime
) -> DayToTry | None:
    """Read a day, and the wave that each version makes of it (None: the settings as delivered).

    None where it had no orders for delivery.
    """
    found = _read_day(conn, day, zone=zone, now=now)
    if found is None:
        return None
    waves = tuple(_wave(conn, found, _version(conn, version), now=now) for version in versions)
    return DayToTry(day=found, waves=waves)


def _version(conn: Conn, version: int | None) -> ProfileInForce:
    profile = profiles.profile_by_version(conn, version) if version is not None else None
    if profile is None:
        return ProfileInForce()
    overrides = {(one.unit_id, one.setting): one.value for one in profiles.overrides(conn)}
    return ProfileInForce(version=profile.version, settings=profile.settings, overrides=overrides)


def _read_day(conn: Conn, day: date, *, zone: str, now: datetime) -> Day | None:
    hours = day_range(day, zone)
    assert hours.end is not None
    lines = orders.lines_to_try(conn, since=hours.start, until=hours.end, limit=LINES_MOST)
    if not lines:
        return None
    currency = lines[0].currency
    lines = [line for line in lines if line.currency == currency]
    sku_ids = list({line.sku_id for line in lines})
    sites = {site.id: site for site in org.branch_sites(conn)}
    leaf_ids: dict[SiteId, list[NodeId]] = {}
    for leaf in stock.leaves(conn):
        if leaf.site_id is not None and leaf.site_id in sites:
            leaf_ids.setdefault(leaf.site_id, []).append(leaf.id)
    return Day(
        currency=currency,
        lines=lines,
        available=stock.sellable_in(conn, sku_ids, since=hours.start, until=hours.end),
        sites=sites,
        leaf_ids=leaf_ids,
        capacity={
            one.site_id: one.tasks_limit
            for one in fulfilment.capacity_of_sites(conn, list(leaf_ids), day=day)
        },
        costs={one.site_id: one for one in sourcing.site_costs(conn, list(leaf_ids), currency=currency)},
        grams=catalogue.weights_of(conn, sku_ids),
        dealer_of=_dealers(conn, sites),
        sending_basis_points=_sending(conn, {line.channel for line in lines}, currency, at=now),
    )


def _sending(conn: Conn, channels: set[str], currency: str, *, at: datetime) -> dict[str, int]:
    """What a sending site gets of a line's net amount, in basis points, by channel, as far as one rule says so."""
    rule_set = rule_set_at(sharing.rule_sets(conn), at, currency=currency)
    rows = rule_set.rows if rule_set else ()
    return {
        channel: next(
            (
                row.basis_points
                for row in rows
                if row.role is Role.SHIPPING_SITE
                and row.basis_points is not None
                and (not row.channels or channel in row.channels)
            ),
            0,
        )
        for channel in channels
    }


def _wave(conn: Conn, day: Day, profile: ProfileInForce, *, now: datetime) -> Wave:
    site_of = {leaf_id: site_id for site_id, leaves in day.leaf_ids.items() for leaf_id in leaves}
    sellable: dict[tuple[SiteId, SkuId], int] = {}
    for one in day.available:
        if one.leaf_id in site_of:
            key = (site_of[one.leaf_id], one.sku_id)
            sellable[key] = sellable.get(key, 0) + one.sellable
    weighing = weigh(conn, sites=day.sites, sellable=sellable, profile=profile, now=now)
    return Wave(
        wave_id=WaveId(uuid7(now)),
        currency=day.currency,
        orders=_open_orders(day.lines, weighing, profile),
        sites=tuple(
            WaveSite(
                site_id=site_id,
                leaf_ids=tuple(leaves),
                coordinates=day.sites[site_id].coordinates,
                capacity_left=day.capacity.get(site_id, 0),
                cost=day.costs[site_id],
                priority_minor=weighing.priority[site_id],
                is_fallback=site_id in weighing.fallbacks,
            )
            for site_id, leaves in day.leaf_ids.items()
            if site_id in day.costs
        ),
        stock=day.available,
        unit_grams=day.grams,
        unit_values_minor={line.sku_id: line.net_minor // line.units_of_net for line in day.lines},
        credits_minor=weighing.credits,
        settings=profile.settings,
        profile_version=profile.version or None,
    )


def _open_orders(
    lines: Sequence[LineToTry], weighing: Weighing, profile: ProfileInForce
) -> tuple[OpenOrder, ...]:
    needs: dict[OrderId, list[Need]] = {}
    first: dict[OrderId, LineToTry] = {}
    for line in lines:
        first.setdefault(line.order_id, line)
        needs.setdefault(line.order_id, []).append(
            Need(line_id=line.line_id, sku_id=line.sku_id, units=line.units)
        )
    return tuple(
        OpenOrder(
            order_id=order_id,
            destination=first[order_id].destination,
            needs=tuple(of_order),
            **territory(first[order_id].dealer_id, weighing, profile.settings.limits),
        )
        for order_id, of_order in needs.items()
    )


def side_of(day: Day, wave: Wave, plan: WavePlan) -> SideOfTrial:
    """What a plan makes of a day, in figures."""
    by_site: dict[str, int] = {}
    earned: dict[str, int] = {}
    lines = {line.line_id: line for line in day.lines}
    kilometres = 0
    rate_of = {site.site_id: site.cost.hundred_kilometres_minor for site in wave.sites}
    for parcel in plan.parcels:
        code = day.sites[parcel.site_id].code
        by_site[code] = by_site.get(code, 0) + 1
        rate = rate_of[parcel.site_id]
        kilometres += parcel.cost.distance_minor * 100 // rate if rate else 0
        dealer = day.dealer_of.get(parcel.site_id)
        for sent in parcel.lines if dealer else ():
            line = lines[sent.line_id]
            net = line.net_minor * sent.units // line.units_of_net
            share = net * day.sending_basis_points[line.channel] // 10_000
            earned[dealer or ""] = earned.get(dealer or "", 0) + share
    return SideOfTrial(
        cost_minor=sum(
            parcel.cost.handling_minor + parcel.cost.distance_minor + parcel.cost.weight_minor
            for parcel in plan.parcels
        ),
        parcels=len(plan.parcels),
        split_orders=sum(len(one.parcels) > 1 for one in plan.decisions),
        unfilled_units=sum(one.units for decision in plan.decisions for one in decision.unfilled),
        kilometres=kilometres,
        late_orders=sum(_is_late(one) for one in plan.decisions),
        parcels_by_site=by_site,
        earned_by_dealer=earned,
    )


def _dealers(conn: Conn, sites: Mapping[SiteId, Site]) -> dict[SiteId, str]:
    owners = dealers_of_sites(conn, sites)
    names = {party_id: party.name for party_id, party in org.parties_by_id(conn, owners.values()).items()}
    return {site_id: names[party_id] for site_id, party_id in owners.items()}


def _is_late(decision: Decision) -> bool:
    return any(parcel.cost.lateness_minor for parcel in decision.parcels)


def added(one: SideOfTrial, other: SideOfTrial) -> SideOfTrial:
    """The sum of two days."""
    return SideOfTrial(
        cost_minor=one.cost_minor + other.cost_minor,
        parcels=one.parcels + other.parcels,
        split_orders=one.split_orders + other.split_orders,
        unfilled_units=one.unfilled_units + other.unfilled_units,
        kilometres=one.kilometres + other.kilometres,
        late_orders=one.late_orders + other.late_orders,
        parcels_by_site=_sums(one.parcels_by_site, other.parcels_by_site),
        earned_by_dealer=_sums(one.earned_by_dealer, other.earned_by_dealer),
    )


def _sums(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {key: one.get(key, 0) + other.get(key, 0) for key in {**one, **other}}
