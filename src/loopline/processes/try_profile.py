"""Try: what a version of the profile would have made of past days, beside the one in force. Changes nothing.

Each day is decided in waves as its orders came, each of what the waves before have left: all orders for delivery, the
goods that were there in the morning or came that day, the limits of that day, what parcels cost today. A wave begins
when its window is over, but never sooner than a quarter of an hour after the last: what comes in seconds is decided
with what comes in minutes. Where a version counts prices of the day, these are of the days before the one that is tried
(learnt now, where none was kept). Both versions are solved by the same solver. What they are compared by is the same
for both: what parcels cost, how many there are, how far they go, who sends them and earns by it, how many orders come
later than was promised. An order has so much less time as it waits for its wave; how fast parcels go, what a part of
the country costs more and what a dealer's margin weighs is as the version that is tried says.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

import msgspec

from loopline.db import Conn
from loopline.kernel.geography import great_circle_kilometres
from loopline.kernel.ids import NodeId, OrderId, SiteId, SkuId
from loopline.kernel.times import day_range
from loopline.processes.past_day import Day, read_day, stocked_of, wave_of_day
from loopline.processes.price_day import DayToPrice, day_to_price, prices_before, worth_later
from loopline.sourcing import profiles
from loopline.sourcing.day_prices import PricedDay, known_from
from loopline.sourcing.model import Decision, LeafUnits, OpenOrder, UnfilledReason, Wave, WavePlan
from loopline.sourcing.profiles import ProfileInForce
from loopline.sourcing.solver import Solver
from loopline.sourcing.trials import SideOfTrial

WAVES_APART_LEAST = timedelta(minutes=15)
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


class DayToTry(msgspec.Struct, frozen=True, kw_only=True):
    """A day that was read, and one wave per version, of all its orders."""

    day: Day
    starts_at: datetime
    waves: tuple[Wave, ...]


def day_to_learn(
    conn: Conn, day: date, *, versions: Sequence[int | None], zone: str, now: datetime
) -> DayToPrice | None:
    """Read the day before one, where a version counts prices of the day and none was kept that it may count."""
    asking = [one for one in _profiles(conn, versions) if one.settings.day_prices.are_used]
    found = read_day(conn, day, zone=zone, now=now) if asking else None
    if found is None:
        return None
    sku_ids = {line.sku_id for line in found.lines}
    for profile in asking:
        setting = profile.settings.day_prices
        if prices_before(conn, day, setting, currency=found.currency, sku_ids=sku_ids) is None:
            return day_to_price(conn, day - timedelta(days=1), zone=zone, now=now)
    return None


def waves_to_try(  # noqa: PLR0913 - what a day is tried by
    conn: Conn,
    day: date,
    *,
    versions: Sequence[int | None],
    zone: str,
    now: datetime,
    learnt: PricedDay | None = None,
) -> DayToTry | None:
    """Read a day, and the wave that each version makes of it (None: the settings as delivered).

    None where it had no orders for delivery. `learnt`: what the day before says, where nothing was kept.
    """
    found = read_day(conn, day, zone=zone, now=now)
    if found is None:
        return None
    starts_at = day_range(day, zone).start
    return DayToTry(
        day=found,
        starts_at=starts_at,
        waves=tuple(
            _waited(_wave(conn, found, profile, learnt=learnt, now=now), found, starts_at=starts_at)
            for profile in _profiles(conn, versions)
        ),
    )


def _wave(
    conn: Conn, found: Day, profile: ProfileInForce, *, learnt: PricedDay | None, now: datetime
) -> Wave:
    setting, stocked = profile.settings.day_prices, stocked_of(found)
    known = None
    if setting.are_used:
        sku_ids = {sku_id for _, sku_id in stocked}
        known = prices_before(conn, found.day, setting, currency=found.currency, sku_ids=sku_ids)
        if known is None and learnt is not None and learnt.currency == found.currency:
            known = known_from(learnt)
    later = worth_later(conn, known, profile, stocked=stocked)
    return wave_of_day(conn, found, profile, now=now, later=later)


def _waited(wave: Wave, found: Day, *, starts_at: datetime) -> Wave:
    """Take off what is promised for each order how long it waits for its wave: never longer than the window."""
    minutes = wave.settings.waiting.window_minutes
    if not minutes:
        return wave
    placed_at = {line.order_id: line.placed_at for line in found.lines}
    apart = max(WAVES_APART_LEAST, timedelta(minutes=minutes))

    def of(order: OpenOrder) -> OpenOrder:
        if order.promised_hours is None:
            return order
        gone = (placed_at[order.order_id] - starts_at) % apart
        waits = min(apart - gone, timedelta(minutes=minutes))
        hours = max(0.0, order.promised_hours - waits / timedelta(hours=1))
        return msgspec.structs.replace(order, promised_hours=hours)

    return msgspec.structs.replace(wave, orders=tuple(of(order) for order in wave.orders))


def _profiles(conn: Conn, versions: Sequence[int | None]) -> list[ProfileInForce]:
    return [_version(conn, version) for version in versions]


def _version(conn: Conn, version: int | None) -> ProfileInForce:
    profile = profiles.profile_by_version(conn, version) if version is not None else None
    if profile is None:
        return ProfileInForce()
    overrides = {(one.unit_id, one.setting): one.value for one in profiles.overrides(conn)}
    return ProfileInForce(version=profile.version, settings=profile.settings, overrides=overrides)


def decide_in_waves(found: DayToTry, wave: Wave, *, solver: Solver, seed: int) -> WavePlan:
    """Decide a day's orders in waves as they came, each of what is left; decisions in order of the waves."""
    left = _Left(wave)
    decisions: list[Decision] = []
    name = "nobody"
    for part in _parts(found, wave):
        plan = solver.solve(left.wave_of(part), seed=seed)
        left.take(plan)
        decisions += plan.decisions
        name = plan.solver
    return WavePlan(wave_id=wave.wave_id, solver=name, decisions=tuple(decisions))


def _parts(found: DayToTry, wave: Wave) -> Iterator[Sequence[OpenOrder]]:
    """The orders of a day by the wave that decides them: at most as many as the profile lets into one."""
    waiting = wave.settings.waiting
    window = max(WAVES_APART_LEAST, timedelta(minutes=waiting.window_minutes))
    placed_at = {line.order_id: line.placed_at for line in found.day.lines}
    by_window: dict[int, list[OpenOrder]] = {}
    for order in wave.orders:
        by_window.setdefault((placed_at[order.order_id] - found.starts_at) // window, []).append(order)
    for number in sorted(by_window):
        of_window = by_window[number]
        for first in range(0, len(of_window), waiting.wave_orders):
            yield of_window[first : first + waiting.wave_orders]


class _Left:
    """What the waves of a day have left of goods and time."""

    def __init__(self, wave: Wave) -> None:
        self._wave = wave
        self._capacity: dict[SiteId, int] = {site.site_id: site.capacity_left for site in wave.sites}
        self._units: dict[SkuId, dict[NodeId, int]] = {}
        for one in wave.stock:
            of_sku = self._units.setdefault(one.sku_id, {})
            of_sku[one.leaf_id] = of_sku.get(one.leaf_id, 0) + one.sellable

    def wave_of(self, part: Sequence[OpenOrder]) -> Wave:
        """The day's wave with these orders alone, and what is left."""
        sku_ids = dict.fromkeys(need.sku_id for order in part for need in order.needs)
        return msgspec.structs.replace(
            self._wave,
            orders=tuple(part),
            sites=tuple(
                msgspec.structs.replace(site, capacity_left=self._capacity[site.site_id])
                for site in self._wave.sites
            ),
            stock=[
                LeafUnits(leaf_id=leaf_id, sku_id=sku_id, sellable=units)
                for sku_id in sku_ids
                for leaf_id, units in self._units.get(sku_id, {}).items()
                if units > 0
            ],
        )

    def take(self, plan: WavePlan) -> None:
        """Take off what a plan sends."""
        for parcel in plan.parcels:
            self._capacity[parcel.site_id] -= 1
            for line in parcel.lines:
                self._units[line.sku_id][line.leaf_id] -= line.units


def side_of(day: Day, wave: Wave, plan: WavePlan, *, tried: Wave) -> SideOfTrial:
    """What a plan makes of a day, in figures. `tried`: the day as the version that is tried has it: the measure."""
    by_site: dict[str, int] = {}
    earned: dict[str, int] = {}
    lines = {line.line_id: line for line in day.lines}
    kilometres = regional = margin = 0
    measured = {site.site_id: site for site in tried.sites}
    for parcel in plan.parcels:
        code = day.sites[parcel.site_id].code
        by_site[code] = by_site.get(code, 0) + 1
        site = measured[parcel.site_id]
        rate = site.cost.hundred_kilometres_minor
        kilometres += parcel.cost.distance_minor * 100 // rate if rate else 0
        regional += site.region_minor
        dealer = day.dealer_of.get(parcel.site_id)
        for sent in parcel.lines if dealer else ():
            line = lines[sent.line_id]
            net = line.net_minor * sent.units // line.units_of_net
            share = net * day.sending_basis_points[line.channel] // 10_000
            earned[dealer or ""] = earned.get(dealer or "", 0) + share
            margin += net * site.margin_basis_points
    unfilled = [one for decision in plan.decisions for one in decision.unfilled]
    return SideOfTrial(
        cost_minor=sum(
            parcel.cost.handling_minor + parcel.cost.distance_minor + parcel.cost.weight_minor
            for parcel in plan.parcels
        ),
        parcels=len(plan.parcels),
        split_orders=sum(len(one.parcels) > 1 for one in plan.decisions),
        unfilled_units=sum(one.units for one in unfilled),
        unnamed_units=sum(one.units for one in unfilled if one.reason is UnfilledReason.MUST_SHIP_FROM),
        kilometres=kilometres,
        late_orders=_late_orders(wave, plan, tried.settings.weights.kilometres_per_hour),
        parcels_by_site=by_site,
        earned_by_dealer=earned,
        regional_minor=regional,
        margin_minor=(margin + 5_000) // 10_000,
    )


def _late_orders(wave: Wave, plan: WavePlan, kilometres_per_hour: int) -> int:
    """How many orders have a parcel that comes later than was promised, by the measure of the waves."""
    orders = {order.order_id: order for order in wave.orders}
    sites = {site.site_id: site for site in wave.sites}
    late: set[OrderId] = set()
    for parcel in plan.parcels:
        order, site = orders[parcel.order_id], sites[parcel.site_id]
        if order.promised_hours is None:
            continue
        way = great_circle_kilometres(site.coordinates, order.destination) if order.destination else 0.0
        if site.ready_minutes / 60 + way / kilometres_per_hour > order.promised_hours:
            late.add(order.order_id)
    return len(late)


def added(one: SideOfTrial, other: SideOfTrial) -> SideOfTrial:
    """The sum of two days."""
    return SideOfTrial(
        cost_minor=one.cost_minor + other.cost_minor,
        parcels=one.parcels + other.parcels,
        split_orders=one.split_orders + other.split_orders,
        unfilled_units=one.unfilled_units + other.unfilled_units,
        unnamed_units=one.unnamed_units + other.unnamed_units,
        kilometres=one.kilometres + other.kilometres,
        late_orders=one.late_orders + other.late_orders,
        parcels_by_site=_sums(one.parcels_by_site, other.parcels_by_site),
        earned_by_dealer=_sums(one.earned_by_dealer, other.earned_by_dealer),
        regional_minor=one.regional_minor + other.regional_minor,
        margin_minor=one.margin_minor + other.margin_minor,
    )


def _sums(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {key: one.get(key, 0) + other.get(key, 0) for key in {**one, **other}}
