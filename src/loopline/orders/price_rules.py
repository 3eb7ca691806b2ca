"""What a till may sell for less than it costs, and what of it was allowed. Pure.

A price is lower where it is less than a unit costs at the moment of the sale. Is it no less than what the till had
read before, nobody gave anything away. Otherwise it was lowered, from the less of the two: alone within so many per
cent of that and with a reason, beyond that by an approval; what is neither was not allowed.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from loopline.kernel.ids import SiteId, SkuId
from loopline.orders.price_changes import PriceAsk, PriceStanding


class StatedPrice(msgspec.Struct, frozen=True, kw_only=True):
    """What a till states for a unit, beside what that costs at the moment, and cost when the till had read it.

    `read_minor` None: it was read at no other moment, or had no price then.
    """

    unit_minor: int
    now_minor: int
    read_minor: int | None = None
    has_reason: bool = False
    is_approved: bool = False


class Lowered(msgspec.Struct, frozen=True, kw_only=True):
    """A price that is lower: than what, and how that came to be."""

    before_minor: int
    standing: PriceStanding


class SoldSo(msgspec.Struct, frozen=True, kw_only=True):
    """A line that would use an approval: where, what, how many, at which price, when."""

    till_id: UUID
    site_id: SiteId
    sku_id: SkuId
    units: int
    currency: str
    unit_minor: int
    at: datetime


def is_within(before_minor: int, unit_minor: int, *, percent: int) -> bool:
    """Tell whether a price is at most so many per cent lower than another."""
    return (before_minor - unit_minor) * 100 <= percent * before_minor


def lowered(stated: StatedPrice, *, percent: int) -> Lowered | None:
    """Return how a price is lower than it should be; None where it is not. `percent` is what one may give alone."""
    if stated.unit_minor >= stated.now_minor:
        return None
    before = stated.now_minor if stated.read_minor is None else min(stated.now_minor, stated.read_minor)
    if stated.unit_minor >= before:
        return Lowered(before_minor=stated.now_minor, standing=PriceStanding.READ_EARLIER)
    if stated.is_approved:
        standing = PriceStanding.APPROVED
    elif stated.has_reason and is_within(before, stated.unit_minor, percent=percent):
        standing = PriceStanding.ALONE
    else:
        standing = PriceStanding.NOT_ALLOWED
    return Lowered(before_minor=before, standing=standing)


def fits(ask: PriceAsk, sold: SoldSo) -> bool:
    """Tell whether what somebody approved is good for a line: that very thing, there, in time, and not used before."""
    return (
        ask.is_approved is True
        and ask.order_id is None
        and sold.at <= ask.good_until
        and sold.units <= ask.units
        and (ask.till_id, ask.site_id, ask.sku_id) == (sold.till_id, sold.site_id, sold.sku_id)
        and (ask.unit_minor, ask.currency) == (sold.unit_minor, sold.currency)
    )
