"""Trying: what coupons would take off a cart, by their codes. Whoever rings up alone, a till, asks this first."""

from collections.abc import Sequence

from loopline.db import Conn
from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal
from loopline.pricing import Cart, Quote
from loopline.pricing.coupons import offers_by_code
from loopline.pricing.coupons.refusals import CouponUnknown
from loopline.pricing.coupons.rules import refusal_of_coupon, refusal_of_together, take_off


def try_coupons(
    conn: Conn, cart: Cart, quote: Quote, codes: Sequence[str], *, member_id: MemberId | None
) -> Quote | Refusal:
    """Return a quote less what coupons take off it, or why the first that does not fit does not. Holds nothing.

    A sale that then happens names the coupon and states prices that come to this total, dealt over the goods it takes
    something off in whatever way: the coupon is spent with it, and its discount is known again by the total.
    """
    known = offers_by_code(conn, codes)
    for code in codes:
        if code not in known:
            return CouponUnknown(coupon=code)
    offers = [known[code] for code in dict.fromkeys(codes)]
    refusals = (refusal_of_coupon(one, member_id=member_id, at=cart.at) for one in offers)
    refusal = next((one for one in refusals if one is not None), None) or refusal_of_together(offers)
    return refusal or take_off(cart, quote, offers)
