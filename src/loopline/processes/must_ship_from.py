"""Must ship from: which sites orders and goods are limited to, read for whoever decides; changed by customer service.

An order names sites itself, or its channel is limited by the profile; goods are limited by the profile. What is limited
by several is sent from what all of them leave. It is deliveries that are limited: whoever collects, or chooses a
store's courier or fitter, named the store.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from loopline import catalogue, orders, org, stock
from loopline.db import Conn, log
from loopline.kernel.events import event
from loopline.kernel.ids import LineId, NodeId, OrderId, SiteId, SkuId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.orders import Delivery, NamedSites, Order, ParkedLine, ShipFromChanged
from loopline.processes.cancel import UnknownOrder
from loopline.sourcing.profiles import profile_in_force
from loopline.sourcing.settings import Settings
from loopline.sourcing.ship_from import in_all, sites_of_channel, sites_of_goods


class OnlyDeliveriesShip(Refusal, frozen=True, kw_only=True):
    """Only what is asked for and delivered can be limited to sites that it ships from."""

    field: str = "ship_from"


class UnknownShipFrom(Refusal, frozen=True, kw_only=True):
    """There is neither a site nor a group of sites {named} that an order could ship from."""

    named: str
    field: str = "ship_from"


class NothingLeftToShip(Refusal, frozen=True, kw_only=True):
    """Nothing of order {number} is left to be sent."""

    number: str


class ShipFromWish(msgspec.Struct, frozen=True, kw_only=True):
    """Where an order is to ship from, by codes of sites and names of groups; none: from any site."""

    order_id: OrderId
    named: tuple[str, ...]
    actor: str = "system"


class ShipFromSet(msgspec.Struct, frozen=True, kw_only=True):
    """Where an order ships from now; `changed`: it did not before."""

    order_id: OrderId
    site_ids: tuple[SiteId, ...]
    changed: bool


def limits_of_goods(
    conn: Conn, settings: Settings, sku_ids: Collection[SkuId]
) -> dict[SkuId, frozenset[SiteId]]:
    """Return the sites that SKUs must ship from; those that ship from any are left out."""
    if not any(rule.products or rule.categories for rule in settings.ship_from):
        return {}
    goods = {sku.id: (sku.product_code, sku.category) for sku in catalogue.skus_by_id(conn, sku_ids).values()}
    return sites_of_goods(settings.ship_from, settings.groups, goods)


def limits_of_orders(
    conn: Conn, settings: Settings, channels: Mapping[OrderId, str]
) -> dict[OrderId, frozenset[SiteId]]:
    """Return the sites that deliveries must ship from, by what they and their channels name, where they do."""
    of_channel = {
        channel: sites_of_channel(settings.ship_from, settings.groups, channel)
        for channel in set(channels.values())
    }
    named = orders.named_sites(conn, list(channels))
    found: dict[OrderId, frozenset[SiteId]] = {}
    for order_id, channel in channels.items():
        limit = in_all([named.get(order_id), of_channel[channel]])
        if limit is not None:
            found[order_id] = limit
    return found


def fillable(
    conn: Conn,
    waiting: Sequence[ParkedLine],
    heads: Mapping[OrderId, Order],
    *,
    networks: Mapping[str, NodeId],
    taken: Counter[tuple[SiteId, SkuId]],
) -> list[ParkedLine]:
    """Return the lines that wait for goods with the units that sites can send which they must ship from.

    Those that no such site has anything for are left out: what lies elsewhere is not held for them. `taken`: what of
    sites others were given in the same round; what is given now is added to it.
    """
    limits = limits_of_lines(conn, waiting, heads)
    limited = [line for line in waiting if limits.get(line.line_id) is not None]
    if not limited:
        return list(waiting)
    left = _units_at_sites(conn, limited, {networks[heads[line.order_id].channel] for line in limited})
    found: list[ParkedLine] = []
    for line in waiting:
        limit = limits.get(line.line_id)
        if limit is None:
            found.append(line)
            continue
        units = _take(left, taken, line, limit)
        if units:
            found.append(msgspec.structs.replace(line, parked=units))
    return found


def limits_of_lines(
    conn: Conn, lines: Sequence[ParkedLine], heads: Mapping[OrderId, Order]
) -> dict[LineId, frozenset[SiteId] | None]:
    """Return the sites that lines of deliveries must ship from, None for those of any; what is not sent is left out."""
    settings = profile_in_force(conn).settings
    sent = {line.order_id: heads[line.order_id].channel for line in lines if _is_sent(heads[line.order_id])}
    of_orders = limits_of_orders(conn, settings, sent)
    of_goods = limits_of_goods(conn, settings, {line.sku_id for line in lines if line.order_id in sent})
    return {
        line.line_id: in_all([of_orders.get(line.order_id), of_goods.get(line.sku_id)])
        for line in lines
        if line.order_id in sent
    }


def _is_sent(head: Order) -> bool:
    return head.delivery is Delivery.DELIVER


def _units_at_sites(
    conn: Conn, lines: Sequence[ParkedLine], networks: Collection[NodeId]
) -> dict[tuple[SiteId, SkuId], int]:
    """What sites of the lines' networks can send of their SKUs, as a wave will find it."""
    site_of = {leaf.id: leaf.site_id for leaf in stock.leaves(conn)}
    sku_ids = list({line.sku_id for line in lines})
    found: dict[tuple[SiteId, SkuId], int] = {}
    for network in networks:  # one, or very few
        for (leaf_id, sku_id), units in stock.sellable_units(conn, sku_ids, under=network).items():
            site_id = site_of.get(leaf_id)
            if site_id is not None and units > 0:
                found[site_id, sku_id] = found.get((site_id, sku_id), 0) + units
    return found


def _take(
    left: Mapping[tuple[SiteId, SkuId], int],
    taken: Counter[tuple[SiteId, SkuId]],
    line: ParkedLine,
    limit: Collection[SiteId],
) -> int:
    """Take what a line waits for from the sites it must ship from, as far as it goes; returns the units."""
    wanted = line.parked
    for site_id in sorted(limit):
        key = (site_id, line.sku_id)
        given = max(0, min(wanted, left.get(key, 0) - taken[key]))
        taken[key] += given
        wanted -= given
    return line.parked - wanted


def sites_named(conn: Conn, named: Collection[str]) -> dict[str, tuple[SiteId, ...]]:
    """Return the sites of codes of sites, and of names of groups of the profile in force; unknown ones are left out."""
    found = {code: (site.id,) for code, site in org.sites_by_code(conn, named).items()}
    if any(name not in found for name in named):
        groups = {group.name: group.site_ids for group in profile_in_force(conn).settings.groups}
        found |= {name: groups[name] for name in named if name not in found and groups.get(name)}
    return found


def ship_from(
    conn: Conn, wishes: Sequence[ShipFromWish], *, scope: Scope, now: datetime
) -> list[ShipFromSet | Refusal]:
    """Name the sites that orders must ship from, or none any more: one outcome each, in the order given.

    A group of sites counts as it is now. Work that sites have already stays theirs; what waits is decided anew, and
    what waits for goods finds those of other sites with the next round.
    """
    heads = {head.id: head for head in orders.orders_by_ids(conn, [one.order_id for one in wishes])}
    known = sites_named(conn, {name for one in wishes for name in one.named})
    outcomes: list[ShipFromSet | Refusal] = []
    for one in wishes:
        refusal = _refusal_of(one, heads.get(one.order_id), known, scope=scope)
        sites = sorted({site_id for name in one.named for site_id in known.get(name, ())})
        outcomes.append(refusal or ShipFromSet(order_id=one.order_id, site_ids=tuple(sites), changed=False))
    going = [one for one in outcomes if isinstance(one, ShipFromSet)]
    changed = dict(
        zip(
            [one.order_id for one in going],
            orders.name_sites(
                conn, [NamedSites(order_id=one.order_id, site_ids=one.site_ids) for one in going], now=now
            ),
            strict=True,
        )
    )
    log.append(
        conn,
        [
            event(
                ShipFromChanged(order_id=outcome.order_id, site_ids=outcome.site_ids),
                subject=outcome.order_id,
                at=now,
                actor=one.actor,
            )
            for one, outcome in zip(wishes, outcomes, strict=True)
            if isinstance(outcome, ShipFromSet) and changed[outcome.order_id]
        ],
    )
    return [
        msgspec.structs.replace(one, changed=changed[one.order_id]) if isinstance(one, ShipFromSet) else one
        for one in outcomes
    ]


def _refusal_of(
    one: ShipFromWish, head: Order | None, known: Mapping[str, object], *, scope: Scope
) -> Refusal | None:
    if head is None or not scope.covers_site(head.site_id):
        return UnknownOrder(order_id=one.order_id)
    if not _is_sent(head):
        return OnlyDeliveriesShip()
    if head.parked + head.held + head.allocated == 0:
        return NothingLeftToShip(number=head.number)
    unknown = [name for name in one.named if name not in known]
    return UnknownShipFrom(named=unknown[0]) if unknown else None
