"""How much each marketplace is told of: units lent to it, never more in all than there are to sell. Pure.

A marketplace sells what it was told of without asking us, and what we tell it is heard late. So what it may still sell
is a loan: it is out until a sale comes back or the marketplace answers that it gave units up. All loans together, those
on their way included, never exceed what is there less the buffer; what one is to get more of, another gives up first.
Lent in steps, as marketplaces' own increments of stock are: an absolute number that crosses a sale on its way would
sell that unit twice.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from loopline.kernel.money import split_by_weight
from loopline.marketplaces.model import (
    Goods,
    GoodsTermsSet,
    Marketplace,
    MarketplaceTerms,
    NewStep,
    Seller,
    Standing,
    SubjectKind,
)

AGAIN_FIRST = timedelta(seconds=2)
AGAIN_MOST = timedelta(minutes=5)
REFUSED_FOR = timedelta(hours=1)
"""How long a marketplace that will not take a SKU is not told of it again."""
_DOUBLINGS_MOST = 10


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What one marketplace may be told of a SKU: its weight among them, and the most units at once (None: no limit)."""

    marketplace: str
    weight: int
    most_units: int | None = None


class Loan(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a SKU that a marketplace may sell as far as we know: told or on their way to it, less sales we heard of.

    `is_asked_back`: it was asked to give units up and has not answered; until then all of them count.
    """

    terms: Terms
    units: int
    is_asked_back: bool = False


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Units to tell a marketplace of in addition, or, negative, to ask back from it."""

    marketplace: str
    units: int


def plan_steps(loans: Sequence[Loan], *, room: int, buffer: int, turn: int) -> list[Step]:
    """Return what to tell whom, so that all loans stay within `room` less `buffer` whatever is heard when.

    `room` is what may be sold in all, loans included. Where there are fewer units than marketplaces, they go by weight
    and, among equals, by `turn`, a number that rises. Units are asked back only from who has too many, and only where
    others lack them or there is too little for all; they are lent again when they are back. Who is to have none (its
    weight is nought) is asked for all of them.
    """
    can_be_lent = max(0, room - buffer)
    targets = _targets([loan.terms for loan in loans], units=can_be_lent, turn=turn)
    spare = can_be_lent - sum(loan.units for loan in loans)
    lacking = sum(max(0, target - loan.units) for target, loan in zip(targets, loans, strict=True))
    steps: list[Step] = []
    for target, loan in zip(targets, loans, strict=True):
        change = target - loan.units
        is_wanted = spare < lacking or not loan.terms.weight
        if change < 0 and not loan.is_asked_back and is_wanted:
            steps.append(Step(marketplace=loan.terms.marketplace, units=change))
        if change > 0 and spare > 0:
            given = min(change, spare)
            spare -= given
            steps.append(Step(marketplace=loan.terms.marketplace, units=given))
    return steps


def _targets(terms: Sequence[Terms], *, units: int, turn: int) -> list[int]:
    """Split units by weight, each no more than its most; what one may not have is split among the others anew."""
    targets = [0] * len(terms)
    if not terms:
        return targets
    places = range(len(terms))
    in_turn = sorted(places, key=lambda place: (place - turn) % len(terms))
    open_places: list[int] = [place for place in in_turn if terms[place].weight]
    left = units
    while open_places:
        parts = split_by_weight(left, [terms[place].weight for place in open_places])
        full = {
            place: most
            for place, part in zip(open_places, parts, strict=True)
            if (most := terms[place].most_units) is not None and part > most
        }
        for place, part in zip(open_places, parts, strict=True):
            targets[place] = full.get(place, part)
        if not full:
            break
        left -= sum(full.values())
        open_places = [place for place in open_places if place not in full]
    return targets


# ---------------------------------------------------------------------------------------- terms, and goods under nodes


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """The terms of one SKU at one marketplace, whoever set them."""

    weight: int
    most_units: int | None
    buffer_units: int


def plan_goods(
    standing: Standing,
    sellers: Sequence[Seller],
    *,
    terms: Mapping[tuple[str, SubjectKind, str], GoodsTermsSet],
    now: datetime,
) -> list[NewStep]:
    """Return what to tell whom of one SKU, so that below every node no more is lent than may be promised there.

    Marketplaces of one node share what is there; those of other nodes are looked at one after the other.
    """
    lent = {one.marketplace.channel: standing.lent(one.marketplace.channel) for one in sellers}
    steps: list[NewStep] = []
    for node_id in sorted({one.node_id for one in sellers}):
        here = [one for one in sellers if one.node_id == node_id]
        others = [one for one in sellers if one.node_id != node_id]
        room = min(
            standing.room.get(above, 0)
            - sum(lent[one.marketplace.channel] for one in others if above in one.path)
            for above in here[0].path
        )
        shares = {one.marketplace.channel: share_of(one.marketplace, standing.goods, terms) for one in here}
        buffers = [share.buffer_units for share in shares.values() if share.weight]
        loans = [_loan(standing, channel, share, room=room, now=now) for channel, share in shares.items()]
        planned = plan_steps(loans, room=room, buffer=min(buffers, default=0), turn=standing.goods.turn)
        for step in (_new_step(standing, one) for one in planned):
            if step.units:
                lent[step.channel] += max(0, step.units)
                steps.append(step)
    return steps


def _loan(standing: Standing, channel: str, share: Share, *, room: int, now: datetime) -> Loan:
    """A marketplace is told of no more than there is less its own buffer; of nothing while it will not take any."""
    row = standing.loans.get(channel)
    is_refused = row is not None and row.refused_until is not None and row.refused_until > now
    most = max(0, room - share.buffer_units)
    return Loan(
        terms=Terms(
            marketplace=channel,
            weight=0 if is_refused else share.weight,
            most_units=most if share.most_units is None else min(most, share.most_units),
        ),
        units=standing.lent(channel),
        is_asked_back=row is not None and (row.asked_back > 0 or row.is_empty),
    )


def _new_step(standing: Standing, step: Step) -> NewStep:
    """What is coming back is not known to be there: it can be left alone, not asked for."""
    row = standing.loans.get(step.marketplace)
    units = max(step.units, -row.units if row else 0)
    return NewStep(channel=step.marketplace, sku_id=standing.goods.sku_id, units=units)


def share_of(
    marketplace: Marketplace, goods: Goods, terms: Mapping[tuple[str, SubjectKind, str], GoodsTermsSet]
) -> Share:
    """Return the terms of a SKU at a marketplace: the SKU's own, else its category's, else those of all goods."""
    channel = marketplace.channel
    own = terms.get((channel, SubjectKind.SKU, goods.code))
    if own is None and goods.category is not None:
        own = terms.get((channel, SubjectKind.CATEGORY, goods.category))
    is_on = marketplace.is_on and goods.is_sold and (own is None or own.is_on)
    weight = marketplace.weight if own is None or own.weight is None else own.weight
    return Share(
        weight=weight if is_on else 0,
        most_units=marketplace.most_units if own is None or own.most_units is None else own.most_units,
        buffer_units=marketplace.buffer_units
        if own is None or own.buffer_units is None
        else own.buffer_units,
    )


def next_try(tries: int, *, now: datetime) -> datetime:
    """When a step is put to its marketplace again that was not answered `tries` times: later and later, without end."""
    return now + min(AGAIN_MOST, AGAIN_FIRST * 2 ** min(tries, _DOUBLINGS_MOST))


def is_test_number(terms: MarketplaceTerms, external_number: str) -> bool:
    """Tell whether the number of an order says that it is a test."""
    return any(prefix and external_number.startswith(prefix) for prefix in terms.test_prefixes)


def penalty_minor(terms: MarketplaceTerms, amount_minor: int) -> int:
    """Return what an order costs that is shipped late: a part of its amount rounded down, within least and most."""
    part = max(terms.late_least_minor, amount_minor * terms.late_basis_points // 10_000)
    return part if terms.late_most_minor is None else min(part, terms.late_most_minor)
