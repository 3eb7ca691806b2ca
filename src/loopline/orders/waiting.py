"""What lines wait for that wait for goods, and until which day: pure.

Goods that are known to come are given out as they will be: those that wait longest first, from what comes first. A line
has a day where all that it waits for is covered; where nothing is known of a part of it, it has none. What was sold
ahead has the day of its pre-order, whatever else is known.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum

import msgspec

from loopline.kernel.ids import LineId, OrderId, SiteId, SkuId


class ParkedFor(StrEnum):
    """Why units wait for goods."""

    NO_GOODS = "no_goods"  # no site that may send them has any
    PRE_ORDER = "pre_order"  # they were sold ahead, before there were any
    MUST_SHIP_FROM = "must_ship_from"  # the sites that they must ship from have none


class DayBasis(StrEnum):
    """What a day is known from."""

    STATED = "stated"  # somebody said that goods come on it
    ON_THE_WAY = "on_the_way"  # they are on their way, and ways like this take so long
    PRE_ORDER = "pre_order"  # the pre-order says so


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A line that waits. `site_ids`: where goods for it may come to; `anywhere`: wherever the brand gets some, too.

    `ships_on`: the day that was promised with it, where it was sold ahead.
    """

    order_id: OrderId
    line_id: LineId
    sku_id: SkuId
    units: int
    site_ids: frozenset[SiteId]
    anywhere: bool
    reason: ParkedFor
    ships_on: date | None = None


class Coming(msgspec.Struct, frozen=True, kw_only=True):
    """Goods that come on a day: so many, or (None) as many as are wanted; to a site, or (None) to the brand."""

    sku_id: SkuId
    day: date
    units: int | None
    site_id: SiteId | None
    basis: DayBasis


class Dated(msgspec.Struct, frozen=True, kw_only=True):
    """Why a line waits and until which day; None: nobody knows of one."""

    order_id: OrderId
    line_id: LineId
    sku_id: SkuId
    reason: ParkedFor
    expected_on: date | None = None
    basis: DayBasis | None = None


def date_lines(waiting: Sequence[Waiting], coming: Sequence[Coming]) -> list[Dated]:
    """Give each line its day: lines in the order in which they will get goods, one outcome each."""
    by_sku: dict[SkuId, list[Coming]] = {}
    for one in sorted(coming, key=_sooner):
        by_sku.setdefault(one.sku_id, []).append(one)
    left: dict[SkuId, list[int | None]] = {
        sku_id: [one.units for one in of_sku] for sku_id, of_sku in by_sku.items()
    }
    return [_dated(line, by_sku.get(line.sku_id, ()), left.get(line.sku_id, [])) for line in waiting]


def _sooner(one: Coming) -> tuple[date, bool, str]:
    """What comes to a site before what comes to nobody knows where, on the same day."""
    return one.day, one.site_id is None, str(one.site_id)


def _dated(line: Waiting, coming: Sequence[Coming], left: list[int | None]) -> Dated:
    missing = line.units
    last: Coming | None = None
    for place, one in enumerate(coming):
        if not missing or not (line.anywhere if one.site_id is None else one.site_id in line.site_ids):
            continue
        has = left[place]
        given = missing if has is None else min(has, missing)
        if given:
            last = one
            missing -= given
            left[place] = None if has is None else has - given
    found = Dated(order_id=line.order_id, line_id=line.line_id, sku_id=line.sku_id, reason=line.reason)
    if line.ships_on is not None:
        return msgspec.structs.replace(found, expected_on=line.ships_on, basis=DayBasis.PRE_ORDER)
    if last is not None and not missing:
        return msgspec.structs.replace(found, expected_on=last.day, basis=last.basis)
    return found


def changed(before: Mapping[LineId, Dated], after: Sequence[Dated]) -> list[Dated]:
    """Return what is other than it stood."""
    return [one for one in after if before.get(one.line_id) != one]
