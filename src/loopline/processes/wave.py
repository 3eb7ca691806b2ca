"""What a wave needs to know, read once: the orders that wait, the sites that may serve them, and what is there."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TypedDict

from msgspec.structs import replace

from loopline import catalogue, orders, org, promises, stock
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.dark import dark_sites
from loopline.fulfilment.model import Task
from loopline.insight.acceptance.model import Acceptance
from loopline.insight.acceptance.queries import tells_offers_apart
from loopline.kernel.ids import LineId, NodeId, OrderId, PartyId, SiteId, SkuId, WaveId, uuid7
from loopline.kernel.temperatures import AMBIENT_ALONE, TemperatureClass
from loopline.kernel.times import business_day
from loopline.orders import FROM_ITS_STORE, Delivery, Line, LineToSource, Order
from loopline.processes.answers import bands_of, with_answers
from loopline.processes.came_back import weigh_what_came_back
from loopline.processes.must_ship_from import limits_of_goods, limits_of_orders
from loopline.processes.price_day import worth_today
from loopline.processes.ready_times import learnt_ready_minutes
from loopline.processes.reopen import OpenWork, Works, lines_of
from loopline.processes.weigh import Weighing, territory, weigh, with_surcharges
from loopline.promises import BROUGHT, PromiseState
from loopline.sourcing import queries as sourcing
from loopline.sourcing.equipment import ability, can_send
from loopline.sourcing.model import (
    NO_SHARES,
    NOTHING_LATER,
    LaterWorth,
    LeafUnits,
    Need,
    OpenOrder,
    Shares,
    Wave,
    WaveSite,
)
from loopline.sourcing.profiles import ProfileInForce

ASK_AGAIN_AFTER = timedelta(days=1)
NOBODY_KNOWS: Mapping[SiteId, Acceptance] = {}
"""Every site accepts, at once."""
NO_WORKS: Works = {}


class WaveDesk:
    """The orders at hand, all of one currency and network, as up to three problems.

    What is delivered is held at the network, and any site may send what is not promised there, as far as it is equipped
    for it. What is collected is held at its site already: its problem has just those units in it, and its answer is
    known but for the capacity; it is carried away as it is, in one parcel. What a courier brings is held at its site,
    too, and sent as cold as it is kept.
    """

    def __init__(  # noqa: PLR0913 - each is read by somebody else, at the same moment
        self,
        conn: Conn,
        waiting: Sequence[LineToSource],
        *,
        now: datetime,
        profile: ProfileInForce,
        accepts: Mapping[SiteId, Acceptance] = NOBODY_KNOWS,
        works: Works = NO_WORKS,
    ) -> None:
        self.profile = profile
        self._accepts = accepts
        self._tells_apart = bool(accepts) and tells_offers_apart(conn)
        self._values: Mapping[OrderId, int] = {}
        waiting = [*waiting, *lines_of(conn, works)]
        heads = {
            head.id: head for head in orders.orders_by_ids(conn, list({line.order_id for line in waiting}))
        }
        networks = {code: terms.network_node_id for code, terms in orders.channels_by_code(conn).items()}
        first = heads[waiting[0].order_id]
        self.currency = first.currency
        lines = [
            line
            for line in waiting
            if heads[line.order_id].currency == first.currency
            and networks[line.channel] == networks[first.channel]
        ]
        self.orders: dict[OrderId, Order] = {line.order_id: heads[line.order_id] for line in lines}
        self._sites = {site.id: site for site in org.branch_sites(conn)}
        self._leaf_ids: dict[SiteId, list[NodeId]] = {}
        for leaf in stock.leaves(conn):
            if leaf.site_id is not None and leaf.site_id in self._sites:
                self._leaf_ids.setdefault(leaf.site_id, []).append(leaf.id)
        self._refused = self._sites_that_refused(conn, now=now)
        self._able = ability(conn)
        self.dark = frozenset(dark_sites(conn))
        self._ready = learnt_ready_minutes(conn, self._sites, now=now)
        self._network = networks[first.channel]
        self._left = self._capacity_left(conn, now=now)
        self._sellable: Mapping[tuple[NodeId, SkuId], int] = {}
        self._dealers: Mapping[SiteId, PartyId] = {}
        self.works = {
            order_id: work
            for order_id, work in works.items()
            if order_id in self.orders and all(self._may_move(task, now=now) for task in work.tasks)
        }
        lines = [line for line in lines if line.order_id not in works or line.order_id in self.works]
        self._only_from = limits_of_orders(
            conn,
            profile.settings,
            {line.order_id: line.channel for line in lines if not self.is_bound(line.order_id)},
        )
        self.waves = self._waves(conn, lines, network=self._network, now=now)
        self.wave_ids = {one.order_id: wave.wave_id for wave in self.waves for one in wave.orders}

    def day_of(self, site_id: SiteId, *, now: datetime) -> date:
        """The business day of a site."""
        return business_day(now, self._sites[site_id].time_zone)

    def is_bound(self, order_id: OrderId) -> bool:
        """Whether the goods leave one site and no other: the customer comes for them, or its own people bring them."""
        order = self.orders[order_id]
        return order.delivery is not Delivery.DELIVER and order.site_id is not None

    def is_collected(self, order_id: OrderId) -> bool:
        """Whether the customer comes for the goods."""
        return self.is_bound(order_id) and self.orders[order_id].delivery not in FROM_ITS_STORE

    def came_since(self, conn: Conn, sku_ids: Collection[SkuId]) -> set[SkuId]:
        """Which of some SKUs can be sent from where they could not be sent when the wave was read.

        More of them lies at a site now, or a site was declared to send what is as cold.
        """
        if not sku_ids:
            return set()
        units = stock.sellable_units(conn, list(sku_ids), under=self._network)
        came = {key[1] for key, count in units.items() if count > self._sellable.get(key, 0)}
        declared = {
            kind
            for site_id, kinds in ability(conn).items()
            for kind in kinds - self._able.get(site_id, AMBIENT_ALONE)
        }
        classes = {sku_id: kind for wave in self.waves for sku_id, kind in wave.classes.items()}
        return came | {sku_id for sku_id in sku_ids if classes.get(sku_id) in declared}

    def _waves(
        self, conn: Conn, lines: Sequence[LineToSource], *, network: NodeId, now: datetime
    ) -> tuple[Wave, ...]:
        delivered = [line for line in lines if not self.is_bound(line.order_id)]
        collected = [line for line in lines if self.is_collected(line.order_id)]
        couriered = [
            line for line in lines if self.is_bound(line.order_id) and not self.is_collected(line.order_id)
        ]
        waves: list[Wave] = []
        if delivered:
            skus = list({line.sku_id for line in delivered})
            self._sellable = stock.sellable_units(conn, skus, under=network)
            units = self._with_works(self._sellable)
            later = worth_today(
                conn, self.profile, currency=self.currency, stocked=self._at_sites(units), now=now
            )
            wave = replace(
                self._wave(conn, delivered, units, later=later, now=now),
                classes=catalogue.temperature_classes_of(conn, skus),
                companions=catalogue.companions_of(conn, skus),
                only_from=limits_of_goods(conn, self.profile.settings, skus),
            )
            places = _with_places(wave.sites, self.works.values(), sign=1)
            wave = replace(wave, sites=places, shares=self._shares(conn, now=now))
            bands = bands_of(wave, values_minor=self._values) if self._tells_apart else None
            if bands is not None:
                wave = with_answers(conn, wave, bands, now=now)
            wave = weigh_what_came_back(
                conn,
                wave,
                rule=self.profile.settings.waiting_pay,
                dealers=self._dealers,
                accepts=self._accepts,
                bands=bands,
                now=now,
            )
            waves.append(_with_held_back(conn, wave) if wave.companions else wave)
        if collected:
            waves.append(self._wave(conn, collected, self._held_at_sites(collected), now=now))
        if couriered:
            wave = self._wave(conn, couriered, self._held_at_sites(couriered), now=now)
            skus = list({line.sku_id for line in couriered})
            waves.append(replace(wave, classes=catalogue.temperature_classes_of(conn, skus)))
        return tuple(waves)

    def _wave(
        self,
        conn: Conn,
        lines: Sequence[LineToSource],
        units: Mapping[tuple[NodeId, SkuId], int],
        *,
        later: LaterWorth = NOTHING_LATER,
        now: datetime,
    ) -> Wave:
        weighing = weigh(
            conn, sites=self._sites, sellable=self._at_sites(units), profile=self.profile, now=now
        )
        self._dealers = weighing.dealer_of
        sold = self._sold(conn, lines)
        self._values = _values_of(sold, lines)
        return Wave(
            wave_id=WaveId(uuid7(now)),
            currency=self.currency,
            orders=self._open_orders(
                lines,
                weighing,
                _hours_left(conn, {line.order_id for line in lines}, now=now),
                {line.line_id: (line.amount_minor - line.tax_minor) // line.units for line in sold},
            ),
            # Who comes for goods, or has them brought from there, is waited for by nobody else.
            sites=self._wave_sites(
                conn, weighing, dark=() if self.is_bound(lines[0].order_id) else self.dark
            ),
            stock=[
                LeafUnits(leaf_id=leaf_id, sku_id=sku_id, sellable=count)
                for (leaf_id, sku_id), count in units.items()
            ],
            unit_grams=catalogue.weights_of(conn, list({line.sku_id for line in lines})),
            unit_values_minor=_unit_values(sold),
            credits_minor=weighing.credits,
            settings=self.profile.settings,
            profile_version=self.profile.version or None,
            later=later,
        )

    def without_works(self, wave: Wave, order_ids: Collection[OrderId]) -> Wave:
        """The same problem without some orders that are decided again: their goods and places are theirs."""
        works = [work for order_id, work in self.works.items() if order_id in order_ids]
        theirs: Counter[tuple[NodeId, SkuId]] = Counter()
        for work in works:
            for leaf_id, sku_id, left in work.goods():
                theirs[leaf_id, sku_id] += left
        return replace(
            wave,
            orders=tuple(one for one in wave.orders if one.order_id not in order_ids),
            chances=None
            if wave.chances is None
            else wave.chances[[one.order_id not in order_ids for one in wave.orders]],
            sites=_with_places(wave.sites, works, sign=-1),
            shares=wave.shares.with_tasks([task.site_id for work in works for task in work.tasks]),
            stock=[
                LeafUnits(
                    leaf_id=one.leaf_id,
                    sku_id=one.sku_id,
                    sellable=one.sellable - theirs[one.leaf_id, one.sku_id],
                )
                for one in wave.stock
            ],
        )

    def _may_move(self, task: Task, *, now: datetime) -> bool:
        """Whether a task may be decided again: of today, at a site that is able to send it and not over its limit.

        Work that was put to a site before it lost its equipment, or its limit was lowered, stays its work.
        """
        return (
            task.day == self.day_of(task.site_id, now=now)
            and self._left.get(task.site_id, -1) >= 0
            and can_send(self._able, task.site_id, task.temperature_class)
        )

    def _with_works(self, units: Mapping[tuple[NodeId, SkuId], int]) -> dict[tuple[NodeId, SkuId], int]:
        """What can be sent, and what is allocated to the orders that are decided again."""
        found = dict(units)
        for work in self.works.values():
            for leaf_id, sku_id, left in work.goods():
                found[leaf_id, sku_id] = found.get((leaf_id, sku_id), 0) + left
        return found

    def _moving_costs(self, order_id: OrderId) -> Mapping[SiteId, int]:
        """What a parcel costs more from each site that does not have the order's work already."""
        work, minor = self.works.get(order_id), self.profile.settings.reoptimising.move_minor
        if work is None or not minor:
            return {}
        return {site_id: minor for site_id in self._leaf_ids if site_id not in work.site_ids}

    def _at_sites(self, units: Mapping[tuple[NodeId, SkuId], int]) -> dict[tuple[SiteId, SkuId], int]:
        """Units by site instead of by leaf."""
        site_of = {leaf_id: site_id for site_id, leaf_ids in self._leaf_ids.items() for leaf_id in leaf_ids}
        found: dict[tuple[SiteId, SkuId], int] = {}
        for (leaf_id, sku_id), count in units.items():
            if leaf_id in site_of:
                key = (site_of[leaf_id], sku_id)
                found[key] = found.get(key, 0) + count
        return found

    def _sold(self, conn: Conn, lines: Sequence[LineToSource]) -> list[Line]:
        """The lines of these orders with what they bring, where anything hangs on it: a limit, a margin, an answer."""
        limits, weights = self.profile.settings.limits, self.profile.settings.weights
        if not (limits.parcel_value_least_minor or weights.dealer_margin_basis_points or self._tells_apart):
            return []
        found = orders.lines_by_orders(conn, list({line.order_id for line in lines}))
        return [line for line in found if line.sku_id is not None and line.units]

    def _held_at_sites(self, lines: Sequence[LineToSource]) -> dict[tuple[NodeId, SkuId], int]:
        held: dict[tuple[NodeId, SkuId], int] = {}
        for line in lines:
            assert line.site_id is not None
            key = (self._leaf_ids[line.site_id][0], line.sku_id)
            held[key] = held.get(key, 0) + line.held
        return held

    def _open_orders(
        self,
        lines: Sequence[LineToSource],
        weighing: Weighing,
        hours: Mapping[OrderId, float],
        prices_minor: Mapping[LineId, int],
    ) -> tuple[OpenOrder, ...]:
        needs: dict[OrderId, list[Need]] = {}
        for line in lines:
            needs.setdefault(line.order_id, []).append(
                Need(
                    line_id=line.line_id,
                    sku_id=line.sku_id,
                    units=line.held,
                    price_minor=max(0, prices_minor.get(line.line_id, 0)),
                )
            )
        return tuple(
            OpenOrder(
                order_id=order_id,
                destination=self.orders[order_id].destination,
                needs=tuple(of_order),
                promised_hours=hours.get(order_id),
                excluded_sites=frozenset(self._refused.get(order_id, ())),
                allowed_sites=self._allowed_sites(order_id),
                only_from=self._only_from.get(order_id),
                is_put=order_id in self.works,
                **with_surcharges(
                    territory(self.orders[order_id].dealer_id, weighing, self.profile.settings.limits),
                    self._moving_costs(order_id),
                ),
            )
            for order_id, of_order in needs.items()
        )

    def _allowed_sites(self, order_id: OrderId) -> frozenset[SiteId] | None:
        """What is collected comes from the site it is collected at, what a courier brings from the courier's."""
        site_id = self.orders[order_id].site_id
        return frozenset({site_id}) if site_id is not None and self.is_bound(order_id) else None

    def _sites_that_refused(self, conn: Conn, *, now: datetime) -> dict[OrderId, set[SiteId]]:
        """Sites that refused units of an order, or let it lapse, within the last day: later they may be asked again.

        Where an order is bound to a site, one that lacked the goods is asked at once when it has others: a customer
        waits for them, nobody else can give them, and what it lacked is in no book any more.
        """
        refused: dict[OrderId, set[SiteId]] = {}
        for one in fulfilment.sites_that_refused(conn, list(self.orders), since=now - ASK_AGAIN_AFTER):
            if not (one.for_want_of_goods and self.is_bound(one.order_id)):
                refused.setdefault(one.order_id, set()).add(one.site_id)
        return refused

    def _shares(self, conn: Conn, *, now: datetime) -> Shares:
        """What dealers have of the day, without what is decided again; read only where their shares are limited."""
        if not self.profile.settings.fairness.is_hard:
            return NO_SHARES
        work: Counter[SiteId] = Counter()
        days = {site_id: self.day_of(site_id, now=now) for site_id in self._leaf_ids}
        for day in set(days.values()):  # two or three around the world
            of_day = fulfilment.work_of_sites(conn, from_day=day, until_day=day)
            work.update({site_id: count for site_id, count in of_day.items() if days.get(site_id) == day})
        work.subtract(task.site_id for one in self.works.values() for task in one.tasks)
        had: Counter[PartyId] = Counter()
        for site_id, count in work.items():
            if site_id in self._dealers:
                had[self._dealers[site_id]] += count
        return Shares(dealer_of=self._dealers, had=had, total=work.total())

    def _wave_sites(
        self, conn: Conn, weighing: Weighing, *, dark: Collection[SiteId]
    ) -> tuple[WaveSite, ...]:
        costs = {
            cost.site_id: cost
            for cost in sourcing.site_costs(conn, list(self._leaf_ids), currency=self.currency)
        }
        return tuple(
            WaveSite(
                site_id=site_id,
                leaf_ids=tuple(of_site),
                coordinates=self._sites[site_id].coordinates,
                capacity_left=max(0, self._left.get(site_id, 0)),
                cost=costs[site_id],
                priority_minor=weighing.priority[site_id],
                region_minor=weighing.region.get(site_id, 0),
                margin_basis_points=weighing.margins.get(site_id, 0),
                is_fallback=site_id in weighing.fallbacks,
                answer_minutes=weighing.terms[site_id].answer_minutes,
                overrides=weighing.terms[site_id].overrides,
                sends=self._able.get(site_id, AMBIENT_ALONE),
                is_dark=site_id in dark,
                **_answer_of(self._accepts.get(site_id), ready_minutes=self._ready.get(site_id)),
            )
            for site_id, of_site in self._leaf_ids.items()
            if site_id in costs
        )

    def _capacity_left(self, conn: Conn, *, now: datetime) -> dict[SiteId, int]:
        by_day: dict[date, list[SiteId]] = {}
        for site_id in self._leaf_ids:
            by_day.setdefault(self.day_of(site_id, now=now), []).append(site_id)
        return {
            capacity.site_id: capacity.left
            for day, of_day in by_day.items()  # two or three days at a time, around the world
            for capacity in fulfilment.capacity_of_sites(conn, of_day, day=day)
        }


def _values_of(sold: Sequence[Line], lines: Sequence[LineToSource]) -> dict[OrderId, int]:
    """What the goods of each order that are to be sent cost the customer."""
    minor_of = {line.line_id: line.amount_minor / line.units for line in sold}
    values: dict[OrderId, int] = {}
    for line in lines if sold else ():
        values[line.order_id] = values.get(line.order_id, 0) + round(minor_of[line.line_id] * line.held)
    return values


def _unit_values(sold: Sequence[Line]) -> dict[SkuId, int]:
    """What a unit of each SKU brings at most."""
    values: dict[SkuId, int] = {}
    for line in sold:
        assert line.sku_id is not None
        values[line.sku_id] = max(values.get(line.sku_id, 0), line.amount_minor // line.units)
    return values


def _with_places(
    sites: Sequence[WaveSite], works: Collection[OpenWork], *, sign: int
) -> tuple[WaveSite, ...]:
    """The sites with the places that work takes in their days given back (1), or taken again (-1)."""
    places = Counter(task.site_id for work in works for task in work.tasks)
    return tuple(
        replace(one, capacity_left=one.capacity_left + sign * places[one.site_id])
        if places[one.site_id]
        else one
        for one in sites
    )


def _with_held_back(conn: Conn, wave: Wave) -> Wave:
    """Hold back what leaves with goods that its order still waits for: they come together or not at all."""
    bound = [one for one in wave.orders if any(need.sku_id in wave.companions for need in one.needs)]
    parcels: dict[tuple[OrderId, str, TemperatureClass], list[LineId]] = {}
    waiting: set[tuple[OrderId, str, TemperatureClass]] = set()
    lines = orders.lines_by_orders(conn, [one.order_id for one in bound])
    parked = [line.sku_id for line in lines if line.parked and line.sku_id is not None]
    companions = {**catalogue.companions_of(conn, parked), **wave.companions}
    classes = {**catalogue.temperature_classes_of(conn, parked), **wave.classes}
    for line in lines:
        word = companions.get(line.sku_id) if line.sku_id is not None else None
        if line.sku_id is not None and word is not None:
            parcel = (line.order_id, word, classes.get(line.sku_id, TemperatureClass.AMBIENT))
            parcels.setdefault(parcel, []).append(line.line_id)
            if line.parked:
                waiting.add(parcel)
    back: dict[OrderId, set[LineId]] = {}
    for parcel in waiting:
        back.setdefault(parcel[0], set()).update(parcels[parcel])
    return replace(
        wave,
        orders=tuple(
            replace(one, held_back=frozenset(back[one.order_id])) if one.order_id in back else one
            for one in wave.orders
        ),
    )


def _hours_left(conn: Conn, order_ids: Collection[OrderId], *, now: datetime) -> dict[OrderId, float]:
    """How long until orders are to be at their customers' doors, where that was promised: hours, none below 0.

    What was promised anew counts as it stands now. Goods that are collected are where they are promised already.
    """
    return {
        order_id: max(0.0, (given[-1].due_at - now) / timedelta(hours=1))
        for order_id, given in promises.promises_of_orders(conn, order_ids).items()
        if given[-1].state is PromiseState.OPEN and given[-1].kind in BROUGHT
    }


class _Answer(TypedDict, total=False):
    """The fields of a site that say how it answers."""

    accept_probability: float
    ready_minutes: int


def _answer_of(expected: Acceptance | None, *, ready_minutes: int | None) -> _Answer:
    """What is known of a site's answer, and until a parcel leaves: where nobody knows, no longer than it answers."""
    found: _Answer = {} if ready_minutes is None else {"ready_minutes": ready_minutes}
    if expected is None:
        return found
    found["accept_probability"] = min(1.0, max(0.0, expected.probability))
    found.setdefault("ready_minutes", max(0, round(expected.answer_minutes)))
    return found
