"""Trying: what coupons would take off a cart, and whether one explains what a sale that happened cost.

Whoever rings up alone, a till, asks this first.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from loopline import pricing
from loopline.db import Conn
from loopline.db.remembered import Marks
from loopline.kernel.ids import CouponId, MemberId
from loopline.kernel.refusals import Refusal
from loopline.pricing import Cart, Quote
from loopline.pricing.coupons import Offer, lock_free_offers, offers_by_code, offers_of_member
from loopline.pricing.coupons.refusals import CouponHeld, CouponNotRecognised, CouponUnknown
from loopline.pricing.coupons.rules import (
    known_again,
    refusal_of_coupon,
    refusal_of_together,
    take_off,
    unstated,
)

_OWN_TRIED_MOST = 20


class SoldWith(msgspec.Struct, frozen=True, kw_only=True):
    """A sale that happened with a coupon: its cart, what it costs as it states its prices, and who bought."""

    cart: Cart
    stated: Quote
    code: str
    member_id: MemberId | None


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


def own_that_fit(conn: Conn, cart: Cart, quote: Quote, *, member_id: MemberId) -> list[tuple[Offer, int]]:
    """Return a member's coupons that would take something off a cart now, each alone, with how much; the most first."""
    found: list[tuple[Offer, int]] = []
    for offer in offers_of_member(conn, member_id, now=cart.at, at_most=_OWN_TRIED_MOST):
        refusal = refusal_of_coupon(offer, member_id=member_id, at=cart.at)
        after = refusal or take_off(cart, quote, [offer])
        if isinstance(after, Quote):
            found.append((offer, quote.amount_minor - after.amount_minor))
    return sorted(found, key=lambda one: (-one[1], one[0].coupon.valid_until, one[0].coupon.id))


def refusals_of_sold(conn: Conn, sold: Sequence[SoldWith], *, marks: Marks) -> list[Refusal | None]:
    """Return of sales why the coupon of each does not explain what it cost; None where it does.

    Keeps free coupons from others to the end of the transaction, and waits for none. Of two sales the first has it.
    """
    if not sold:
        return []
    codes = list(dict.fromkeys(one.code for one in sold))
    free = lock_free_offers(conn, codes)
    others = [code for code in codes if code not in free]
    known = offers_by_code(conn, others) if others else {}
    ours = pricing.quote(conn, [unstated(one.cart) for one in sold], marks=marks)
    taken: set[CouponId] = set()
    found: list[Refusal | None] = []
    for one, quote in zip(sold, ours, strict=True):
        offer = free.get(one.code)
        refusal = refusal_of_use(
            one.code, offer, known.get(one.code), taken, member_id=one.member_id, at=one.cart.at
        )
        if refusal is None and offer is not None:
            is_known = (
                isinstance(quote, Quote) and known_again(one.cart, one.stated, quote, offer) is not None
            )
            refusal = None if is_known else CouponNotRecognised(coupon=one.code)
            taken.add(offer.coupon.id)
        found.append(refusal)
    return found


def refusal_of_use(  # noqa: PLR0913 - a coupon as it stands, and who wants it when
    code: str,
    free: Offer | None,
    known: Offer | None,
    taken: Collection[CouponId],
    *,
    member_id: MemberId | None,
    at: datetime,
) -> Refusal | None:
    """Return why a coupon is not used. `free`: it is kept from others; `taken`: by the orders before in this batch."""
    if free is not None:
        if free.coupon.id in taken:
            return CouponHeld(coupon=code)
        return refusal_of_coupon(free, member_id=member_id, at=at)
    if known is None:
        return CouponUnknown(coupon=code)
    # A rival has it, or had it a moment ago.
    return refusal_of_coupon(known, member_id=member_id, at=at) or CouponHeld(coupon=code)
