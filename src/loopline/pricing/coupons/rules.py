"""Which coupons a cart takes and what they take off, who gets one, and how long one that comes back lasts. Pure.

Coupons come after promotions. Those that take a percentage come first, then those that take an amount, each by the code
of its batch and its own id; each looks at what the ones before have left. What has to be spent is measured before any
of them, so that whether a coupon fits never depends on another. What one takes off is dealt over the lines it is for by
largest remainder, and borne by its batch's funders. Gifts are no coupon's goods: with them a cart comes to what it came
to without, less the same; only a coupon that does not go with promotions stays away from what earned one.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from loopline.kernel.ids import CouponBatchId, MemberId
from loopline.kernel.money import BASIS_POINTS, portion, split_by_weight, tax_within
from loopline.kernel.refusals import Refusal
from loopline.pricing.coupons.codes import shown_code
from loopline.pricing.coupons.model import (
    Batch,
    BatchState,
    Coupon,
    CouponState,
    Gift,
    OffAmount,
    Offer,
    OffPercentage,
)
from loopline.pricing.coupons.refusals import (
    BatchNotPublished,
    BatchOver,
    BatchStopped,
    BatchUsedUp,
    CouponExpired,
    CouponHeld,
    CouponNotClaimed,
    CouponNotWithOthers,
    CouponNotWithPromotions,
    CouponNotYetValid,
    CouponNotYours,
    CouponOtherChannel,
    CouponOtherCurrency,
    CouponOtherGoods,
    CouponOtherPlace,
    CouponsOfOneBatch,
    CouponSpendMore,
    CouponSpent,
    CouponTakesNothing,
    PersonHasEnough,
    TooManyCoupons,
)
from loopline.pricing.discounts import Discount
from loopline.pricing.model import Cart, CartLine, Quote, QuoteLine
from loopline.pricing.promotions.rules import LineToPromote, borne_by, fits
from loopline.pricing.rules import is_told_whole

COUPONS_MOST = 3
"""So many coupons one order takes."""
KEPT_AFTER_BACK_MOST = timedelta(days=7)


def refusal_of_coupon(offer: Offer, *, member_id: MemberId | None, at: datetime) -> Refusal | None:
    """Return why somebody cannot use a coupon just now, whatever they buy."""
    coupon, named = offer.coupon, shown_code(offer.coupon.secret)
    if coupon.member_id is not None and coupon.member_id != member_id:
        return CouponNotYours(coupon=named)
    if coupon.state is CouponState.HELD:
        return CouponHeld(coupon=named)
    if coupon.state is CouponState.SPENT:
        return CouponSpent(coupon=named)
    if coupon.member_id is None and member_id is not None:
        return CouponNotClaimed(coupon=named)
    if at < coupon.valid_from:
        return CouponNotYetValid(coupon=named, valid_from=coupon.valid_from)
    return CouponExpired(coupon=named, valid_until=coupon.valid_until) if at >= coupon.valid_until else None


def _refusal_of_place(offer: Offer, cart: Cart) -> Refusal | None:
    asked, named = offer.batch.conditions, shown_code(offer.coupon.secret)
    if offer.batch.currency != cart.currency:
        return CouponOtherCurrency(coupon=named, currency=offer.batch.currency)
    if asked.channels and cart.channel not in asked.channels:
        return CouponOtherChannel(coupon=named)
    is_there = asked.site_id in {None, cart.site_id}
    if not is_there or (asked.org_unit_id is not None and asked.org_unit_id not in cart.org_units):
        return CouponOtherPlace(coupon=named)
    return None


def refusal_of_together(offers: Sequence[Offer]) -> Refusal | None:
    """Return why coupons cannot be used on one order together."""
    if len(offers) > COUPONS_MOST:
        return TooManyCoupons(most=COUPONS_MOST)
    seen: set[CouponBatchId] = set()
    for one in offers:
        named = shown_code(one.coupon.secret)
        if len(offers) > 1 and not one.batch.with_coupons:
            return CouponNotWithOthers(coupon=named)
        if one.batch.id in seen:
            return CouponsOfOneBatch(coupon=named)
        seen.add(one.batch.id)
    return None


def _in_order(offers: Sequence[Offer]) -> list[Offer]:
    return sorted(
        offers, key=lambda one: (isinstance(one.batch.effect, OffAmount), one.batch.code, one.coupon.id)
    )


def take_off(cart: Cart, quote: Quote, offers: Sequence[Offer]) -> Quote | Refusal:
    """Take what coupons give off a quote, or say of the first that does not fit why not.

    Whether they may be used at all, and together, was decided before. From stated prices nothing is taken. Goods that
    earned a gift count for what they came to without it: what is taken off them is dealt over them and the gift.
    """
    gifts = _gifts(quote)
    left = [
        line.amount_minor if _is_ours(asked, line) else 0
        for asked, line in zip(cart.lines, quote.lines, strict=True)
    ]
    with_gifts = [
        {} if line.derivation.is_gift or not left[place] else _dealt(line, gifts)
        for place, line in enumerate(quote.lines)
    ]
    before = [
        0 if line.derivation.is_gift else left[place] + sum(with_gifts[place].values())
        for place, line in enumerate(quote.lines)
    ]
    counts = list(before)
    taken: list[list[Discount]] = [[] for _ in left]
    for offer in _in_order(offers):
        places = _places(offer, cart, quote, before)
        if isinstance(places, Refusal):
            return places
        offs = _offs(offer, [counts[place] for place in places])
        if not any(offs):
            return CouponTakesNothing(coupon=shown_code(offer.coupon.secret))
        off_lines = [0] * len(left)
        for place, off in zip(places, offs, strict=True):
            counts[place] -= off
            for of_line, minor in _deal(off, place, with_gifts[place], gifts, left):
                off_lines[of_line] += minor
        for place, off in enumerate(off_lines):
            if off:
                taken[place].append(discount_of(offer, off))
    return less(quote, taken)


def _gifts(quote: Quote) -> dict[UUID, list[int]]:
    """The lines that were given, by the promotion that gave them: no other takes anything off them."""
    found: dict[UUID, list[int]] = {}
    for place, line in enumerate(quote.lines):
        for promotion_id in {one.promotion_id for one in line.derivation.discounts}:
            if line.derivation.is_gift:
                found.setdefault(promotion_id, []).append(place)
    return found


def _dealt(line: QuoteLine, gifts: Mapping[UUID, Sequence[int]]) -> dict[UUID, int]:
    """What of the value of gifts was dealt to a line that earned them: so much less it comes to than without."""
    found: dict[UUID, int] = {}
    for one in line.derivation.discounts:
        if one.promotion_id in gifts:
            found[one.promotion_id] = found.get(one.promotion_id, 0) + one.amount_minor
    return found


def _deal(
    off: int, place: int, dealt: dict[UUID, int], gifts: Mapping[UUID, Sequence[int]], left: list[int]
) -> Iterator[tuple[int, int]]:
    """Deal what is taken off one line over it and its part of the gifts it earned: no more than each has left."""
    promotion_ids = list(dealt)
    own, *parts = split_by_weight(off, [left[place], *(dealt[one] for one in promotion_ids)])
    left[place] -= own
    yield place, own
    for promotion_id, part in zip(promotion_ids, parts, strict=True):
        dealt[promotion_id] -= part
        still = part
        for given in gifts[promotion_id]:
            of_gift = min(still, left[given])
            left[given] -= of_gift
            still -= of_gift
            yield given, of_gift


def _is_ours(asked: CartLine, line: QuoteLine) -> bool:
    """Tell whether a line is of goods at a price of ours."""
    return (
        asked.sku_id is not None
        and asked.units > 0
        and asked.stated_unit_minor is None
        and line.list_unit_minor is not None
        and line.amount_minor > 0
    )


def _places(offer: Offer, cart: Cart, quote: Quote, before: Sequence[int]) -> list[int] | Refusal:
    """Return the lines that a coupon takes something off, by where they stand."""
    batch, named = offer.batch, shown_code(offer.coupon.secret)
    elsewhere = _refusal_of_place(offer, cart)
    if elsewhere is not None:
        return elsewhere
    fitting = [
        place
        for place, line in enumerate(cart.lines)
        if line.sku_id is not None
        and not quote.lines[place].derivation.is_gift
        and fits(batch.conditions, _seen(line, before[place]))
    ]
    places = [place for place in fitting if before[place] > 0]
    if not fitting:
        return CouponOtherGoods(coupon=named)
    if not batch.with_promotions:
        places = [place for place in places if not quote.lines[place].derivation.discounts]
        if not places:
            return CouponNotWithPromotions(coupon=named)
    spent = sum(before[place] for place in places)
    if spent < batch.least_minor:
        return CouponSpendMore(
            coupon=named,
            least_minor=batch.least_minor,
            missing_minor=batch.least_minor - spent,
            currency=batch.currency,
        )
    return places


def _seen(line: CartLine, amount_minor: int) -> LineToPromote:
    assert line.sku_id is not None, "coupons look at goods alone"
    return LineToPromote(
        sku_id=line.sku_id,
        units=line.units,
        amount_minor=amount_minor,
        product_id=line.product_id,
        category=line.category,
    )


def _offs(offer: Offer, left: Sequence[int]) -> list[int]:
    whole = sum(left)
    match offer.batch.effect:
        case OffAmount(amount_minor=amount):
            off = min(amount, whole)
        case OffPercentage(basis_points=points, most_minor=most):
            off = portion(whole, points, BASIS_POINTS)
            off = off if most is None else min(off, most)
    return split_by_weight(off, left)


def discount_of(offer: Offer, off: int) -> Discount:
    """Return what a coupon takes off one line, with who bears it."""
    return Discount(
        promotion_id=offer.batch.id,
        amount_minor=off,
        borne=borne_by(offer.batch.funders, off),
        coupon_id=offer.coupon.id,
    )


def less(quote: Quote, taken: Sequence[Sequence[Discount]]) -> Quote:
    """Return a quote with more taken off its lines: amounts, the tax in them and totals follow."""
    lines = [
        _less(line, discounts) if discounts else line
        for line, discounts in zip(quote.lines, taken, strict=True)
    ]
    return msgspec.structs.replace(
        quote,
        lines=tuple(lines),
        amount_minor=sum(line.amount_minor for line in lines),
        tax_minor=sum(line.tax_minor for line in lines),
        derivation=msgspec.structs.replace(quote.derivation, lines=tuple(line.derivation for line in lines)),
    )


def _less(line: QuoteLine, discounts: Sequence[Discount]) -> QuoteLine:
    assert line.list_unit_minor is not None, "what has no price of ours is let alone"
    before = line.amount_minor + line.discount_minor
    units = before // line.list_unit_minor
    amount_minor = line.amount_minor - sum(one.amount_minor for one in discounts)
    return msgspec.structs.replace(
        line,
        unit_minor=amount_minor // units,
        amount_minor=amount_minor,
        tax_minor=tax_within(amount_minor, line.tax_rate_basis_points),
        derivation=msgspec.structs.replace(
            line.derivation, discounts=(*line.derivation.discounts, *discounts)
        ),
    )


def known_again(cart: Cart, stated: Quote, ours: Quote, offer: Offer) -> Quote | None:
    """Return the quote of a sale that happened with what its coupon took off, where its stated prices say just that.

    `ours` is the quote of the same goods without stated prices. A till deals the whole over its lines as it likes; None
    where the lines do not come to it, or one costs more than without the coupon.
    """
    expected = take_off(unstated(cart), ours, [offer])
    if isinstance(expected, Refusal):
        return None
    taken: list[list[Discount]] = []
    for line, told, would in zip(ours.lines, stated.lines, expected.lines, strict=True):
        off = line.amount_minor - told.amount_minor
        if off < 0 or (off and would.amount_minor == line.amount_minor):
            return None
        taken.append([discount_of(offer, off)] if off else [])
    return less(ours, taken) if ours.amount_minor - stated.amount_minor == _off(ours, expected) else None


def unstated(cart: Cart) -> Cart:
    """Return a cart with its goods at our prices; what is no goods has none of ours.

    Where a till was told what lines come to as one cart, it is one cart at our prices, too: what else it states then
    is a price that somebody typed, and stays.
    """
    is_whole = is_told_whole(cart)
    lines = [
        line
        if line.sku_id is None or (is_whole and line.stated_amount_minor is None)
        else msgspec.structs.replace(line, stated_unit_minor=None, stated_amount_minor=None)
        for line in cart.lines
    ]
    return msgspec.structs.replace(cart, lines=tuple(lines), by_piece=cart.by_piece and not is_whole)


def _off(before: Quote, after: Quote) -> int:
    return before.amount_minor - after.amount_minor


def decide_gifts(
    gifts: Sequence[Gift],
    *,
    batches: Mapping[CouponBatchId, Batch],
    held: Mapping[tuple[CouponBatchId, MemberId], int],
    now: datetime,
) -> list[Refusal | None]:
    """Return why each gift cannot be made, in the order asked; None where it can. `held`: how many members have."""
    given = {key: one.given for key, one in batches.items()}
    has = dict(held)
    outcomes: list[Refusal | None] = []
    for gift in gifts:
        batch = batches[gift.batch_id]
        key = (batch.id, gift.member_id) if gift.member_id is not None else None
        refusal = refusal_to_give(batch, now=now)
        if refusal is None and given[batch.id] >= batch.total:
            refusal = BatchUsedUp(value=batch.code, total=batch.total)
        if refusal is None and key is not None:
            refusal = refusal_of_person(batch, has.get(key, 0))
        outcomes.append(refusal)
        if refusal is None:
            given[batch.id] += 1
            if key is not None:
                has[key] = has.get(key, 0) + 1
    return outcomes


def refusal_of_person(batch: Batch, has: int) -> Refusal | None:
    """Return why somebody who has so many coupons of a batch gets no other."""
    if batch.per_person is not None and has >= batch.per_person:
        return PersonHasEnough(value=batch.code, per_person=batch.per_person)
    return None


def refusal_to_give(batch: Batch, *, now: datetime) -> Refusal | None:
    """Return why nobody gets a coupon of a batch just now."""
    if batch.state is BatchState.DRAFT:
        return BatchNotPublished(value=batch.code)
    if batch.state is BatchState.STOPPED:
        return BatchStopped(value=batch.code)
    if batch.valid_until is not None and batch.valid_until <= now:
        return BatchOver(value=batch.code)
    return None


def time_of_coupon(batch: Batch, *, now: datetime) -> tuple[datetime, datetime]:
    """Return from when until when a coupon given now can be used, half-open."""
    since = max(now, batch.valid_from or now)
    ends = [since + timedelta(days=batch.days)] if batch.days is not None else []
    ends += [batch.valid_until] if batch.valid_until is not None else []
    assert ends, "a batch says until when its coupons can be used"
    return since, min(ends)


def lasts_until(coupon: Coupon, *, back_at: datetime) -> datetime:
    """Return until when a coupon that comes back can be used: the time it had left when it was taken, a week at most.

    Never less long than it could have been used had nobody taken it.
    """
    assert coupon.taken_at is not None, "what comes back was taken"
    left = max(coupon.valid_until - coupon.taken_at, timedelta())
    return max(coupon.valid_until, back_at + min(left, KEPT_AFTER_BACK_MOST))
