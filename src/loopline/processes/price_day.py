"""Price a day: solve it when it is over, keep what goods and time were worth, and count that in later waves.

What is learnt of a day is read like a trial's day, by the profile in force and without any prices of its own, so that
they do not feed on themselves. A live wave and a trial ask the same function what to count.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime

import msgspec

from loopline import catalogue
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import SiteId, SkuId
from loopline.kernel.times import business_day
from loopline.processes.past_day import read_day, wave_of_day
from loopline.sourcing import day_prices
from loopline.sourcing.day_prices import KnownPrices, PricedDay, PricesAsk
from loopline.sourcing.model import NOTHING_LATER, LaterWorth, Wave, WavePlan
from loopline.sourcing.profiles import ProfileInForce, profile_in_force
from loopline.sourcing.settings import DayPrices


class DayToPrice(msgspec.Struct, frozen=True, kw_only=True):
    """A day as one wave, and of which category its goods are."""

    day: date
    wave: Wave
    category_of: Mapping[SkuId, str]
    skus_of: Mapping[str, Collection[SkuId]]


def day_to_price(
    conn: Conn, day: date, *, zone: str, now: datetime, but: Collection[str] = ()
) -> DayToPrice | None:
    """Read a day's orders of one currency that is not in `but`; None where there were none."""
    found = read_day(conn, day, zone=zone, now=now, but=but)
    if found is None:
        return None
    category_of = catalogue.categories_of(conn, {line.sku_id for line in found.lines})
    return DayToPrice(
        day=day,
        wave=wave_of_day(conn, found, profile_in_force(conn), now=now),
        category_of=category_of,
        skus_of=catalogue.skus_of_categories(conn, set(category_of.values())),
    )


def last_day_to_price(
    conn: Conn, *, now: datetime, fruitless: Collection[tuple[date, str]] = ()
) -> DayToPrice | None:
    """Read the brand's last whole day in a currency in which it is not priced yet; None where all is done.

    `fruitless`: days, each in a currency, whose plans had no prices.
    """
    zone = board_setting(conn).zone
    day = date.fromordinal(business_day(now, zone).toordinal() - 1)
    done = day_prices.priced_currencies(conn, day) | {
        currency for of_day, currency in fruitless if of_day == day
    }
    return day_to_price(conn, day, zone=zone, now=now, but=done)


def learnt(found: DayToPrice, plan: WavePlan) -> PricedDay | None:
    """Read what a solved day says; None where its plan has no prices."""
    return day_prices.priced_day(
        found.day, found.wave, plan, category_of=found.category_of, skus_of=found.skus_of
    )


def prices_before(
    conn: Conn, day: date, setting: DayPrices, *, currency: str, sku_ids: Collection[SkuId]
) -> KnownPrices | None:
    """Return what the days before one say of some goods, as old as the profile allows; None: nothing is kept."""
    ask = PricesAsk(
        currency=currency,
        day=day,
        days_most=setting.days_most,
        sku_ids=sku_ids,
        category_of=catalogue.categories_of(conn, sku_ids),
    )
    return day_prices.known_prices(conn, ask)


def worth_later(
    conn: Conn,
    known: KnownPrices | None,
    profile: ProfileInForce,
    *,
    stocked: Mapping[tuple[SiteId, SkuId], int],
) -> LaterWorth:
    """Return what goods and time cost a wave beside what they cost; nothing where the profile counts no prices."""
    setting = profile.settings.day_prices
    if known is None or not setting.are_used:
        return NOTHING_LATER
    category_of = catalogue.categories_of(conn, {sku_id for _, sku_id in stocked})
    return day_prices.later_worth(known, setting, stocked=list(stocked), category_of=category_of)


def worth_today(
    conn: Conn,
    profile: ProfileInForce,
    *,
    currency: str,
    stocked: Mapping[tuple[SiteId, SkuId], int],
    now: datetime,
) -> LaterWorth:
    """Return the same for a wave that is decided now."""
    setting = profile.settings.day_prices
    if not setting.are_used:
        return NOTHING_LATER
    today = business_day(now, board_setting(conn).zone)
    sku_ids = {sku_id for _, sku_id in stocked}
    known = prices_before(conn, today, setting, currency=currency, sku_ids=sku_ids)
    return worth_later(conn, known, profile, stocked=stocked)
