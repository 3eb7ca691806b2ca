"""What points are earned, what they take off, which end next and what is deferred for them. Pure.

Points are used in the order in which they end. So which of them are left follows from what a member was given and what
is there still: nothing says which were used. Corrections, and what is taken back of points that were used already, make
the rest fewer, and may make it less than nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from loopline.kernel.ids import uuid7
from loopline.kernel.money import BASIS_POINTS, portion, split_by_weight
from loopline.kernel.refusals import Refusal
from loopline.pricing.coupons.rules import less
from loopline.pricing.discounts import Discount
from loopline.pricing.model import Quote
from loopline.pricing.points.model import Account, Ends, Lot, Move, PointsKind, Programme, Terms
from loopline.pricing.points.refusals import (
    PointsNotEnough,
    PointsNotOffered,
    PointsPayTooLittle,
    PointsPayTooMuch,
    ProgrammeNotUsable,
)
from loopline.pricing.promotions.rules import borne_by

POINTS_MOST = 10**9
MONTHS_MOST = 120
_MINOR_MOST = 10**9
KEPT_AFTER_BACK = timedelta(days=7)
"""How long points can be used that ended while an order had them."""


def problem_of(terms: Terms, *, comment: str) -> Refusal | None:
    """Return what is wrong with what a version says; the first thing found."""
    part = range(BASIS_POINTS + 1)
    sound = {
        "name": terms.name.strip() != "" and terms.name.isprintable() and len(terms.name) <= 100,
        "comment": comment.strip() != "" and comment.isprintable(),
        "currency": len(terms.currency) == 3 and terms.currency.isascii() and terms.currency.isupper(),
        "earn_points": 0 <= terms.earn_points <= POINTS_MOST,
        "earn_minor": 0 < terms.earn_minor <= _MINOR_MOST,
        "channels": all(
            name.strip() != "" and name.isprintable() and 0 <= rate <= 10 * BASIS_POINTS
            for name, rate in terms.channels.items()
        ),
        "months": 0 < terms.months <= MONTHS_MOST,
        "redeem_points": 0 < terms.redeem_points <= POINTS_MOST,
        "redeem_minor": 0 < terms.redeem_minor <= _MINOR_MOST,
        "least_minor": 0 < terms.least_minor <= _MINOR_MOST,
        "most_basis_points": terms.most_basis_points in part,
        "expected_basis_points": terms.expected_basis_points in part,
    }
    wrong = next((field for field, holds in sound.items() if not holds), None)
    return None if wrong is None else ProgrammeNotUsable(field=wrong)


def points_earned(terms: Terms, channel: str, paid_minor: Sequence[int]) -> list[int]:
    """Return the points of an order's lines for what was paid for each: rounded down together, dealt by weight."""
    rate = terms.channels.get(channel, BASIS_POINTS)
    whole = sum(paid_minor) * terms.earn_points * rate // (terms.earn_minor * BASIS_POINTS)
    return split_by_weight(whole, paid_minor) if whole else [0] * len(paid_minor)


def months_after(at: datetime, months: int) -> datetime:
    """Return the same moment so many months later; the last day of a month that is shorter."""
    count = at.year * 12 + at.month - 1 + months
    year, month = divmod(count, 12)
    for day in range(at.day, at.day - 4, -1):
        try:
            return at.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def worth_of(terms: Terms, points: int) -> int:
    """Return what points take off, rounded down."""
    return points * terms.redeem_minor // terms.redeem_points


def cost_of(terms: Terms, off_minor: int) -> int:
    """Return how many points an amount costs, rounded up."""
    return -(-off_minor * terms.redeem_points // terms.redeem_minor)


def _payable(quote: Quote) -> list[int]:
    """What of each line points may pay: of goods at a price of ours."""
    return [
        line.amount_minor if line.list_unit_minor is not None and line.amount_minor > 0 else 0
        for line in quote.lines
    ]


def most_to_use(terms: Terms, quote: Quote, available: int) -> int:
    """Return how many points an order may use at most; 0 where it may use none."""
    if quote.currency != terms.currency:
        return 0
    most = sum(_payable(quote)) * terms.most_basis_points // BASIS_POINTS
    fitting = ((most + 1) * terms.redeem_points - 1) // terms.redeem_minor  # the most that are worth no more
    off = worth_of(terms, min(fitting, max(0, available)))
    return cost_of(terms, off) if off >= terms.least_minor else 0


def use_points(programme: Programme, quote: Quote, points: int, *, available: int) -> Quote | Refusal:
    """Return a quote with what so many points take off it, dealt over its goods; why not, where they cannot.

    No more are used than what they take off costs.
    """
    terms = programme.terms
    if quote.currency != terms.currency:
        return PointsNotOffered()
    if points > available:
        return PointsNotEnough(points=points, available=max(0, available))
    payable, off = _payable(quote), worth_of(terms, points)
    most = sum(payable) * terms.most_basis_points // BASIS_POINTS
    if off > most:
        return PointsPayTooMuch(most_minor=most, currency=terms.currency)
    if off < terms.least_minor:
        return PointsPayTooLittle(least_minor=terms.least_minor, currency=terms.currency)
    offs = split_by_weight(off, payable)
    used = split_by_weight(cost_of(terms, off), offs)
    return less(
        quote,
        [
            [
                Discount(
                    promotion_id=programme.id,
                    amount_minor=minor,
                    borne=borne_by(programme.funders, minor),
                    points=of_line,
                )
            ]
            if minor
            else []
            for minor, of_line in zip(offs, used, strict=True)
        ],
    )


def _left_of(lots: Sequence[Lot], used: int) -> list[tuple[Lot, int]]:
    """Return what is left of lots, in the order in which they end, after so many points of them were used."""
    found: list[tuple[Lot, int]] = []
    for lot in lots:
        left = max(0, lot.points - max(0, used))
        used -= lot.points
        if left:
            found.append((lot, left))
    return found


def _in_order(lots: Sequence[Lot], *, pending: bool) -> list[Lot]:
    return sorted(
        (lot for lot in lots if lot.is_pending is pending), key=lambda lot: (lot.expires_at, lot.id)
    )


def left_to_use(lots: Sequence[Lot], available: int) -> list[tuple[Lot, int]]:
    """Return what is left to use of a member's lots, those that end first, first."""
    usable = _in_order(lots, pending=False)
    return _left_of(usable, sum(lot.points for lot in usable) - available)


def ends_next(lots: Sequence[Lot], available: int) -> Ends | None:
    """Return which points end next, all of one day's moment together."""
    left = left_to_use(lots, available)
    if not left:
        return None
    at = left[0][0].expires_at
    return Ends(at=at, points=sum(points for lot, points in left if lot.expires_at == at))


def over_at(lots: Sequence[Lot], available: int, now: datetime) -> list[tuple[Lot, int]]:
    """Return of which lots points have ended by now that were not used, and how many."""
    return [(lot, points) for lot, points in left_to_use(lots, available) if lot.expires_at <= now]


def to_take_back(lot: Lot, lots: Sequence[Lot], *, kept: int) -> list[tuple[Lot, int]]:
    """Return what goes back of a line's points because only so many of its units are kept: of which lots, how many.

    What ended unused left its lot then, and is not taken once more; what came back after it had ended stands in lots of
    its own (`of_id`), of `lots`, and is taken before what was used.
    """
    later = [one for one in lots if one.of_id == lot.id]
    line = [*sorted(later, key=lambda one: (one.expires_at, one.id), reverse=True), lot]
    missing = sum(one.points for one in line) - portion(lot.whole, kept, lot.units)
    found: list[tuple[Lot, int]] = []
    for one in line:
        taken = min(one.points, missing)
        if taken > 0:
            found.append((one, taken))
            missing -= taken
    return found


def deferred_for(lots: Sequence[Lot], account: Account, programmes: Mapping[UUID, Programme]) -> int:
    """Return what is to be deferred for a member's points, in minor units: what they are worth, times how much of them
    is expected to be used, by the version under which each was given; held ones count, and what is owed does not.

    Rounded half up once, over all of them.
    """
    usable = _in_order(lots, pending=False)
    in_line = [*usable, *_in_order(lots, pending=True)]
    used = sum(lot.points for lot in usable) - account.available - account.held
    by_terms: dict[UUID, int] = {}
    for lot, left in _left_of(in_line, used):
        by_terms[lot.programme_id] = by_terms.get(lot.programme_id, 0) + left
    # Parts of a minor unit are carried over one denominator, so that no order of adding matters.
    numerator, denominator = 0, 1
    for programme_id in sorted(by_terms):
        terms = programmes[programme_id].terms
        worth = by_terms[programme_id] * terms.redeem_minor * terms.expected_basis_points
        of = terms.redeem_points * BASIS_POINTS
        numerator, denominator = numerator * of + worth * denominator, denominator * of
    return (2 * numerator + denominator) // (2 * denominator)


def keep_for_a_while(
    move: Move, lots: Sequence[Lot], *, available: int, programme_id: UUID, now: datetime
) -> tuple[list[Move], list[Lot]]:
    """Return a move of what an order uses, and what else moves with it, with the lots that changes.

    What it gives back of lots that have ended meanwhile ends there, and can be used for a week more.
    """
    if move.available <= 0:
        return [move], []
    before = {lot.id: points for lot, points in over_at(lots, available, now)}
    moves, changed = [move], list[Lot]()
    for lot, over in over_at(lots, available + move.available, now):
        late = over - before.get(lot.id, 0)
        if not late:
            continue
        fresh = Lot(
            id=uuid7(now),
            member_id=move.member_id,
            programme_id=programme_id,
            of_id=lot.of_id or lot.id,
            whole=late,
            points=late,
            is_pending=False,
            due_at=now,
            expires_at=now + KEPT_AFTER_BACK,
        )
        # What ends and what lives on is the member's: of the order all of it is given back once.
        of_lot = msgspec.structs.replace(move, available=late, held=0, order_id=None)
        moves += [
            msgspec.structs.replace(
                of_lot,
                key=f"{move.key}:ended:{lot.id}",
                kind=PointsKind.EXPIRED,
                available=-late,
                lot_id=lot.id,
            ),
            msgspec.structs.replace(of_lot, key=f"{move.key}:late:{lot.id}", lot_id=fresh.id),
        ]
        changed += [msgspec.structs.replace(lot, points=lot.points - late), fresh]
    return moves, changed
