"""The coupons of whoever is about to buy: which of them fit, how much each takes off, and which are chosen."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from loopline import pricing
from loopline.db import Conn
from loopline.kernel.refusals import Refusal
from loopline.pricing.coupons import CouponState, Offer, offers_of_member
from loopline.pricing.coupons.rules import COUPONS_MOST, refusal_of_coupon, refusal_of_together, take_off
from loopline.web.shop.shopper import Shopper

NO_COUPON = "none"
_READ_MOST = 60
_SHOWN_MOST = 12


class CouponRow(msgspec.Struct, frozen=True, kw_only=True):
    """A coupon at the checkout: what it takes off by itself, or why nothing; `asked`: what choosing it says."""

    offer: Offer
    off_minor: int
    why: Refusal | None
    is_chosen: bool
    asked: str


class CouponsShown(msgspec.Struct, frozen=True, kw_only=True):
    """The coupons to choose from, those that fit first and of them the ones that take the most; and those chosen."""

    rows: Sequence[CouponRow] = ()
    chosen: Sequence[Offer] = ()

    @property
    def asked(self) -> str:
        """What the form says of them."""
        return spelt(self.chosen)


def spelt(offers: Sequence[Offer]) -> str:
    """Say coupons as addresses and forms do."""
    return ",".join(one.coupon.secret for one in offers) or NO_COUPON


def codes_of(asked: str) -> tuple[str, ...]:
    """Return the codes that an address or a form names."""
    return tuple(one for one in asked.split(",") if one and one != NO_COUPON)[: COUPONS_MOST + 1]


def take_gifts_along(offers: Sequence[Offer]) -> bool:
    """Tell whether gifts come with what these coupons are used on: a gift is what a promotion gave."""
    return all(one.batch.with_promotions for one in offers)


def coupons_shown(
    conn: Conn,
    quoted: tuple[pricing.Cart, pricing.Quote | Refusal],
    *,
    shopper: Shopper | None,
    asked: str,
    now: datetime,
) -> CouponsShown:
    """Return what a member's coupons do for what is about to be bought; without one, or a price, nothing."""
    cart, quote = quoted
    if shopper is None or isinstance(quote, Refusal):
        return CouponsShown()
    mine = [
        one
        for one in offers_of_member(conn, shopper.member_id, now=now, at_most=_READ_MOST)
        if one.coupon.state is CouponState.FREE and now < one.coupon.valid_until
    ]
    judged = [(one, _off(cart, quote, one, shopper=shopper, now=now)) for one in mine]
    fitting = sorted(
        ((one, off) for one, off in judged if isinstance(off, int)),
        key=lambda pair: (-pair[1], pair[0].coupon.valid_until, pair[0].coupon.id),
    )
    offers = [one for one, _ in fitting]
    chosen = _best(cart, quote, offers) if not asked else _named(asked, offers)
    rows = [
        CouponRow(
            offer=one,
            off_minor=off,
            why=None,
            is_chosen=one in chosen,
            asked=spelt(_toggled(one, chosen)),
        )
        for one, off in fitting
    ]
    rows += [
        CouponRow(offer=one, off_minor=0, why=off, is_chosen=False, asked="")
        for one, off in judged
        if isinstance(off, Refusal)
    ]
    return CouponsShown(rows=rows[:_SHOWN_MOST], chosen=chosen)


def _off(
    cart: pricing.Cart, quote: pricing.Quote, offer: Offer, *, shopper: Shopper, now: datetime
) -> int | Refusal:
    refusal = refusal_of_coupon(offer, member_id=shopper.member_id, at=now)
    after = refusal or take_off(cart, quote, [offer])
    return after if isinstance(after, Refusal) else quote.amount_minor - after.amount_minor


def _best(cart: pricing.Cart, quote: pricing.Quote, offers: Sequence[Offer]) -> Sequence[Offer]:
    """The best coupon by itself, or those that go together, one of a kind and the best first, if they take more."""
    together: list[Offer] = []
    for one in offers:
        if one.batch.with_coupons and refusal_of_together([*together, one]) is None:
            more = take_off(cart, quote, [*together, one])
            together = together if isinstance(more, Refusal) else [*together, one]
    return max((offers[:1], together), key=lambda some: _taken(cart, quote, some))


def _taken(cart: pricing.Cart, quote: pricing.Quote, offers: Sequence[Offer]) -> int:
    after = take_off(cart, quote, offers)
    return 0 if isinstance(after, Refusal) else quote.amount_minor - after.amount_minor


def _named(asked: str, offers: Sequence[Offer]) -> list[Offer]:
    named = set(codes_of(asked))
    chosen = [one for one in offers if one.coupon.secret in named]
    return chosen if refusal_of_together(chosen) is None else chosen[:1]


def _toggled(one: Offer, chosen: Sequence[Offer]) -> list[Offer]:
    """What is chosen once somebody touches a coupon: it is let go, comes on top, or takes the place of the others."""
    if one in chosen:
        return [other for other in chosen if other is not one]
    return [*chosen, one] if refusal_of_together([*chosen, one]) is None else [one]
