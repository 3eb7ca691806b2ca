"""The points of whoever is about to buy: how many the order could use, what they take off, whether they are used."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from loopline import pricing
from loopline.db import Conn
from loopline.kernel.refusals import Refusal
from loopline.pricing.coupons import Offer
from loopline.pricing.coupons.rules import take_off
from loopline.pricing.points import Programme, accounts_of_members, programme_at
from loopline.pricing.points.rules import most_to_use, worth_of
from loopline.web.shop.shopper import Shopper


class PointsShown(msgspec.Struct, frozen=True, kw_only=True):
    """What a member could use of points; `most`: on this order, taking `off_minor` off; `used`: so many are chosen."""

    programme: Programme
    available: int
    most: int
    off_minor: int
    used: int


def points_shown(  # noqa: PLR0913 - whose, on what, and whether they want to
    conn: Conn,
    quoted: tuple[pricing.Cart, pricing.Quote | Refusal],
    coupons: Sequence[Offer],
    *,
    shopper: Shopper | None,
    is_used: bool,
    now: datetime,
) -> PointsShown | None:
    """Return what a member's points do for what is about to be bought, after coupons; None where there are none."""
    cart, quote = quoted
    if shopper is None or isinstance(quote, Refusal):
        return None
    found = accounts_of_members(conn, [shopper.member_id])
    if not found or not found[0].usable:
        return None
    programme = programme_at(conn, now)
    if programme is None:
        return None
    less = take_off(cart, quote, coupons) if coupons else quote
    most = most_to_use(programme.terms, quote if isinstance(less, Refusal) else less, found[0].available)
    return PointsShown(
        programme=programme,
        available=found[0].available,
        most=most,
        off_minor=worth_of(programme.terms, most),
        used=most if is_used else 0,
    )
