"""How much each marketplace is told of: units lent to it, never more in all than there are to sell. Pure.

A marketplace sells what it was told of without asking us, and what we tell it is heard late. So what it may still sell
is a loan: it is out until a sale comes back or the marketplace answers that it gave units up. All loans together, those
on their way included, never exceed what is there less the buffer; what one is to get more of, another gives up first.
Lent in steps, as marketplaces' own increments of stock are: an absolute number that crosses a sale on its way would
sell that unit twice.
"""

from collections.abc import Sequence

import msgspec

from loopline.kernel.money import split_by_weight


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
    others lack them or there is too little for all; they are lent again when they are back.
    """
    can_be_lent = max(0, room - buffer)
    targets = _targets([loan.terms for loan in loans], units=can_be_lent, turn=turn)
    spare = can_be_lent - sum(loan.units for loan in loans)
    lacking = sum(max(0, target - loan.units) for target, loan in zip(targets, loans, strict=True))
    steps: list[Step] = []
    for target, loan in zip(targets, loans, strict=True):
        change = target - loan.units
        if change < 0 and not loan.is_asked_back and spare < lacking:
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
