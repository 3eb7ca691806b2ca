"""The coupons that drafts name: found free, taken off their quotes, and kept with the orders that were written.

Orders are placed while others hold stock, so they never wait for a coupon: what a rival is about to take is refused as
held. An ask is refused whole for a coupon that does not fit; a sale that happened stands, and what became of its coupon
is told.
"""

from collections.abc import Sequence
from datetime import datetime

from loopline import pricing
from loopline.db import Conn
from loopline.db.remembered import Marks
from loopline.kernel.events import Event, event
from loopline.kernel.ids import CouponId
from loopline.kernel.refusals import Refusal
from loopline.orders import DraftKind, NewOrder
from loopline.pricing.coupons import (
    Coupon,
    CouponNotTaken,
    CouponsTaken,
    Offer,
    Use,
    lock_free_offers,
    offers_by_code,
    take_coupons,
)
from loopline.pricing.coupons.codes import shown_code
from loopline.pricing.coupons.refusals import CouponHeld, CouponNotRecognised
from loopline.pricing.coupons.rules import (
    known_again,
    refusal_of_together,
    take_off,
    unstated,
)
from loopline.processes.coupons.trying import refusal_of_use
from loopline.processes.place.candidate import Candidate


def find_coupons(conn: Conn, candidates: Sequence[Candidate]) -> None:
    """Find the coupons that drafts name, free and nobody else's; an ask for another is refused, of a fact it is told.

    In the order of the drafts: of two that name the same coupon the first has it.
    """
    asking = [one for one in candidates if one.refusal is None and one.draft.coupons]
    codes = list(dict.fromkeys(code for one in asking for code in one.draft.coupons))
    if not codes:
        return
    free = lock_free_offers(conn, codes)
    others = [code for code in codes if code not in free]
    known = offers_by_code(conn, others) if others else {}
    taken: set[CouponId] = set()
    for one in asking:
        offers: list[Offer] = []
        for code in dict.fromkeys(one.draft.coupons):
            offer = free.get(code)
            refusal = refusal_of_use(
                code, offer, known.get(code), taken, member_id=one.draft.member_id, at=one.draft.placed_at
            )
            if refusal is not None or offer is None:
                _refuse(one, refusal or CouponHeld(coupon=code), known.get(code) or offer)
            else:
                offers.append(offer)
        together = refusal_of_together(offers)
        if together is not None:
            _refuse(one, together, offers[-1])
            offers = []
        one.coupons = () if one.refusal is not None else tuple(offers)
        taken |= {offer.coupon.id for offer in one.coupons}


def _refuse(one: Candidate, refusal: Refusal, offer: Offer | None) -> None:
    """What is asked for is refused whole; what happened stands, and that its coupon could not be used is told."""
    if one.draft.kind is DraftKind.ASK:
        one.refusal = one.refusal or refusal
    else:
        one.coupons_refused = (*one.coupons_refused, (offer.coupon.id if offer else None, refusal))


def take_coupons_off(conn: Conn, priced: Sequence[tuple[Candidate, pricing.Cart]], *, marks: Marks) -> None:
    """Take what coupons give off the quotes of drafts, and refuse asks whose coupon takes nothing off.

    A sale that happened keeps the prices it states; where they are ours less what its one coupon gives, that is why.
    Where they are not, the coupon is not used: what was let off is covered by nothing, and told so.
    """
    facts: list[tuple[Candidate, pricing.Cart]] = []
    for one, cart in priced:
        if not one.coupons or one.quote is None:
            continue
        if cart.is_fact:
            facts.append((one, cart))
            continue
        outcome = take_off(cart, one.quote, one.coupons)
        if isinstance(outcome, Refusal):
            one.refusal = outcome
        else:
            one.quote = outcome
    if not facts:
        return
    ours = pricing.quote(conn, [unstated(cart) for _, cart in facts], marks=marks)
    for (one, cart), quote in zip(facts, ours, strict=True):
        assert one.quote is not None, "only what is priced came here"
        known = None
        if len(one.coupons) == 1 and isinstance(quote, pricing.Quote):
            known = known_again(cart, one.quote, quote, one.coupons[0])
        if known is None:
            # Nobody knows what it was spent on, so that nothing would ever give it back: it stays the customer's.
            for offer in one.coupons:
                _refuse(one, CouponNotRecognised(coupon=shown_code(offer.coupon.secret)), offer)
            one.coupons = ()
        else:
            one.quote = known


def keep_taken(
    conn: Conn, granted: Sequence[Candidate], written: Sequence[NewOrder], *, now: datetime
) -> list[Event]:
    """Let the orders that were written have their coupons; returns what is to be told."""
    uses: list[Use] = []
    told: list[Event] = []
    for one, order in zip(granted, written, strict=True):
        for coupon_id, refusal in one.coupons_refused:
            body = CouponNotTaken(order_id=order.order_id, coupon_id=coupon_id, reason=refusal.code)
            told.append(event(body, subject=order.order_id, at=now))
        if not one.coupons:
            continue
        of_order = [_use(offer.coupon, one, order) for offer in one.coupons]
        uses += of_order
        taken = CouponsTaken(
            order_id=order.order_id,
            coupon_ids=tuple(use.coupon_id for use in of_order),
            off_minor=sum(use.off_minor for use in of_order),
            currency=one.draft.currency,
            is_spent=order.pay_until is None,
        )
        told.append(event(taken, subject=order.order_id, at=now))
    take_coupons(conn, uses, now=now)
    return told


def _use(coupon: Coupon, one: Candidate, order: NewOrder) -> Use:
    assert one.quote is not None, "what is written was priced"
    lines = [
        (line_id, discount.amount_minor)
        for line_id, quoted in zip(one.line_ids, one.quote.lines, strict=True)
        for discount in quoted.derivation.discounts
        if discount.coupon_id == coupon.id
    ]
    return Use(
        coupon_id=coupon.id,
        order_id=order.order_id,
        is_spent=order.pay_until is None,
        order_minor=sum(line.amount_minor for line in order.lines),
        lines=tuple(lines),
    )
