"""A past day as one problem: its orders, the goods that were there in the morning or came that day, its limits.

What was promised for an order is what was promised first. What parcels cost, how cold sites can send, how they are
expected to answer and how long goods take to leave them, while they are open, is as it is today.
Trials of profiles and the prices of the day both look at a day like this.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

import msgspec

from loopline import catalogue, orders, org, promises, stock
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.insight.acceptance.model import Acceptance
from loopline.insight.acceptance.queries import site_acceptance
from loopline.kernel.ids import NodeId, OrderId, SiteId, SkuId, WaveId, uuid7
from loopline.kernel.temperatures import AMBIENT_ALONE, TemperatureClass
from loopline.kernel.times import day_range
from loopline.orders import LineToTry
from loopline.org import Site
from loopline.processes.must_ship_from import limits_of_goods, limits_of_orders
from loopline.processes.ready_times import open_ready_minutes
from loopline.processes.weigh import Weighing, dealers_of_sites, territory, weigh
from loopline.sharing import queries as sharing
from loopline.sharing.model import Role
from loopline.sharing.rules import rule_set_at
from loopline.sourcing import queries as sourcing
from loopline.sourcing.equipment import Ability, ability
from loopline.sourcing.model import NOTHING_LATER, LaterWorth, Need, OpenOrder, SiteCost, Wave, WaveSite
from loopline.sourcing.profiles import ProfileInForce

LINES_MOST = 200_000


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One day, read: the orders, what was there, what sites could do and cost."""

    day: date
    currency: str
    lines: Sequence[LineToTry]
    available: Sequence[stock.SellableIn]
    sites: Mapping[SiteId, Site]
    leaf_ids: Mapping[SiteId, list[NodeId]]
    capacity: Mapping[SiteId, int]
    costs: Mapping[SiteId, SiteCost]
    grams: Mapping[SkuId, int]
    classes: Mapping[SkuId, TemperatureClass]
    companions: Mapping[SkuId, str]
    able: Ability
    expected: Mapping[SiteId, Acceptance]
    ready: Mapping[SiteId, int]
    due_at: Mapping[OrderId, datetime]
    dealer_of: Mapping[SiteId, str]
    sending_basis_points: Mapping[str, int]


def read_day(conn: Conn, day: date, *, zone: str, now: datetime, but: Collection[str] = ()) -> Day | None:
    """Read a day's orders for delivery of the currency that came first; None where there were none.

    `but`: currencies that are left out.
    """
    hours = day_range(day, zone)
    assert hours.end is not None
    lines = orders.lines_to_try(conn, since=hours.start, until=hours.end, limit=LINES_MOST, but=but)
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
        day=day,
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
        classes=catalogue.temperature_classes_of(conn, sku_ids),
        companions=catalogue.companions_of(conn, sku_ids),
        able=ability(conn),
        expected=site_acceptance(conn, list(leaf_ids), now=now),
        ready=open_ready_minutes(conn),
        due_at=promises.first_due(conn, {line.order_id for line in lines}),
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


def stocked_of(day: Day) -> dict[tuple[SiteId, SkuId], int]:
    """Return how many units of each SKU each site had."""
    site_of = {leaf_id: site_id for site_id, leaves in day.leaf_ids.items() for leaf_id in leaves}
    sellable: dict[tuple[SiteId, SkuId], int] = {}
    for one in day.available:
        if one.leaf_id in site_of:
            key = (site_of[one.leaf_id], one.sku_id)
            sellable[key] = sellable.get(key, 0) + one.sellable
    return sellable


def wave_of_day(
    conn: Conn, day: Day, profile: ProfileInForce, *, now: datetime, later: LaterWorth = NOTHING_LATER
) -> Wave:
    """Return all of a day as one wave by a profile."""
    weighing = weigh(conn, sites=day.sites, sellable=stocked_of(day), profile=profile, now=now)
    return Wave(
        wave_id=WaveId(uuid7(now)),
        currency=day.currency,
        orders=_open_orders(conn, day, weighing, profile),
        sites=tuple(
            WaveSite(
                site_id=site_id,
                leaf_ids=tuple(leaves),
                coordinates=day.sites[site_id].coordinates,
                capacity_left=day.capacity.get(site_id, 0),
                cost=day.costs[site_id],
                priority_minor=weighing.priority[site_id],
                region_minor=weighing.region.get(site_id, 0),
                margin_basis_points=weighing.margins.get(site_id, 0),
                is_fallback=site_id in weighing.fallbacks,
                answer_minutes=weighing.terms[site_id].answer_minutes,
                sends=day.able.get(site_id, AMBIENT_ALONE),
                accept_probability=min(1.0, max(0.0, day.expected[site_id].probability)),
                ready_minutes=day.ready.get(site_id, max(0, round(day.expected[site_id].answer_minutes))),
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
        later=later,
        classes=day.classes,
        companions=day.companions,
        only_from=limits_of_goods(conn, profile.settings, {line.sku_id for line in day.lines}),
    )


def _open_orders(conn: Conn, day: Day, weighing: Weighing, profile: ProfileInForce) -> tuple[OpenOrder, ...]:
    needs: dict[OrderId, list[Need]] = {}
    first: dict[OrderId, LineToTry] = {}
    for line in day.lines:
        first.setdefault(line.order_id, line)
        needs.setdefault(line.order_id, []).append(
            Need(
                line_id=line.line_id,
                sku_id=line.sku_id,
                units=line.units,
                price_minor=max(0, line.net_minor // line.units_of_net),
            )
        )
    limits = limits_of_orders(
        conn, profile.settings, {order_id: line.channel for order_id, line in first.items()}
    )
    return tuple(
        OpenOrder(
            order_id=order_id,
            destination=first[order_id].destination,
            needs=tuple(of_order),
            promised_hours=_promised_hours(first[order_id], day),
            only_from=limits.get(order_id),
            **territory(first[order_id].dealer_id, weighing, profile.settings.limits),
        )
        for order_id, of_order in needs.items()
    )


def _promised_hours(line: LineToTry, day: Day) -> float | None:
    """How long after it was placed an order was to be at its customer's door, where that was promised."""
    due_at = day.due_at.get(line.order_id)
    return None if due_at is None else max(0.0, (due_at - line.placed_at) / timedelta(hours=1))


def _dealers(conn: Conn, sites: Mapping[SiteId, Site]) -> dict[SiteId, str]:
    owners = dealers_of_sites(conn, sites)
    names = {party_id: party.name for party_id, party in org.parties_by_id(conn, owners.values()).items()}
    return {site_id: names[party_id] for site_id, party_id in owners.items()}
