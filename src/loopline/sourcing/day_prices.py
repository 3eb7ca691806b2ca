"""Prices of the day: what goods and time were worth on a day that is over, kept as versions for the waves that follow.

A day is solved as one problem and its duals are kept: of goods by site and SKU, or category where the day says too
little of a SKU; of time by site. The wave of a later day counts them as costs, if the profile says so. Of time the same
weekday counts where it is kept and not too old, for Saturdays are like Saturdays; of goods the last day does.

Locks: none but those of the rows it writes. A day is priced once: of two at once the later writes nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

import msgspec

from loopline.db import Conn, copy_rows, execute, fetch, fetch_one, fetch_values, statements
from loopline.kernel.ids import OrderId, SiteId, SkuId
from loopline.sourcing.day_worth import RowPrice, is_thin, worth_of_thin
from loopline.sourcing.model import LaterWorth, Wave, WavePlan
from loopline.sourcing.settings import DayPrices

SQL = statements(__file__)
KEPT = timedelta(days=100)
"""As long as trials look back, and a little longer."""
_BY = "price_last_day"


class DayPrice(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one more unit of a SKU, or of thin goods of a category, at a site was worth; of neither: one more parcel."""

    site_id: SiteId
    sku_id: SkuId | None
    category: str | None
    price_minor: int


class PricedDay(msgspec.Struct, frozen=True, kw_only=True):
    """A day that was solved, and what it says goods and time are worth. `well_known`: units asked, of SKUs not thin."""

    day: date
    currency: str
    solver: str
    profile_version: int | None
    first_order_id: OrderId
    last_order_id: OrderId
    orders: int
    sites: int
    unfilled_units: int
    cost_minor: int
    bound_minor: int
    well_known: Mapping[SkuId, int]
    prices: Sequence[DayPrice]


class KeptDay(msgspec.Struct, frozen=True, kw_only=True):
    """A version: which day it is of, who learnt it when, from which orders, and how near to the best."""

    version: int
    day: date
    currency: str
    learnt_at: datetime
    learnt_by: str
    solver: str
    profile_version: int | None
    first_order_id: OrderId
    last_order_id: OrderId
    orders: int
    sites: int
    unfilled_units: int
    cost_minor: int
    bound_minor: int


class PricesAsk(msgspec.Struct, frozen=True, kw_only=True):
    """A wish for what the days before one say of some goods, at most `days_most` days back."""

    currency: str
    day: date
    days_most: int
    sku_ids: Collection[SkuId]
    category_of: Mapping[SkuId, str]


class KnownPrices(msgspec.Struct, frozen=True, kw_only=True):
    """What the days before one say of some goods and of all time. `version`: of the day that speaks of the goods."""

    version: int | None
    well_known: frozenset[SkuId]
    of_goods: Sequence[DayPrice]
    of_time: Sequence[DayPrice]


# --------------------------------------------------------------------------------------------------------------- rules


def priced_day(
    day: date,
    wave: Wave,
    plan: WavePlan,
    *,
    category_of: Mapping[SkuId, str],
    skus_of: Mapping[str, Collection[SkuId]],
) -> PricedDay | None:
    """Read a solved day's prices; None where its plan has none. `skus_of`: all SKUs of each category."""
    if plan.figures is None or not wave.orders:
        return None
    asked: dict[SkuId, int] = {}
    for order in wave.orders:
        for need in order.needs:
            asked[need.sku_id] = asked.get(need.sku_id, 0) + need.units
    well_known = {sku_id: units for sku_id, units in asked.items() if not is_thin(units)}
    found = {(one.site_id, one.sku_id): one.price_minor for one in plan.prices if one.sku_id is not None}
    site_of = {leaf_id: site.site_id for site in wave.sites for leaf_id in site.leaf_ids}
    stocked = dict.fromkeys(
        (site_of[one.leaf_id], one.sku_id)
        for one in wave.stock
        if one.sellable > 0 and one.leaf_id in site_of and one.sku_id in asked
    )
    thin = worth_of_thin(
        [
            RowPrice(site=site_id, sku=sku_id, price=found.get((site_id, sku_id), 0))
            for site_id, sku_id in stocked
        ],
        asked=asked,
        category_of=category_of,
        thin_skus={
            category: sum(sku_id not in well_known for sku_id in sku_ids)
            for category, sku_ids in skus_of.items()
        },
    )
    order_ids = sorted(order.order_id for order in wave.orders)
    return PricedDay(
        day=day,
        currency=wave.currency,
        solver=plan.solver,
        profile_version=wave.profile_version,
        first_order_id=order_ids[0],
        last_order_id=order_ids[-1],
        orders=len(order_ids),
        sites=len(wave.sites),
        unfilled_units=sum(one.units for decision in plan.decisions for one in decision.unfilled),
        cost_minor=plan.figures.cost_minor,
        bound_minor=plan.figures.bound_minor,
        well_known=well_known,
        prices=_prices_of(plan, well_known, thin),
    )


def _prices_of(
    plan: WavePlan,
    well_known: Mapping[SkuId, int],
    thin: Mapping[tuple[SiteId, str], int],
) -> list[DayPrice]:
    known = [
        DayPrice(site_id=one.site_id, sku_id=one.sku_id, category=None, price_minor=one.price_minor)
        for one in plan.prices
        if one.sku_id is None or one.sku_id in well_known
    ]
    return known + [
        DayPrice(site_id=site_id, sku_id=None, category=category, price_minor=minor)
        for (site_id, category), minor in thin.items()
    ]


def known_from(day: PricedDay) -> KnownPrices:
    """Return what a day says that is not kept."""
    return KnownPrices(
        version=None,
        well_known=frozenset(day.well_known),
        of_goods=[one for one in day.prices if one.sku_id is not None or one.category is not None],
        of_time=[one for one in day.prices if one.sku_id is None and one.category is None],
    )


def later_worth(
    known: KnownPrices,
    setting: DayPrices,
    *,
    stocked: Collection[tuple[SiteId, SkuId]],
    category_of: Mapping[SkuId, str],
) -> LaterWorth:
    """Return what goods at sites and parcels of sites cost a wave beside what they cost, within the profile's bounds.

    The part that the profile counts, rounded down, at most what it allows; what is worth nothing is left out.
    """

    def bounded(minor: int) -> int:
        return min(minor * setting.percent // 100, setting.minor_most)

    of_sku = {
        (one.site_id, one.sku_id): bounded(one.price_minor)
        for one in known.of_goods
        if one.sku_id is not None
    }
    of_category = {
        (one.site_id, one.category): bounded(one.price_minor)
        for one in known.of_goods
        if one.category is not None
    }
    units: dict[tuple[SiteId, SkuId], int] = {}
    for site_id, sku_id in stocked:
        if sku_id in known.well_known:
            minor = of_sku.get((site_id, sku_id), 0)
        else:
            minor = of_category.get((site_id, category_of.get(sku_id, "")), 0)
        if minor:
            units[site_id, sku_id] = minor
    parcels = {one.site_id: bounded(one.price_minor) for one in known.of_time}
    return LaterWorth(
        version=known.version,
        unit_minor=units,
        parcel_minor={site_id: minor for site_id, minor in parcels.items() if minor},
    )


# ------------------------------------------------------------------------------------------------------ kept and read


def keep_prices(conn: Conn, priced: PricedDay, *, now: datetime) -> int | None:
    """Keep a day's prices, whole; returns the version, or None where the day was priced before: nothing is written."""
    versions = fetch_values(
        conn,
        SQL["insert_day_prices"],
        day=priced.day,
        currency=priced.currency,
        now=now,
        by=_BY,
        solver=priced.solver,
        profile_version=priced.profile_version,
        first_order_id=priced.first_order_id,
        last_order_id=priced.last_order_id,
        orders=priced.orders,
        sites=priced.sites,
        unfilled_units=priced.unfilled_units,
        cost_minor=priced.cost_minor,
        bound_minor=priced.bound_minor,
    )
    if not versions:
        return None
    version: int = versions[0]
    copy_rows(
        conn,
        SQL["copy_day_price_skus"],
        [(version, sku_id, units) for sku_id, units in priced.well_known.items()],
    )
    copy_rows(
        conn,
        SQL["copy_day_prices"],
        [(version, one.site_id, one.sku_id, one.category, one.price_minor) for one in priced.prices],
    )
    return version


def priced_currencies(conn: Conn, day: date) -> set[str]:
    """Return the currencies in which a day is priced."""
    return set(fetch_values(conn, SQL["priced_currencies"], day=day))


def known_prices(conn: Conn, ask: PricesAsk) -> KnownPrices | None:
    """Return what the days before one say; None where none of them is kept."""
    days = fetch(
        conn,
        SQL["day_prices_before"],
        KeptDay,
        currency=ask.currency,
        day=ask.day,
        days_most=ask.days_most,
    )
    if not days:
        return None
    last = days[0]
    like_today = next((one for one in days if one.day.weekday() == ask.day.weekday()), last)
    found = fetch_values(conn, SQL["well_known_skus"], version=last.version, sku_ids=list(ask.sku_ids))
    well_known = frozenset(SkuId(one) for one in found)
    thin = {one: ask.category_of[one] for one in ask.sku_ids if one in ask.category_of}
    categories = sorted({category for one, category in thin.items() if one not in well_known})
    return KnownPrices(
        version=last.version,
        well_known=well_known,
        of_goods=fetch(
            conn,
            SQL["prices_of_day"],
            DayPrice,
            version=last.version,
            sku_ids=list(well_known),
            categories=categories,
        ),
        of_time=fetch(conn, SQL["parcel_prices_of_day"], DayPrice, version=like_today.version),
    )


def last_days(conn: Conn, *, limit: int) -> list[KeptDay]:
    """Return the days priced last, the latest first."""
    return fetch(conn, SQL["last_day_prices"], KeptDay, limit=limit)


def last_day(conn: Conn) -> KeptDay | None:
    """Return the day priced last."""
    return fetch_one(conn, SQL["last_day_prices"], KeptDay, limit=1)


def sweep_day_prices(conn: Conn, *, now: datetime, limit: int) -> int:
    """Forget prices of days learnt longer ago than `KEPT`; returns how many. What those days came to stays."""
    before = now - KEPT
    return execute(conn, SQL["sweep_day_prices"], before=before, limit=limit) or execute(
        conn, SQL["sweep_day_price_skus"], before=before, limit=limit
    )
