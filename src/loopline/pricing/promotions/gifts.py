"""Gifts: what a cart earns, and how their value is dealt over what earned them. Pure; exact to the minor unit.

A gift stands in the cart as a line of its own, marked. It comes last, on what all other promotions have left, and is
the goods of none of them: with it the cart comes to what it came to without. What it costs by the list is taken off
the lines that earned it and off itself together, in the proportion of what each has left, so that every line has its
fair part of what is paid: its revenue, its tax, and what is given back for it.
"""

from collections.abc import Sequence

import msgspec

from loopline.kernel.money import split_by_weight
from loopline.pricing.discounts import Discount
from loopline.pricing.promotions.model import Gift, Promotion
from loopline.pricing.promotions.rules import LineToPromote, discount_of, fits

TIMES_MOST = 100
"""So often at most one promotion gives to one cart."""


class LineLeft(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A line and what other promotions have left of it; `is_gift`: it is one, and has its list price left."""

    line: LineToPromote
    left_minor: int
    is_gift: bool = False


class Unearned(msgspec.Struct, frozen=True, kw_only=True):
    """A gift that the cart has not earned: of which line, and how many it has."""

    place: int
    earned: int


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """Units that a cart has earned and does not hold."""

    promotion: Promotion
    units: int


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What gifts take off each line, and what could still be taken along."""

    discounts: list[tuple[Discount, ...]]
    waiting: tuple[Waiting, ...]


def give(lines: Sequence[LineLeft], promotions: Sequence[Promotion]) -> Given | Unearned:
    """Deal the value of every gift over what earned it and itself; or say which was not earned."""
    left = [one.left_minor for one in lines]
    taken: list[list[Discount]] = [[] for _ in lines]
    giving = [
        (one, one.effect, _places(one, lines))
        for one in sorted(promotions, key=lambda one: (one.code, one.version))
        if isinstance(one.effect, Gift)
    ]
    open_units = [_earned(effect, lines, places) for _, effect, places in giving]
    for place, one in enumerate(lines):
        if not one.is_gift:
            continue
        of_sku = [
            at
            for at, (_, effect, _) in enumerate(giving)
            if effect.sku_id == one.line.sku_id and open_units[at]
        ]
        chosen = next((at for at in of_sku if open_units[at] >= one.line.units), None)
        if chosen is None:
            return Unearned(place=place, earned=max((open_units[at] for at in of_sku), default=0))
        open_units[chosen] -= one.line.units
        promotion, _, places = giving[chosen]
        together = [*places, place]
        offs = split_by_weight(left[place], [left[at] for at in together])
        for at, off in zip(together, offs, strict=True):
            if off:
                left[at] -= off
                taken[at].append(discount_of(promotion, off))
    waiting = tuple(
        Waiting(promotion=one, units=units)
        for (one, _, _), units in zip(giving, open_units, strict=True)
        if units
    )
    return Given(discounts=[tuple(of_line) for of_line in taken], waiting=waiting)


def _places(one: Promotion, lines: Sequence[LineLeft]) -> list[int]:
    """The lines that earn it: bought goods that it is for."""
    return [place for place, of in enumerate(lines) if not of.is_gift and fits(one.conditions, of.line)]


def _earned(effect: Gift, lines: Sequence[LineLeft], places: Sequence[int]) -> int:
    if effect.from_units is not None:
        times = sum(lines[place].line.units for place in places) // effect.from_units
    else:
        times = sum(lines[place].left_minor for place in places) // (effect.from_minor or 1)
    return effect.units * min(times, TIMES_MOST if effect.is_repeated else 1)
